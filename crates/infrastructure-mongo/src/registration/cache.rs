use std::sync::Arc;

use convene_application::caller::TenantScope;
use convene_domain::{occurrence::RegistrationState, time::Instant};
use moka::sync::Cache;

use crate::documents::occurrence::OccurrenceDocument;

/// How many occurrences are remembered, which takes some 10 MB.
const MOST: u64 = 10_000;

/// Occurrences as this process's transactions left them.
///
/// What is remembered may be wrong by now, so it only ever saves a look: a transaction that went by it finds out before
/// it commits whether it was right, and refuses nobody for its sake. See ADR 8.
#[derive(Debug, Clone)]
pub(super) struct Memory(Cache<String, Arc<OccurrenceDocument>>);

impl Memory {
    /// Nothing is remembered yet.
    pub(super) fn new() -> Self {
        Self(Cache::new(MOST))
    }

    /// The organization's occurrence, if it seems to have a seat for everybody who asks at these times.
    pub(super) fn with_seats(
        &self,
        scope: &TenantScope,
        occurrence: &str,
        asked: &[Instant],
    ) -> Option<OccurrenceDocument> {
        let occurrence = self.0.get(occurrence)?;
        let seating = occurrence.seating().ok()?;
        let is_open = |&at: &Instant| seating.state(at) == RegistrationState::Open;
        (occurrence.edition.is_some()
            && occurrence.organization == scope.organization().to_string()
            && occurrence.waiting == 0
            && asked.len() <= occurrence.free()
            && asked.iter().all(is_open))
        .then(|| OccurrenceDocument::clone(&occurrence))
    }

    /// Remembers what a transaction has made of occurrences.
    pub(super) fn keep(&self, occurrences: impl IntoIterator<Item = OccurrenceDocument>) {
        for occurrence in occurrences {
            self.0.insert(occurrence.id.clone(), Arc::new(occurrence));
        }
    }

    /// Forgets an occurrence.
    pub(super) fn forget(&self, occurrence: &str) {
        self.0.invalidate(occurrence);
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

    /// An occurrence of two seats, one of them taken, which opens a month before.
    fn occurrence() -> OccurrenceDocument {
        let event =
            EventBuilder::once(datetime!(2031-03-10 09:00)).seats(2).opens(Duration::days(30)).build();
        let origin = event.series.occurrence_at(event.series.first_start()).unwrap();
        OccurrenceDocument { taken: 1, ..OccurrenceDocument::born(OWN.organization(), &event, origin, 1) }
    }

    fn remembering(occurrence: &OccurrenceDocument) -> Memory {
        let memory = Memory::new();
        memory.keep([occurrence.clone()]);
        memory
    }

    #[test]
    fn remembers_what_seems_to_have_seats_for_all_who_ask() {
        let occurrence = occurrence();
        let memory = remembering(&occurrence);
        let with_seats = |scope, asked: &[Instant]| memory.with_seats(scope, &occurrence.id, asked);
        assert_eq!(with_seats(&OWN, &[NOW]), Some(occurrence.clone()));
        assert_eq!(with_seats(&OWN, &[NOW, NOW]), None, "one seat is left");
        assert_eq!(with_seats(&OWN, &[NOW - Duration::days(30)]), None, "it has not opened");
        assert_eq!(with_seats(&OWN, &[NOW + Duration::days(30)]), None, "it has closed");
        assert_eq!(with_seats(&OTHER, &[NOW]), None, "it is another organization's");
        memory.forget(&occurrence.id);
        assert_eq!(memory.with_seats(&OWN, &occurrence.id, &[NOW]), None);
    }

    #[test]
    fn does_not_say_so_while_somebody_waits_or_of_what_has_no_edition() {
        for occurrence in [
            OccurrenceDocument { waiting: 1, ..occurrence() },
            OccurrenceDocument { edition: None, ..occurrence() },
        ] {
            assert_eq!(remembering(&occurrence).with_seats(&OWN, &occurrence.id, &[NOW]), None);
        }
    }
}
