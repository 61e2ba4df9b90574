//! Organizations, the tenants of the platform.

use crate::{
    id::OrganizationId,
    text::{OrganizationName, Slug},
    time::{Instant, zone::Zone},
};

/// The status of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OrganizationStatus {
    /// Its members have access.
    #[default]
    Active,
    /// Nobody but the platform's operator has access. Its data stay as they are.
    Suspended,
}

impl OrganizationStatus {
    /// The status' name in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
        }
    }

    /// Parses the result of [`as_str`](Self::as_str).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Suspended].into_iter().find(|status| status.as_str() == text)
    }
}

/// An organization. Its data are invisible to every other organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// The organization's id.
    pub id: OrganizationId,
    /// The unique, immutable name in credentials and addresses.
    pub slug: Slug,
    /// The display name.
    pub name: OrganizationName,
    /// The default zone of new events.
    pub time_zone: Zone,
    /// The status.
    pub status: OrganizationStatus,
    /// The number of changes, from 1. A change of an outdated version is refused.
    pub version: u32,
    /// The creation time.
    pub created_at: Instant,
    /// The time of the last change.
    pub updated_at: Instant,
}
