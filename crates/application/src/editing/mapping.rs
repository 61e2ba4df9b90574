//! Where the stored occurrences of a series go when the series is edited.

use std::collections::HashSet;

use convene_domain::{
    event::Event,
    occurrence::{OccurrenceKey, OccurrenceStatus, StoredOccurrence},
    recurrence::SeriesOccurrence,
    time::{Instant, interval::Interval},
};

/// What becomes of one stored occurrence.
#[derive(Debug, Clone, PartialEq)]
pub enum OccurrenceStep {
    /// It changes: its time, its seats, its event or its key. Those who hold a seat follow.
    Become {
        /// As it was.
        before: Box<StoredOccurrence>,
        /// As it will be; its seat counts are those of before.
        after: Box<StoredOccurrence>,
    },
    /// The edited series has no such occurrence.
    Drop(Box<StoredOccurrence>),
}

impl OccurrenceStep {
    /// The occurrence as it was.
    #[must_use]
    pub fn before(&self) -> &StoredOccurrence {
        match self {
            Self::Become { before, .. } | Self::Drop(before) => before,
        }
    }

    /// Whether those who hold a seat get another time, and so might get a clash.
    #[must_use]
    pub fn moves(&self) -> bool {
        matches!(self, Self::Become { before, after } if before.interval != after.interval)
    }
}

/// Plans what becomes of `stored`, occurrences of a series that `edited` replaces from now on.
///
/// What has begun at `now` is left out, and so is what does not change.
pub(super) fn map_occurrences(
    edited: &Event,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Vec<OccurrenceStep> {
    let mut waiting_for_a_date: Vec<&StoredOccurrence> = Vec::new();
    let mut taken: HashSet<Instant> = HashSet::new();
    let mut steps = Vec::new();
    for occurrence in stored.iter().filter(|occurrence| occurrence.interval.start() > now) {
        match edited.occurrence_at(occurrence.key.original_start) {
            Some(origin) => {
                taken.insert(origin.start);
                steps.extend(step(edited, occurrence, origin));
            }
            None => waiting_for_a_date.push(occurrence),
        }
    }
    waiting_for_a_date.sort_by_key(|occurrence| occurrence.original_local);
    for occurrence in waiting_for_a_date {
        let same_date = edited
            .series
            .occurrences_on(occurrence.original_local.date())
            .find(|origin| origin.start > now && !taken.contains(&origin.start));
        match same_date {
            Some(origin) => {
                taken.insert(origin.start);
                steps.extend(step(edited, occurrence, origin));
            }
            None => steps.push(OccurrenceStep::Drop(Box::new(occurrence.clone()))),
        }
    }
    steps
}

/// The occurrence as the edited event has it at `origin`; `None` if nothing changes.
fn step(edited: &Event, before: &StoredOccurrence, origin: SeriesOccurrence) -> Option<OccurrenceStep> {
    let mut after = before.clone();
    after.key = OccurrenceKey { event: edited.id, original_start: origin.start };
    after.original_local = origin.local;
    after.interval = interval_of(edited, &after, origin.start);
    after.capacity = before.exception.capacity.unwrap_or(edited.capacity);
    after.status = if before.exception.cancelled { OccurrenceStatus::Cancelled } else { edited.status };
    if after == *before {
        return None;
    }
    after.version = before.version.saturating_add(1);
    Some(OccurrenceStep::Become { before: Box::new(before.clone()), after: Box::new(after) })
}

/// When an occurrence takes place: by its exception, else by its event.
pub(super) fn interval_of(event: &Event, occurrence: &StoredOccurrence, original_start: Instant) -> Interval {
    let exception = &occurrence.exception;
    let start =
        exception.starts_at.map_or(original_start, |local| event.series.zone().resolve(local).instant);
    Interval::starting(start, exception.duration.unwrap_or_else(|| event.duration_at(original_start)))
}
