use std::sync::Arc;

use convene_domain::organization;
use juniper::{ID, graphql_object};

use super::{NodeValue, mirror::mirror_enum, numbers::int};
use crate::graphql::{
    context::Context,
    scalars::{DateTime, TimeZone},
};

mirror_enum! {
    /// The status of an organization.
    OrganizationStatus = organization::OrganizationStatus {
        /// Its members have access.
        Active,
        /// Nobody but the platform's operator has access. Nothing is lost.
        Suspended,
    }
}

/// An organization. It owns all other data.
#[derive(Clone, Debug)]
pub struct Organization(Arc<organization::Organization>);

impl From<organization::Organization> for Organization {
    fn from(organization: organization::Organization) -> Self {
        Self(Arc::new(organization))
    }
}

/// An organization. It owns all other data.
#[graphql_object]
#[graphql(impl = NodeValue, context = Context)]
impl Organization {
    /// The id of the organization.
    pub(super) fn id(&self) -> ID {
        ID::from(self.0.id.to_string())
    }

    /// The name in credentials and addresses; it never changes.
    fn slug(&self) -> &str {
        self.0.slug.as_str()
    }

    /// The display name.
    fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// The default time zone of new events.
    fn time_zone(&self) -> TimeZone {
        self.0.time_zone.into()
    }

    /// The status. Members of a suspended organization have no access, so they see ACTIVE only.
    fn status(&self) -> OrganizationStatus {
        self.0.status.into()
    }

    /// The version, which starts at 1 and grows with each change.
    fn version(&self) -> i32 {
        int(self.0.version)
    }

    /// The time of creation.
    fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// The time of the last change.
    fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }
}
