//! Plans edits of events.

use std::collections::HashSet;

use convene_domain::{
    activity::{Action, ActivityDraft},
    correspondence::{DateEdit, begun_early},
    event::{EarlierSchedule, Event, EventStatus},
    occurrence::{Occurrence, StoredOccurrence, StoredState},
    recurrence::{Series, limits::USED_DATES},
    time::{Instant, LocalDateTime, just_after},
};

use time::Duration;

use super::{
    dropped::dropped_exceptions,
    mapping::{OccurrenceStep, conflicting, map_occurrences, step},
};
use crate::{
    event::{
        log,
        patch::{Patched, patched, repeats},
        times::{end_field, start_field},
    },
    failure::{Field, Refusal, Refusals},
    limits::{EDITED_REGISTRATIONS, Limit},
    ports::EventPatch,
};

/// The effect of an edit on an event and its stored occurrences.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPlan {
    /// The resulting event, which the edit returns; a new event after a split.
    pub event: Event,
    /// The original event of a split, which ends before the split.
    pub ended: Option<Event>,
    /// The shift of the dates.
    pub by: Duration,
    /// The steps for stored occurrences; occurrences without a step stay as they are.
    pub steps: Vec<OccurrenceStep>,
    /// Dates of the edited event that are stored, although nobody holds them and they follow their rule: their ids had versions
    /// before.
    pub returned: Vec<StoredOccurrence>,
    /// The first dropped exceptions, as they were.
    pub dropped_exceptions: Vec<Occurrence>,
    /// The log entries; if there is none, the edit changes nothing and the adapter writes nothing.
    pub entries: Vec<ActivityDraft>,
}

impl EventPlan {
    /// A plan that changes no occurrence.
    pub(super) const fn new(event: Event, entries: Vec<ActivityDraft>) -> Self {
        Self {
            event,
            ended: None,
            by: Duration::ZERO,
            steps: Vec::new(),
            returned: Vec::new(),
            dropped_exceptions: Vec::new(),
            entries,
        }
    }

    /// Verifies that one transaction can move the registrations that follow their occurrences.
    pub(super) fn within_limit(self) -> Result<Self, Refusals> {
        verify_following([&self])?;
        Ok(self)
    }

    /// The number of active registrations that stay active and follow their occurrences, all in one transaction.
    #[must_use]
    pub fn following_registrations(&self) -> u32 {
        let kept = self.steps.iter().filter(|step| step.cancellation_reason().is_none());
        kept.map(OccurrenceStep::before).map(|before| before.taken.saturating_add(before.waiting)).sum()
    }
}

/// Verifies that one transaction can move the registrations that follow the occurrences of all these plans.
///
/// # Errors
/// `LimitExceeded`.
pub fn verify_following<'p>(plans: impl IntoIterator<Item = &'p EventPlan>) -> Result<(), Refusal> {
    let following = plans.into_iter().map(EventPlan::following_registrations);
    if following.fold(0, u32::saturating_add) > EDITED_REGISTRATIONS {
        return Err(Refusal::LimitExceeded(Limit::EditedRegistrations));
    }
    Ok(())
}

/// Plans an edit of a whole event. `old_start` is the start that `startsAt` replaces.
pub(super) fn plan_whole(
    event: &Event,
    patch: &EventPatch,
    old_start: LocalDateTime,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Result<EventPlan, Refusals> {
    let Patched { event: mut edited, by, has_rule } = patched(event, patch, old_start, now)?;
    if edited == *event {
        return Ok(EventPlan { by, ..EventPlan::new(edited, Vec::new()) });
    }
    let edit = DateEdit { by, has_rule, now };
    if changes_occurrences(event, &edited) {
        edited.series = without_begun(event, &edited, edit, stored)?;
        keep_previous_schedule(event, &mut edited, stored, now)?;
        check_takes_place(event, &edited, patch, stored, now)?;
    }
    plan_occurrences(event, edited, edit, stored, log::updated)
}

/// Plans what becomes of the stored occurrences if `edited` replaces `event`. `entry` makes the log entry of both.
pub(super) fn plan_occurrences(
    event: &Event,
    mut edited: Event,
    edit: DateEdit,
    stored: &[StoredOccurrence],
    entry: fn(&Event, &Event) -> ActivityDraft,
) -> Result<EventPlan, Refusals> {
    let DateEdit { by, now, .. } = edit;
    let steps_to = |edited: &Event| {
        map_occurrences(event, edited, edit, stored, conflicting(event, edited, stored, now))
    };
    let mut steps = steps_to(&edited);
    if release_dropped(&mut edited, edit, stored, &steps)? {
        steps = steps_to(&edited);
    }
    hide_dropped(&mut edited, &steps, now)?;
    let (dropped_exceptions, of_dropped) = dropped_exceptions(event, &steps);
    let mut entries = vec![entry(event, &edited)];
    entries.extend(of_dropped);
    Ok(EventPlan { by, steps, dropped_exceptions, ..EventPlan::new(edited, entries) })
}

/// Removes the dates of postponed occurrences that the edit drops from the used dates of the edited series: nothing took place on
/// them. Returns false if there is none.
fn release_dropped(
    edited: &mut Event,
    edit: DateEdit,
    stored: &[StoredOccurrence],
    steps: &[OccurrenceStep],
) -> Result<bool, Refusals> {
    let early: HashSet<LocalDateTime> = begun_early(stored, edit.now).collect();
    let dropped = steps.iter().filter_map(|step| match step {
        OccurrenceStep::Drop(before) | OccurrenceStep::Replace(before)
            if before.exception.starts_at.is_some() && !before.is_dropped() =>
        {
            Some(before.original_local.saturating_add(edit.by))
        }
        _ => None,
    });
    let dropped: HashSet<LocalDateTime> = dropped.filter(|local| !early.contains(local)).collect();
    if dropped.is_empty() {
        return Ok(false);
    }
    let series = edited.series.without_used(&dropped)?;
    let is_released = series != edited.series;
    edited.series = series;
    Ok(is_released)
}

/// Removes the dates of postponed occurrences that the edit drops from the earlier schedule that has them: nothing took place on
/// them.
fn hide_dropped(edited: &mut Event, steps: &[OccurrenceStep], now: Instant) -> Result<(), Refusals> {
    let dropped = steps.iter().filter_map(|step| match step {
        // The date of a passed exception is none of an earlier schedule.
        OccurrenceStep::Drop(before) if before.key.original_start <= now && !before.has_passed() => {
            Some(before)
        }
        _ => None,
    });
    for postponed in dropped {
        let place = edited.schedule_at(postponed.key.original_start);
        let Some(earlier) = edited.earlier.get_mut(place) else { continue };
        let parts = earlier.series.parts();
        // The bound would move, and hide what took place.
        if parts.used.len() >= USED_DATES {
            continue;
        }
        let used = parts.used.iter().copied().chain([postponed.original_local]).collect();
        let hidden = earlier.series.with_used(parts.used_until, used);
        earlier.series = hidden?;
    }
    Ok(())
}

/// Tests whether occurrences differ after the edit in what a list shows of them.
fn changes_occurrences(before: &Event, after: &Event) -> bool {
    let shown = |event: &Event| {
        (event.series.clone(), event.duration, event.title.clone(), event.location.clone(), event.capacity)
    };
    shown(before) != shown(after)
}

/// The series of the edited event without the dates of occurrences that have begun.
pub(super) fn without_begun(
    before: &Event,
    edited: &Event,
    edit: DateEdit,
    stored: &[StoredOccurrence],
) -> Result<Series, Refusals> {
    Ok(edit.without_begun(before, &edited.series, stored)?)
}

/// Refuses what changes no occurrence, because every one has begun: a start that is ahead if every date from it on is used, and all
/// changes of the dates and times of an event that is over and remains so.
fn check_takes_place(
    event: &Event,
    edited: &Event,
    patch: &EventPatch,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Result<(), Refusals> {
    let has_date_ahead = |series: &Series| series.between(just_after(now), Instant::MAX).next().is_some();
    if has_date_ahead(&edited.series) {
        return Ok(());
    }
    let is_over = !has_date_ahead(&event.series) && has_only_begun(event, stored, now);
    let (before, after) = (&event.series, &edited.series);
    let is_ahead = after.zone().resolve(after.start()).instant > now;
    let has_other_rule = patch.recurrence.as_ref().is_some_and(|given| !repeats(before, given.as_ref()));
    // Whole days give the start and the end in other fields.
    let changed = [
        (start_field(patch), after.start() != before.start() && (is_over || is_ahead)),
        (end_field(patch), edited.duration != event.duration && is_over),
        (Field::TimeZone, after.zone() != before.zone() && is_over),
        (Field::Recurrence, has_other_rule && is_over),
    ];
    let mut fields: Vec<Field> = Vec::new();
    for (field, _) in changed.into_iter().filter(|(_, is_changed)| *is_changed) {
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    let message = "must not be changed, because every occurrence has begun; create another event";
    Refusals::verify_none(fields.into_iter().map(|field| Refusal::invalid(field, message)))
}

/// Tests for an event without a date ahead whose occurrences have begun. Nothing took place of one that an edit moved into the past:
/// it can return.
fn has_only_begun(event: &Event, stored: &[StoredOccurrence], now: Instant) -> bool {
    let has_begun = |one: &StoredOccurrence| one.interval.start() <= now && !one.is_dropped();
    let is_ahead = |one: &StoredOccurrence| one.interval.start() > now && !one.is_dropped();
    let passed = || event.schedules().any(|one| one.between(Instant::MIN, just_after(now)).next().is_some());
    !stored.iter().any(|one| is_ahead(one) || one.has_passed()) && (stored.iter().any(has_begun) || passed())
}

/// Keeps the previous schedule in the edited event if an occurrence has begun by it, or before its date. It is kept too if
/// dates of the edited series have passed: nothing took place on them.
fn keep_previous_schedule(
    event: &Event,
    edited: &mut Event,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Result<(), Refusals> {
    let mut past = edited.current_schedule().between(Instant::MIN, just_after(now));
    // What began before the latest earlier schedule is on record there.
    let recorded = event.earlier.last().map_or(Instant::MIN, |earlier| earlier.until);
    let has_begun_early = stored
        .iter()
        .any(|one| one.interval.start() > recorded && one.interval.start() <= now && !one.is_dropped());
    let has_begun = has_begun_early || event.last_begun(now).is_some();
    if !has_begun && past.next().is_none() {
        return Ok(());
    }
    let schedule = EarlierSchedule::of(event, now);
    if !event.has_room_for_earlier(schedule.bytes()) {
        return Err(Refusal::LimitExceeded(Limit::EarlierSchedules).into());
    }
    edited.earlier.push(schedule);
    Ok(())
}

/// Plans the cancellation of an event.
///
/// # Errors
/// [`Refusal::AlreadyCancelled`].
pub fn plan_cancellation(
    event: &Event,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Result<EventPlan, Refusals> {
    if event.status == EventStatus::Cancelled {
        return Err(Refusal::AlreadyCancelled.into());
    }
    let cancelled = event.cancelled(now).changed(now);
    let scheduled = stored.iter().filter(|occurrence| occurrence.state == StoredState::Scheduled);
    Ok(plan_status(event, cancelled, scheduled, Action::EventCancelled))
}

/// Plans the restoration of a cancelled event, with the occurrences that were cancelled together with it. Those that would have
/// begun meanwhile stay cancelled, as do those that were cancelled by themselves.
///
/// # Errors
/// [`Refusal::NotCancelled`]; [`Refusal::LimitExceeded`] for an event that keeps too many earlier schedules.
pub fn plan_restoration(
    event: &Event,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Result<EventPlan, Refusals> {
    let Some(cancelled_at) = event.cancelled_at() else { return Err(Refusal::NotCancelled.into()) };
    let mut restored = Event { status: EventStatus::Scheduled, ..event.clone().changed(now) };
    if event.current_schedule().between(just_after(cancelled_at), just_after(now)).next().is_some() {
        let edit = DateEdit { by: Duration::ZERO, has_rule: false, now };
        // An occurrence that takes place again has its date.
        let mut again = stored.to_vec();
        for one in again.iter_mut().filter(|one| was_cancelled_with_event(one) && one.interval.start() > now)
        {
            one.state = StoredState::Scheduled;
        }
        restored.series = without_begun(event, &restored, edit, &again)?;
        keep_previous_schedule(event, &mut restored, stored, now)?;
    }
    let cancelled_with_it = stored.iter().filter(|one| was_cancelled_with_event(one));
    Ok(plan_status(event, restored, cancelled_with_it, Action::EventRestored))
}

/// Tests for an occurrence of a cancelled event that has no cancellation of its own.
fn was_cancelled_with_event(occurrence: &StoredOccurrence) -> bool {
    occurrence.state == StoredState::Cancelled && !occurrence.exception.cancelled
}

/// Plans a change of the event's status, and of those occurrences that have not begun.
fn plan_status<'s>(
    before: &Event,
    after: Event,
    occurrences: impl Iterator<Item = &'s StoredOccurrence>,
    action: Action,
) -> EventPlan {
    let ahead = occurrences.filter(|occurrence| occurrence.interval.start() > after.updated_at);
    let steps = ahead
        .filter_map(|before| {
            step(before, StoredOccurrence { state: after.status.into(), ..before.clone() }, after.updated_at)
        })
        .collect();
    let entries = vec![log::status_changed(action, before, &after)];
    EventPlan { steps, ..EventPlan::new(after, entries) }
}
