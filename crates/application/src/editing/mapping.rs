//! Correspondence of stored occurrences before and after an edit of their series.

use std::collections::HashSet;

use convene_domain::{
    event::Event,
    occurrence::{Exception, OccurrenceKey, OccurrenceStatus, StoredOccurrence},
    recurrence::SeriesOccurrence,
    registration::CancellationReason,
    time::{Instant, interval::Interval},
};

/// The effect of an edit on one stored occurrence.
#[derive(Debug, Clone, PartialEq)]
pub enum OccurrenceStep {
    /// The occurrence changes its time, capacity, event or key; its registrations follow.
    Become {
        /// The occurrence before the edit.
        before: Box<StoredOccurrence>,
        /// The occurrence after the edit, with unchanged seat counts.
        after: Box<StoredOccurrence>,
    },
    /// The edited series does not have the occurrence.
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

    /// The occurrence as it will be, with unchanged seat counts. A dropped one stays stored for its cancelled
    /// registrations; it is no exception any more, because the series does not have it.
    #[must_use]
    pub fn after(&self) -> StoredOccurrence {
        match self {
            Self::Become { after, .. } => after.as_ref().clone(),
            Self::Drop(before) => StoredOccurrence {
                status: OccurrenceStatus::Cancelled,
                exception: Exception::default(),
                version: before.version.saturating_add(1),
                ..before.as_ref().clone()
            },
        }
    }

    /// The reason for which all registrations for the occurrence are cancelled; `None` if they follow it.
    #[must_use]
    pub fn cancellation_reason(&self) -> Option<CancellationReason> {
        match self {
            Self::Drop(_) => Some(CancellationReason::OccurrenceMoved),
            Self::Become { after, .. } => (after.status == OccurrenceStatus::Cancelled)
                .then_some(CancellationReason::OccurrenceCancelled),
        }
    }

    /// Returns true if the registrations change their time, so that they can conflict.
    #[must_use]
    pub fn moves(&self) -> bool {
        matches!(self, Self::Become { before, after } if before.interval != after.interval)
    }
}

/// Plans the steps for `stored`, the occurrences of a series that `edited` replaces from now on.
///
/// Occurrences that have begun at `now` or that do not change have no step.
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

/// The occurrence of the edited event at `origin`; `None` if nothing changes.
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

/// The interval of an occurrence, from its exception or from its event.
pub(super) fn interval_of(event: &Event, occurrence: &StoredOccurrence, original_start: Instant) -> Interval {
    let exception = &occurrence.exception;
    let zone = event.series.zone();
    let (start, local) = match exception.starts_at {
        Some(local) => (zone.resolve(local).instant, local),
        None => (original_start, occurrence.original_local),
    };
    let duration = exception.duration.unwrap_or_else(|| event.duration_at(original_start));
    Interval::starting(start, local, zone, duration)
}
