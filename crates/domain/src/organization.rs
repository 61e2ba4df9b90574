//! The tenant: an organization that holds members, events and issues.

use crate::{
    id::OrganizationId,
    text::{OrganizationName, Slug},
    time::{Instant, zone::Zone},
};

/// An organization. Nothing of one organization is ever visible to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its identity.
    pub id: OrganizationId,
    /// Its name in credentials and addresses, unique on the platform; it never changes.
    pub slug: Slug,
    /// Its name for people.
    pub name: OrganizationName,
    /// The zone that new events get when they name none.
    pub time_zone: Zone,
    /// When it was created.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}
