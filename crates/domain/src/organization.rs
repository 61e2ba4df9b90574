//! Organizations, the tenants of the platform.

use crate::{
    id::OrganizationId,
    names::names,
    text::{OrganizationName, Slug},
    time::{Instant, zone::Zone},
};

names! {
    /// The status of an organization.
    #[derive(Default)]
    pub enum OrganizationStatus {
        /// Its members have access.
        #[default]
        Active => "ACTIVE",
        /// Nobody but the platform's operator has access. Its data stay as they are.
        Suspended => "SUSPENDED",
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
