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

/// A filter of registrations; `None` does not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RegistrationFilter {
    /// One of these statuses.
    pub statuses: Option<Vec<RegistrationStatusKind>>,
    /// Ends after this time.
    pub from: Option<Instant>,
    /// Begins before this time.
    pub to: Option<Instant>,
    /// The occurrence that has this key or had it before an edit, also under its other former keys.
    pub occurrence: Option<OccurrenceKey>,
    pub member: Option<MemberId>,
}

/// The position of a registration in lists: its start, then its id.
pub type RegistrationPosition = (Instant, RegistrationId);

/// Reads registrations.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Registrations: Send + Sync {
    /// Returns the registrations with these ids, in any order.
    async fn get_many(&self, scope: &TenantScope, ids: &[RegistrationId])
    -> Result<Vec<Registration>, Fault>;

    /// Returns the registrations that pass the filter, by start, then id.
    async fn list(
        &self,
        scope: &TenantScope,
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
    ) -> Result<Page<Registration>, Fault>;

    /// Returns a page of the registrations that pass the filter for each of these occurrences, by start, then id. An
    /// occurrence without any may be missing. `filter.occurrence` is not used.
    ///
    /// An adapter reads its storage a constant number of times, for any number of occurrences.
    async fn list_by_occurrence(
        &self,
        scope: &TenantScope,
        occurrences: &[OccurrenceKey],
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
    ) -> Result<HashMap<OccurrenceKey, Page<Registration>>, Fault>;

    /// Returns the member's active registrations for these occurrences, at most one for each.
    async fn active_of(
        &self,
        scope: &TenantScope,
        member: MemberId,
        occurrences: &[OccurrenceKey],
    ) -> Result<Vec<Registration>, Fault>;

    /// Returns the waitlist positions of those registrations that are waitlisted; 1 is next.
    async fn waitlist_positions(
        &self,
        scope: &TenantScope,
        ids: &[RegistrationId],
    ) -> Result<HashMap<RegistrationId, u32>, Fault>;
}
