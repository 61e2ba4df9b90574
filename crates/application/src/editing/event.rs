//! Plans edits of events.

use convene_domain::{
    activity::{Action, ActivityDraft, FieldChanges, Subject},
    event::{EarlierSchedule, Event, EventStatus, Schedule},
    occurrence::{OccurrenceStatus, StoredOccurrence},
    time::Instant,
};

use time::Duration;

use super::{
    changes::event_changes,
    mapping::{OccurrenceStep, map_occurrences},
};
use crate::{
    event::patch::patched,
    failure::{Field, Refusal},
    limits::{EDITED_REGISTRATIONS, Limit},
    ports::{EditScope, EventEdit, EventPatch},
    version::check_version,
};

/// The effect of an edit on an event and its stored occurrences.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPlan {
    /// The resulting event, which the edit returns; a new event after a split.
    pub event: Event,
    /// The original event of a split, which ends before the split.
    pub ended: Option<Event>,
    /// The steps for stored occurrences; occurrences without a step stay as they are.
    pub steps: Vec<OccurrenceStep>,
    /// The log entries; if there is none, the edit changes nothing and the adapter writes nothing.
    pub entries: Vec<ActivityDraft>,
}

impl EventPlan {
    /// The number of active registrations that stay active and follow their occurrences, all in one transaction.
    #[must_use]
    pub fn following_registrations(&self) -> u32 {
        let kept = self.steps.iter().filter(|step| step.cancellation_reason().is_none());
        kept.map(OccurrenceStep::before).map(|before| before.taken.saturating_add(before.waiting)).sum()
    }
}

/// Plans an edit of `event`, whose stored occurrences (all that have not begun) are `stored`.
///
/// # Errors
/// The refusals of [`Events::update`](crate::ports::Events::update), except conflicts of moved registrations, which
/// the adapter finds.
pub fn plan_event_edit(
    event: &Event,
    edit: &EventEdit,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Result<EventPlan, Vec<Refusal>> {
    check_version(edit.expected_version, event.version).map_err(|refusal| vec![refusal])?;
    if event.status == EventStatus::Cancelled {
        return Err(vec![Refusal::EventCancelled]);
    }
    let plan = match edit.scope {
        EditScope::ThisAndFollowing { from, .. } if from.original_start > event.series.first_start() => {
            plan_split(event, edit, stored, now)?
        }
        // A split at the first occurrence is an edit of the whole series.
        EditScope::ThisAndFollowing { from, .. }
            if event.series.occurrence_at(from.original_start).is_none() =>
        {
            return Err(vec![Refusal::not_found(Field::FromOccurrenceId)]);
        }
        _ => plan_whole(event, &edit.patch, stored, now)?,
    };
    if plan.following_registrations() > EDITED_REGISTRATIONS {
        return Err(vec![Refusal::LimitExceeded(Limit::EditedRegistrations)]);
    }
    let too_small = |step: &OccurrenceStep| match step {
        OccurrenceStep::Become { before, after } if before.taken > after.capacity.get() => Some(before.taken),
        _ => None,
    };
    match plan.steps.iter().filter_map(too_small).max() {
        Some(taken) => Err(vec![Refusal::CapacityBelowRegistrations { taken }]),
        None => Ok(plan),
    }
}

fn plan_whole(
    event: &Event,
    patch: &EventPatch,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Result<EventPlan, Vec<Refusal>> {
    let mut edited = patched(event, patch, now)?;
    if edited == *event {
        return Ok(EventPlan { event: edited, ended: None, steps: Vec::new(), entries: Vec::new() });
    }
    keep_previous_schedule(event, &mut edited, now)?;
    let steps = map_occurrences(&edited, stored, now);
    let entries = vec![ActivityDraft {
        action: Action::EventUpdated,
        subject: Subject::Event(event.id),
        changes: event_changes(Some(event), Some(&edited)),
    }];
    Ok(EventPlan { event: edited, ended: None, steps, entries })
}

/// Keeps the previous schedule in the edited event if an occurrence has begun by it and the edit replaces it.
fn keep_previous_schedule(event: &Event, edited: &mut Event, now: Instant) -> Result<(), Vec<Refusal>> {
    let replaced = edited.series != event.series || edited.duration != event.duration;
    let just_after = now + Duration::NANOSECOND;
    let begun = |schedule: Schedule<'_>| schedule.between(Instant::MIN, just_after).next().is_some();
    if !replaced || !event.schedules().last().is_some_and(begun) {
        return Ok(());
    }
    if event.earlier.len() >= Event::MAX_EARLIER_SCHEDULES {
        return Err(vec![Refusal::LimitExceeded(Limit::EarlierSchedules)]);
    }
    edited.earlier.push(EarlierSchedule {
        series: event.series.clone(),
        duration: event.duration,
        until: now,
    });
    Ok(())
}

fn plan_split(
    event: &Event,
    edit: &EventEdit,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Result<EventPlan, Vec<Refusal>> {
    let EditScope::ThisAndFollowing { from, new_event } = edit.scope else {
        return Err(vec![Refusal::not_found(Field::FromOccurrenceId)]);
    };
    let not_there = || vec![Refusal::not_found(Field::FromOccurrenceId)];
    let origin = event.series.occurrence_at(from.original_start).ok_or_else(not_there)?;
    if origin.start <= now {
        return Err(vec![Refusal::invalid(
            Field::FromOccurrenceId,
            "must be an occurrence that has not begun",
        )]);
    }
    let (Some(before), Some(rest)) =
        (event.series.ending_before(origin.start), event.series.continuing_from(origin.start))
    else {
        return Err(not_there());
    };

    let mut ended = event.clone();
    ended.series = before;
    ended.version = event.version.saturating_add(1);
    ended.updated_at = now;

    let continued =
        Event { id: new_event, series: rest, version: 1, created_at: now, updated_at: now, ..event.clone() };
    let edited = Event { version: 1, ..patched(&continued, &edit.patch, now)? };
    let following: Vec<StoredOccurrence> =
        stored.iter().filter(|occurrence| occurrence.original_local >= origin.local).cloned().collect();
    let steps = map_occurrences(&edited, &following, now);
    let entries = vec![
        ActivityDraft {
            action: Action::EventSplit,
            subject: Subject::Event(event.id),
            changes: event_changes(Some(event), Some(&ended)),
        },
        ActivityDraft {
            action: Action::EventCreated,
            subject: Subject::Event(edited.id),
            changes: event_changes(None, Some(&edited)),
        },
    ];
    Ok(EventPlan { event: edited, ended: Some(ended), steps, entries })
}

/// Plans the cancellation of an event.
///
/// # Errors
/// [`Refusal::AlreadyCancelled`].
pub fn plan_cancellation(
    event: &Event,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Result<EventPlan, Vec<Refusal>> {
    if event.status == EventStatus::Cancelled {
        return Err(vec![Refusal::AlreadyCancelled]);
    }
    let mut cancelled = event.clone();
    cancelled.status = EventStatus::Cancelled;
    cancelled.version = event.version.saturating_add(1);
    cancelled.updated_at = now;
    let steps = stored
        .iter()
        .filter(|occurrence| occurrence.interval.start() > now)
        .filter(|occurrence| occurrence.status != OccurrenceStatus::Cancelled)
        .map(|before| {
            let mut after = before.clone();
            after.status = OccurrenceStatus::Cancelled;
            after.version = before.version.saturating_add(1);
            OccurrenceStep::Become { before: Box::new(before.clone()), after: Box::new(after) }
        })
        .collect();
    let entries = vec![ActivityDraft {
        action: Action::EventCancelled,
        subject: Subject::Event(event.id),
        changes: FieldChanges::default()
            .compare("status", Some(event.status.as_str()), Some(cancelled.status.as_str()))
            .into_vec(),
    }];
    Ok(EventPlan { event: cancelled, ended: None, steps, entries })
}
