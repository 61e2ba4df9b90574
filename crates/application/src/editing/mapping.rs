//! Steps for stored occurrences whose event is edited.

use convene_domain::{
    correspondence::{Correspondence, DateEdit},
    event::Event,
    occurrence::{Exception, OccurrenceKey, StoredOccurrence, StoredState},
    registration::CancellationReason,
    time::{Instant, LocalDateTime, interval::Interval},
};

use time::Duration;

use super::free_seconds::FreeSeconds;
use crate::limits::EXCEPTIONS;

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
    /// The edited series does not have the occurrence, and has another one under its key: its document makes room.
    Replace(Box<StoredOccurrence>),
}

impl OccurrenceStep {
    /// The occurrence as it was.
    #[must_use]
    pub fn before(&self) -> &StoredOccurrence {
        match self {
            Self::Become { before, .. } | Self::Drop(before) | Self::Replace(before) => before,
        }
    }

    /// The occurrence as it will be, with unchanged seat counts. A dropped one stays stored for its cancelled registrations.
    #[must_use]
    pub fn after(&self) -> StoredOccurrence {
        match self {
            Self::Become { after, .. } => after.as_ref().clone(),
            Self::Drop(before) | Self::Replace(before) => StoredOccurrence {
                state: StoredState::Dropped,
                version: before.version.saturating_add(1),
                ..before.as_ref().clone()
            },
        }
    }

    /// The reason for which all registrations for the occurrence are cancelled; `None` if they follow it.
    #[must_use]
    pub fn cancellation_reason(&self) -> Option<CancellationReason> {
        match self {
            Self::Drop(_) | Self::Replace(_) => Some(CancellationReason::OccurrenceMoved),
            Self::Become { after, .. } => match after.state {
                StoredState::Scheduled => None,
                StoredState::Cancelled => Some(CancellationReason::OccurrenceCancelled),
                StoredState::Dropped | StoredState::Passed => Some(CancellationReason::OccurrenceMoved),
            },
        }
    }

    /// The step of an edit of `event` whose cancellations a job carries out. An exception whose date passes keeps the id that the
    /// registrations name, and does not return.
    #[must_use]
    pub fn completed_by_job(&self, event: &Event) -> Self {
        match self {
            Self::Become { before, .. } if !self.is_divisible() => dropped(event, before),
            step => step.clone(),
        }
    }

    /// Returns true if the result is the same when a job carries out the cancellations.
    #[must_use]
    pub const fn is_divisible(&self) -> bool {
        !matches!(self, Self::Become { before, after } if after.has_passed() && before.is_held())
    }

    /// Returns true if another occurrence can get the key.
    #[must_use]
    pub fn leaves_its_key(&self) -> bool {
        match self {
            Self::Become { before, after } => before.key != after.key,
            Self::Replace(_) => true,
            Self::Drop(_) => false,
        }
    }

    /// Returns true if the registrations change their time, so that they can conflict.
    #[must_use]
    pub fn moves(&self) -> bool {
        matches!(self, Self::Become { before, after } if before.interval != after.interval)
    }
}

/// Plans the steps for those of `stored` that have not begun, if `after` replaces `before`, in addition to `steps`.
///
/// Occurrences that do not change have no step.
pub(super) fn map_occurrences(
    before: &Event,
    after: &Event,
    edit: DateEdit,
    stored: &[StoredOccurrence],
    mut steps: Vec<OccurrenceStep>,
) -> Vec<OccurrenceStep> {
    let is_upcoming =
        |one: &&StoredOccurrence| one.has_passed() || one.interval.start() > edit.now && !one.is_dropped();
    let upcoming: Vec<&StoredOccurrence> = stored.iter().filter(is_upcoming).collect();
    let dates = edit.dates(before, after, &upcoming);
    // Nobody can attend what would begin in the past.
    let is_possible = |occurrence: &StoredOccurrence, start: Instant| {
        start > edit.now || !(occurrence.is_held() || occurrence.exception.starts_at.is_some())
    };
    // One that cannot take place is dropped under its key.
    let leaving = upcoming.iter().zip(&dates).filter_map(|(occurrence, date)| {
        let Correspondence::PostponedFrom(local) = date else { return None };
        let start = after.series.zone().resolve(occurrence.exception.starts_at.unwrap_or(*local)).instant;
        is_possible(occurrence, start).then_some(occurrence.key.original_start)
    });
    let edited = steps.iter().map(|step| step.after().key.original_start);
    let mut free = FreeSeconds::new(after, stored, edited).without(leaving);
    let mut passed = 0;
    for (occurrence, date) in upcoming.into_iter().zip(dates) {
        let edited = match date {
            Correspondence::Dropped => None,
            Correspondence::Postponed => {
                Some(at_date(after, occurrence, occurrence.key.original_start, occurrence.original_local))
            }
            Correspondence::PostponedFrom(local) => {
                let zone = after.series.zone();
                let start = zone.resolve(local).instant;
                let own = occurrence.key.original_start;
                let is_near = own >= start && own < start.saturating_add(Duration::MINUTE);
                // Another second than that of the date, if an occurrence has it which has begun: lists would leave that one out.
                let original_start = free.take(if is_near { own } else { start });
                Some(at_date(after, occurrence, original_start, zone.to_local(original_start)))
            }
            Correspondence::PassedException(local) => {
                passed += 1;
                if passed > EXCEPTIONS {
                    steps.push(dropped(after, occurrence));
                } else {
                    steps.extend(step(
                        occurrence,
                        passed_exception(after, occurrence, local, &mut free),
                        edit.now,
                    ));
                }
                continue;
            }
            Correspondence::Date(date) => Some(at_date(after, occurrence, date.start, date.local)),
        };
        match edited.filter(|edited| is_possible(occurrence, edited.interval.start())) {
            None => steps.push(dropped(after, occurrence)),
            Some(edited) => steps.extend(step(occurrence, edited, edit.now)),
        }
    }
    steps
}

/// The occurrence at a date of the edited event, with the values that it takes from its event.
fn at_date(
    event: &Event,
    before: &StoredOccurrence,
    original_start: Instant,
    original_local: LocalDateTime,
) -> StoredOccurrence {
    let exception = &before.exception;
    StoredOccurrence {
        key: OccurrenceKey { event: event.id, original_start },
        original_local,
        interval: interval_of(event, exception, original_start, original_local),
        capacity: exception.capacity.unwrap_or(event.capacity),
        state: if exception.cancelled { StoredState::Cancelled } else { event.status.into() },
        ..before.clone()
    }
}

/// The exception whose date has moved into the past, to the wall-clock time `local`. It leaves its id to another occurrence, and
/// keeps the time at which it would have taken place.
fn passed_exception(
    event: &Event,
    before: &StoredOccurrence,
    local: LocalDateTime,
    free: &mut FreeSeconds<'_>,
) -> StoredOccurrence {
    let key = match before.has_passed() {
        true => before.key,
        false => {
            let original_start = free.take(event.series.zone().resolve(local).instant);
            OccurrenceKey { event: event.id, original_start }
        }
    };
    StoredOccurrence { key, original_local: local, state: StoredState::Passed, ..before.clone() }
}

/// The step to `after`; `None` if nothing changes.
pub(super) fn step(
    before: &StoredOccurrence,
    mut after: StoredOccurrence,
    now: Instant,
) -> Option<OccurrenceStep> {
    if after == *before {
        return None;
    }
    after.version = before.version.saturating_add(1);
    after.updated_at = updated_at(before, &after, now);
    Some(OccurrenceStep::Become { before: Box::new(before.clone()), after: Box::new(after) })
}

/// The time of the last change of an exception. It does not go back if another process with a clock ahead has recorded the one before.
pub(super) fn updated_at(
    before: &StoredOccurrence,
    after: &StoredOccurrence,
    now: Instant,
) -> Option<Instant> {
    after.exception.is_any().then(|| before.updated_at.map_or(now, |last| last.max(now)))
}

/// The interval of an occurrence that has not begun, from its exception or from its event.
pub(super) fn interval_of(
    event: &Event,
    exception: &Exception,
    original_start: Instant,
    original_local: LocalDateTime,
) -> Interval {
    let zone = event.series.zone();
    let (start, local) = match exception.starts_at {
        Some(local) => (zone.resolve(local).instant, local),
        None => (original_start, original_local),
    };
    exception.duration.unwrap_or(event.duration).interval(start, local, zone)
}

/// The step for an occurrence that has no date in the edited event.
fn dropped(after: &Event, occurrence: &StoredOccurrence) -> OccurrenceStep {
    let is_of_event = occurrence.key.event == after.id;
    let occurrence = Box::new(occurrence.clone());
    match after.series.occurrence_at(occurrence.key.original_start).filter(|_| is_of_event) {
        Some(_) => OccurrenceStep::Replace(occurrence),
        None => OccurrenceStep::Drop(occurrence),
    }
}

/// Plans the steps for stored occurrences that conflict with a date of `after`: dropped ones whose date it has again,
/// and those that have begun before their original start, which is now a date of another occurrence. If the dates stay as they
/// are, it is still their own.
pub(super) fn conflicting(
    before: &Event,
    after: &Event,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Vec<OccurrenceStep> {
    let mut steps = Vec::new();
    let mut free = FreeSeconds::new(before, stored, std::iter::empty());
    for occurrence in stored.iter().filter(|occurrence| occurrence.key.original_start > now) {
        let series = &after.series;
        let at_local = series.occurrence_at_local(occurrence.original_local);
        let is_date = series.occurrence_at(occurrence.key.original_start).is_some()
            || at_local.is_some_and(|date| date.local == occurrence.original_local);
        if !is_date {
            continue;
        }
        if occurrence.is_dropped() {
            steps.push(OccurrenceStep::Replace(Box::new(occurrence.clone())));
        } else if occurrence.interval.start() <= now && before.series != *series {
            let original_start = free.take(occurrence.interval.start());
            let original_local = before.series.zone().to_local(original_start);
            let key = OccurrenceKey { original_start, ..occurrence.key };
            let moved = StoredOccurrence { key, original_local, ..occurrence.clone() };
            steps.extend(step(occurrence, moved, now));
        }
    }
    steps
}
