use std::collections::HashMap;

use async_trait::async_trait;
use convene_domain::{
    id::{EventId, MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    registration::{Registration, RegistrationStatusKind},
    time::Instant,
};

use crate::{
    caller::TenantScope,
    failure::Fault,
    page::{BoundedPage, PageRequest, any_order},
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
    /// The event of the occurrence. A cancelled registration keeps the event that it recorded.
    pub event: Option<EventId>,
    pub member: Option<MemberId>,
}

/// The field by which a list of registrations is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RegistrationOrderField {
    /// The start of the occurrence.
    #[default]
    StartsAt,
    CreatedAt,
}

/// The position of a registration in lists, for each order: the time, then the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegistrationPosition {
    StartsAt(Instant, RegistrationId),
    CreatedAt(Instant, RegistrationId),
}

any_order!(RegistrationPosition, by RegistrationOrderField);

/// A page of registrations.
pub type RegistrationPage = BoundedPage<Registration, RegistrationPosition>;

impl RegistrationPosition {
    /// The position of a registration in the list that is sorted by this field.
    #[must_use]
    pub const fn of(registration: &Registration, field: RegistrationOrderField) -> Self {
        match field {
            RegistrationOrderField::StartsAt => {
                Self::StartsAt(registration.interval.start(), registration.id)
            }
            RegistrationOrderField::CreatedAt => Self::CreatedAt(registration.created_at, registration.id),
        }
    }
}

/// Reads registrations.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Registrations: Send + Sync {
    /// Returns the registrations with these ids, in any order.
    async fn get_many(&self, scope: &TenantScope, ids: &[RegistrationId])
    -> Result<Vec<Registration>, Fault>;

    /// Returns the registrations that pass the filter, in the order of the page.
    async fn list(
        &self,
        scope: &TenantScope,
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
    ) -> Result<RegistrationPage, Fault>;

    /// Returns the number of registrations that pass the filter, up to [`COUNTED`](crate::limits::COUNTED); `None` beyond, and
    /// if the adapter would have to compare too many.
    async fn count(&self, scope: &TenantScope, filter: RegistrationFilter) -> Result<Option<u32>, Fault>;

    /// Returns a page of the registrations that pass the filter for each of these occurrences, by start. An
    /// occurrence without any may be missing. `filter.occurrence` is not used. Of each list, an adapter compares at most
    /// `examined` registrations with conditions that no index answers.
    ///
    /// An adapter reads its storage a constant number of times for some hundred occurrences.
    async fn list_by_occurrence(
        &self,
        scope: &TenantScope,
        occurrences: &[OccurrenceKey],
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
        examined: usize,
    ) -> Result<HashMap<OccurrenceKey, RegistrationPage>, Fault>;

    /// Does for events what [`list_by_occurrence`](Self::list_by_occurrence) does for occurrences. `filter.event` is not used.
    async fn list_by_event(
        &self,
        scope: &TenantScope,
        events: &[EventId],
        filter: RegistrationFilter,
        page: PageRequest<RegistrationPosition>,
        examined: usize,
    ) -> Result<HashMap<EventId, RegistrationPage>, Fault>;

    /// Returns the number of registrations that pass the filter for each of these occurrences, up to
    /// [`COUNTED`](crate::limits::COUNTED); `None` beyond, and if the adapter would have to compare more than `examined`.
    /// `filter.occurrence` is not used.
    ///
    /// An adapter reads its storage a constant number of times for some hundred occurrences.
    async fn count_by_occurrence(
        &self,
        scope: &TenantScope,
        occurrences: &[OccurrenceKey],
        filter: RegistrationFilter,
        examined: usize,
    ) -> Result<HashMap<OccurrenceKey, Option<u32>>, Fault>;

    /// Does for events what [`count_by_occurrence`](Self::count_by_occurrence) does for occurrences. `filter.event` is not
    /// used.
    async fn count_by_event(
        &self,
        scope: &TenantScope,
        events: &[EventId],
        filter: RegistrationFilter,
        examined: usize,
    ) -> Result<HashMap<EventId, Option<u32>>, Fault>;

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
