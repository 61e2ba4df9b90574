use std::{collections::BTreeMap, ops::Range, sync::Arc};

use convene_domain::{
    event::{Event, EventStatus},
    occurrence::OccurrenceKey,
    recurrence::SeriesOccurrence,
    time::{Instant, interval::Interval, just_after},
};
use time::Duration;

use super::{CatalogueEvent, CatalogueException, day::Item};

/// An event of a replica, with its exceptions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeldEvent {
    /// `None` while only exceptions are known.
    pub(super) event: Option<Arc<CatalogueEvent>>,
    /// By original start.
    pub(super) exceptions: BTreeMap<Instant, Arc<CatalogueException>>,
    /// Those that were not dropped, which the series does not have any more, by present start, then key.
    by_start: Vec<Arc<CatalogueException>>,
    /// The same by original local time.
    by_local: Vec<Arc<CatalogueException>>,
    /// The longest time that one of them takes.
    longest: Duration,
    /// The bytes of the titles that exceptions have of their own.
    pub(crate) title_bytes: usize,
}

impl HeldEvent {
    /// An event with these exceptions.
    pub(crate) fn of(event: Arc<CatalogueEvent>, exceptions: &[Arc<CatalogueException>]) -> Self {
        let by_original_start =
            |stored: &Arc<CatalogueException>| (stored.key.original_start, Arc::clone(stored));
        let exceptions = exceptions.iter().map(by_original_start).collect();
        let mut held = Self { event: Some(event), exceptions, ..Self::default() };
        held.sort();
        held
    }

    /// Sorts the exceptions after a change, so that a list finds those that it needs.
    pub(super) fn sort(&mut self) {
        self.by_start = self.exceptions.values().filter(|stored| !stored.is_dropped()).cloned().collect();
        self.by_local.clone_from(&self.by_start);
        // The stable sort finds what is sorted already, as nearly all exceptions are.
        self.by_start.sort_by_key(|stored| (stored.interval.start(), stored.key));
        self.by_local.sort_by_key(|stored| stored.original_local);
        let durations = self.by_start.iter().map(|stored| stored.interval.duration());
        self.longest = durations.max().unwrap_or_default();
        let titles = self.by_start.iter().filter_map(|stored| stored.exception.title.as_ref());
        self.title_bytes = titles.map(|title| title.as_str().len()).sum();
    }

    /// The event.
    #[must_use]
    pub const fn event(&self) -> Option<&Arc<CatalogueEvent>> {
        self.event.as_ref()
    }

    /// The exceptions, by original start.
    pub fn exceptions(&self) -> impl Iterator<Item = &Arc<CatalogueException>> {
        self.exceptions.values()
    }

    /// The exception with this key.
    #[must_use]
    pub fn exception(&self, key: OccurrenceKey) -> Option<&Arc<CatalogueException>> {
        self.exceptions.get(&key.original_start)
    }

    /// The exceptions that begin at these times and may overlap a window from this time on, by present start. The time depends on
    /// their number, and not on that of the others.
    pub(crate) fn exceptions_in(
        &self,
        starts: &Range<Instant>,
        since: Instant,
    ) -> &[Arc<CatalogueException>] {
        let first = just_after(since.saturating_sub(self.longest)).max(starts.start);
        let begins_before =
            |end: Instant| self.by_start.partition_point(|stored| stored.interval.start() < end);
        self.by_start.get(begins_before(first)..begins_before(starts.end)).unwrap_or_default()
    }

    /// Tests whether an exception takes the place of an occurrence that a rule derives.
    pub(crate) fn replaces(&self, event: &Event, origin: &SeriesOccurrence) -> bool {
        let by_key = self.exceptions.get(&origin.start).is_some_and(|stored| !stored.is_dropped());
        let first = self.by_local.partition_point(|stored| stored.original_local < origin.local);
        let mut at_local =
            self.by_local.iter().skip(first).take_while(|stored| stored.original_local == origin.local);
        by_key || at_local.any(|stored| is_same_date(event, stored, origin))
    }

    /// The steps of computing its items in a span, without those of the items.
    pub(super) fn steps(&self, span: Interval) -> usize {
        let schedules = self.event.as_ref().map_or(0, |event| event.schedules().count());
        1 + schedules + self.exceptions_in(&(Instant::MIN..span.end()), span.start()).len()
    }

    /// The occurrences that overlap the span, in any order.
    pub(super) fn items(&self, span: Interval) -> Vec<Item> {
        let Some(event) = &self.event else { return Vec::new() };
        let exceptions = self.exceptions_in(&(Instant::MIN..span.end()), span.start()).iter();
        let in_span = exceptions.filter(|stored| stored.interval.overlaps(&span));
        let mut items: Vec<Item> = in_span.map(|stored| Item::from(&***stored)).collect();
        let is_later = event.schedules().all(|schedule| schedule.series.first_start() >= span.end());
        if is_later || event.last_end().is_some_and(|end| end <= span.start()) {
            return items;
        }
        for schedule in event.schedules() {
            // An occurrence that ends at the start of the span does not overlap it.
            let from = just_after(span.start().saturating_sub(schedule.duration.longest()));
            for origin in schedule.between(from, span.end()) {
                if !self.replaces(event, &origin) {
                    items.push(Item {
                        key: OccurrenceKey { event: event.id, original_start: origin.start },
                        interval: event.interval_of(origin),
                        is_cancelled: event.status_at(origin.start) == EventStatus::Cancelled,
                    });
                }
            }
        }
        items
    }

    /// Tests whether nothing is known.
    pub(super) fn is_empty(&self) -> bool {
        self.event.is_none() && self.exceptions.is_empty()
    }

    /// The approximate size in bytes.
    pub(super) fn bytes(&self) -> usize {
        let exceptions: usize = self.exceptions.values().map(|exception| exception.bytes()).sum();
        size_of::<Self>() + self.event.as_ref().map_or(0, |event| event.bytes()) + exceptions
    }
}

/// Tests whether an exception has the date that a schedule derives at the same local time. The instant can differ, because a new
/// time-zone database changes it. A date of another schedule differs as well: its zone has exactly this instant at the local time.
fn is_same_date(event: &Event, stored: &CatalogueException, origin: &SeriesOccurrence) -> bool {
    let start = stored.key.original_start;
    let number = event.schedule_at(origin.start);
    let zones = || event.schedules().map(|schedule| schedule.series.zone());
    let own_zone = zones().nth(number);
    let is_of_other = || {
        let mut others = zones().filter(|zone| Some(*zone) != own_zone);
        others.any(|zone| zone.resolve(stored.original_local).instant == start)
    };
    event.schedule_at(start) == number && (start == origin.start || !is_of_other())
}
