use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use convene_domain::{
    event::EventStatus,
    occurrence::OccurrenceKey,
    time::{Instant, LocalDateTime, interval::Interval, just_after},
};

use super::{CatalogueEvent, CatalogueException, day::Item};

/// An event of a replica, with its exceptions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeldEvent {
    /// `None` while only exceptions are known.
    pub(super) event: Option<Arc<CatalogueEvent>>,
    /// By original start.
    pub(super) exceptions: BTreeMap<Instant, Arc<CatalogueException>>,
}

impl HeldEvent {
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

    /// The steps of computing its items, without those of the items.
    pub(super) fn steps(&self) -> usize {
        let schedules = self.event.as_ref().map_or(0, |event| event.schedules().count());
        1 + schedules + self.exceptions.len()
    }

    /// The occurrences that overlap the span, in any order.
    pub(super) fn items(&self, span: Interval) -> Vec<Item> {
        let Some(event) = &self.event else { return Vec::new() };
        // The series does not have dropped ones.
        let exceptions = || self.exceptions.values().filter(|stored| !stored.is_dropped());
        let in_span = exceptions().filter(|stored| stored.interval.overlaps(&span));
        let mut items: Vec<Item> = in_span.map(|stored| Item::from(&***stored)).collect();
        let is_later = event.schedules().all(|schedule| schedule.series.first_start() >= span.end());
        if is_later || event.last_end().is_some_and(|end| end <= span.start()) {
            return items;
        }
        // By local time, because a new time-zone database can change the instant.
        let place = |stored: &Arc<CatalogueException>| {
            (event.schedule_at(stored.key.original_start), stored.original_local)
        };
        let replaced: HashSet<(usize, LocalDateTime)> = exceptions().map(place).collect();
        let keys: HashSet<Instant> = exceptions().map(|stored| stored.key.original_start).collect();
        for (number, schedule) in event.schedules().enumerate() {
            // An occurrence that ends at the start of the span does not overlap it.
            let from = just_after(span.start().saturating_sub(schedule.duration.longest()));
            for origin in schedule.between(from, span.end()) {
                if !keys.contains(&origin.start) && !replaced.contains(&(number, origin.local)) {
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
