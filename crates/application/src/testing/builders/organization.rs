use convene_domain::{
    id::OrganizationId,
    organization::{Organization, OrganizationStatus},
    text::{OrganizationName, Slug},
    time::zone::Zone,
};

use super::fresh_uuid;
use crate::testing::FixedClock;

/// Builds organizations in the zone `Europe/Paris`.
#[derive(Debug, Clone)]
pub struct OrganizationBuilder(Organization);

impl OrganizationBuilder {
    /// An organization with a new id.
    ///
    /// # Panics
    /// If the text is not a slug.
    #[must_use]
    pub fn new(slug: &str) -> Self {
        Self(Organization {
            id: OrganizationId::from_uuid(fresh_uuid()),
            slug: Slug::parse(slug).expect("a slug"),
            name: OrganizationName::parse(slug).expect("an organization's name"),
            time_zone: Zone::parse("Europe/Paris").expect("a time zone"),
            status: OrganizationStatus::Active,
            version: 1,
            created_at: FixedClock::START,
            updated_at: FixedClock::START,
        })
    }

    /// Sets the name.
    ///
    /// # Panics
    /// If the text is not an organization's name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.0.name = OrganizationName::parse(name).expect("an organization's name");
        self
    }

    /// Sets the time zone.
    ///
    /// # Panics
    /// If the name is not a time zone.
    #[must_use]
    pub fn zone(mut self, zone: &str) -> Self {
        self.0.time_zone = Zone::parse(zone).expect("a time zone");
        self
    }

    /// The organization.
    #[must_use]
    pub fn build(self) -> Organization {
        self.0
    }
}
