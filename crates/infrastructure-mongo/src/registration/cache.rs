use std::{sync::Arc, time::Duration};

use convene_application::caller::TenantScope;
use convene_domain::{
    occurrence::{OccurrenceKey, RegistrationState},
    time::Instant,
};
use moka::sync::Cache;

use crate::documents::occurrence::OccurrenceDocument;

/// The number of occurrences in the cache, which take some 10 MB.
const MAX_OCCURRENCES: u64 = 10_000;

/// The time after which an unused occurrence is dropped. That of a deleted organization is never used again.
const UNUSED: Duration = Duration::from_secs(3_600);

/// Occurrences as this process's transactions left them.
///
/// An entry may be stale, so it only ever saves a read: a transaction that uses it verifies before the commit that it was
/// current, and refuses no request because of it. See ADR 8.
#[derive(Debug, Clone)]
pub(super) struct OccurrenceCache(Cache<OccurrenceKey, Arc<OccurrenceDocument>>);

impl OccurrenceCache {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(MAX_OCCURRENCES).time_to_idle(UNUSED).build())
    }

    /// The organization's occurrence, if it is cached with a seat for everyone who asks at these times.
    pub(super) fn with_seats(
        &self,
        scope: &TenantScope,
        key: OccurrenceKey,
        times: &[Instant],
    ) -> Option<OccurrenceDocument> {
        let occurrence = self.0.get(&key)?;
        let seating = occurrence.seating().ok()?;
        let is_open = |&at: &Instant| seating.state(at) == RegistrationState::Open;
        (occurrence.organization == scope.organization().to_string()
            && occurrence.waiting == 0
            && times.len() <= occurrence.free()
            && times.iter().all(is_open))
        .then(|| OccurrenceDocument::clone(&occurrence))
    }

    /// Stores occurrences as a transaction left them.
    pub(super) fn store(&self, occurrences: impl IntoIterator<Item = (OccurrenceKey, OccurrenceDocument)>) {
        for (key, occurrence) in occurrences {
            self.0.insert(key, Arc::new(occurrence));
        }
    }

    pub(super) fn remove(&self, key: OccurrenceKey) {
        self.0.invalidate(&key);
    }
}

#[cfg(test)]
mod tests {
    use convene_application::testing::builders::EventBuilder;
    use convene_domain::id::OrganizationId;
    use time::{
        Duration,
        macros::{datetime, utc_datetime},
    };
    use uuid::Uuid;

    use super::*;

    const OWN: TenantScope = TenantScope::for_tests(OrganizationId::from_uuid(Uuid::from_u128(1)));
    const OTHER: TenantScope = TenantScope::for_tests(OrganizationId::from_uuid(Uuid::from_u128(2)));
    const NOW: Instant = utc_datetime!(2031-03-01 12:00);

    /// An occurrence with two seats, one of them taken; registration opens 30 days before its start.
    fn occurrence() -> OccurrenceDocument {
        let event =
            EventBuilder::once(datetime!(2031-03-10 09:00)).seats(2).opens(Duration::days(30)).build();
        let derived = event.series.occurrence_at(event.series.first_start()).unwrap();
        OccurrenceDocument {
            taken: 1,
            ..OccurrenceDocument::from_rule(OWN.organization(), &event, derived, 1)
        }
    }

    fn cache_with(occurrence: &OccurrenceDocument) -> OccurrenceCache {
        let cache = OccurrenceCache::new();
        cache.store([(occurrence.key().unwrap(), occurrence.clone())]);
        cache
    }

    #[test]
    fn returns_an_occurrence_that_has_seats_for_all() {
        let occurrence = occurrence();
        let key = occurrence.key().unwrap();
        let cache = cache_with(&occurrence);
        let with_seats = |scope, times: &[Instant]| cache.with_seats(scope, key, times);
        assert_eq!(with_seats(&OWN, &[NOW]), Some(occurrence));
        assert_eq!(with_seats(&OWN, &[NOW, NOW]), None, "one seat is left");
        assert_eq!(with_seats(&OWN, &[NOW - Duration::days(30)]), None, "registration has not opened");
        assert_eq!(with_seats(&OWN, &[NOW + Duration::days(30)]), None, "registration has closed");
        assert_eq!(with_seats(&OTHER, &[NOW]), None, "it belongs to another organization");
        cache.remove(key);
        assert_eq!(cache.with_seats(&OWN, key, &[NOW]), None);
    }

    #[test]
    fn does_not_return_an_occurrence_with_a_waitlist() {
        let occurrence = OccurrenceDocument { waiting: 1, ..occurrence() };
        let key = occurrence.key().unwrap();
        assert_eq!(cache_with(&occurrence).with_seats(&OWN, key, &[NOW]), None);
    }
}
