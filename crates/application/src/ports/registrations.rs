use std::collections::HashMap;

use async_trait::async_trait;
use convene_domain::{
    id::{MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    registration::{Registration, RegistrationStatusKind},
    time::Instant,
};

use crate::{
    caller::TenantScope,
    failure::Fault,
    page::{Page, PageRequest},
};

/// Which registrations are wanted; `None` asks nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistrationFilter {
    /// Those of these statuses.
    pub statuses: Option<Vec<RegistrationStatusKind>>,
    /// Those that end after this moment.
    pub from: Option<Instant>,
    /// Those that begin before this moment.
    pub to: Option<Instant>,
    /// Those for this occurrence.
    pub occurrence: Option<OccurrenceKey>,
    /// Those of this member.
    pub member: Option<MemberId>,
}

/// What lists of registrations are sorted by: start, then id.
pub type RegistrationPosition = (Instant, RegistrationId);

/// Reads registrations.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Registrations: Send + Sync {
    /// The registrations with these ids, in any order.
    async fn get_many(&self, scope: &TenantScope, ids: &[RegistrationId])
    -> Result<Vec<Registration>, Fault>;

    /// The registrations that pass the filter, by start, then id.
    async fn list(
        &self,
        scope: &TenantScope,
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
    ) -> Result<Page<Registration>, Fault>;

    /// The member's active registrations for these occurrences, at most one each.
    async fn active_of(
        &self,
        scope: &TenantScope,
        member: MemberId,
        occurrences: &[OccurrenceKey],
    ) -> Result<Vec<Registration>, Fault>;

    /// The positions of those of these registrations that wait: 1 is next.
    async fn waitlist_positions(
        &self,
        scope: &TenantScope,
        ids: &[RegistrationId],
    ) -> Result<HashMap<RegistrationId, u32>, Fault>;
}
