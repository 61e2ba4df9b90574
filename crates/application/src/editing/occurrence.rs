//! Plans edits of single occurrences.

use convene_domain::{
    activity::{Action, ActivityDraft},
    event::Event,
    occurrence::{Exception, OccurrenceStatus, StoredOccurrence, StoredState},
    time::{Instant, LocalDateTime},
};

use super::mapping::{interval_of, updated_at};
use crate::{
    event::{log, times::occurrence_with_duration},
    failure::{Field, Refusal, Refusals},
    limits::{EDITED_REGISTRATIONS, EXCEPTIONS, KEPT_VERSIONS, Limit},
    ports::{OccurrenceEdit, OccurrencePatch},
    version::check_version,
};

/// The effect of an edit on one occurrence.
#[derive(Debug, Clone, PartialEq)]
pub struct OccurrencePlan {
    /// The resulting occurrence.
    pub after: StoredOccurrence,
    /// The log entry; if there is none, the edit changes nothing and the adapter writes nothing.
    pub entry: Option<ActivityDraft>,
}

/// The time of the last known change of an occurrence, which the next one follows.
#[must_use]
pub fn last_change(event: &Event, occurrence: &StoredOccurrence) -> Instant {
    occurrence.updated_at.map_or(event.updated_at, |last| last.max(event.updated_at))
}

/// Plans an edit of the occurrence `before` of `event`.
///
/// # Errors
/// The refusals of [`Events::update_occurrence`](crate::ports::Events::update_occurrence), except those because of moved
/// registrations that conflict and of seats that remain, which the adapter finds.
pub fn plan_occurrence_edit(
    event: &Event,
    before: &StoredOccurrence,
    edit: &OccurrenceEdit,
    now: Instant,
) -> Result<OccurrencePlan, Refusals> {
    check_version(edit.patch.expected_version, before.version)?;
    if before.status() == OccurrenceStatus::Cancelled {
        return Err(Refusal::OccurrenceCancelled.into());
    }
    let mut refusals = Vec::new();
    if before.interval.start() <= now {
        refusals.push(Refusal::invalid(Field::OccurrenceId, "must be an occurrence that has not begun"));
    }
    let patch = match occurrence_with_duration(event, before, &edit.patch) {
        Ok(patch) => patch,
        Err(problems) => return Err(problems.after(refusals)),
    };
    let mut after = before.clone();
    apply(&mut after.exception, &patch, event, before.original_local);
    after.interval = interval_of(event, &after.exception, before.key.original_start, before.original_local);
    after.capacity = after.exception.capacity.unwrap_or(event.capacity);
    if edit.patch.starts_at.is_some() && after.interval.start() <= now {
        refusals.push(Refusal::invalid(Field::StartsAt, "must lie in the future"));
    }
    refusals.extend(size_refusals(before, &after));
    Refusals::verify_none(refusals)?;
    Ok(plan(event, before, after, Action::OccurrenceUpdated, now))
}

/// The refusals of an edit because of the registrations that follow the occurrence.
pub(super) fn size_refusals(before: &StoredOccurrence, after: &StoredOccurrence) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    // The seats that remain after a move are known when its conflicts are.
    if before.taken > after.capacity.get() && before.interval == after.interval {
        refusals.push(Refusal::CapacityBelowRegistrations { taken: before.taken });
    }
    if before.taken.saturating_add(before.waiting) > EDITED_REGISTRATIONS {
        refusals.push(Refusal::LimitExceeded(Limit::EditedRegistrations));
    }
    refusals
}

/// Plans the cancellation of the occurrence `before` of `event`.
///
/// # Errors
/// [`Refusal::VersionConflict`]; [`Refusal::AlreadyCancelled`]; [`Refusal::InvalidInput`] for an occurrence that has begun.
pub fn plan_occurrence_cancellation(
    event: &Event,
    before: &StoredOccurrence,
    expected_version: Option<u32>,
    now: Instant,
) -> Result<OccurrencePlan, Refusals> {
    check_version(expected_version, before.version)?;
    if before.status() == OccurrenceStatus::Cancelled {
        return Err(Refusal::AlreadyCancelled.into());
    }
    if before.interval.start() <= now {
        return Err(Refusal::invalid(Field::OccurrenceId, "must be an occurrence that has not begun").into());
    }
    let mut after = before.clone();
    after.state = StoredState::Cancelled;
    after.exception.cancelled = true;
    Ok(plan(event, before, after, Action::OccurrenceCancelled, now))
}

/// The stored occurrences of an event whose original start is ahead, whether they have begun or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedAhead {
    /// Exceptions, dropped ones included.
    pub exceptions: u64,
    /// The others that are stored only for their versions.
    pub versions: u64,
}

/// Verifies that an event of which organizers have changed so many occurrences ahead may have one more. It restricts no change of
/// an occurrence that is stored.
///
/// # Errors
/// [`Refusal::LimitExceeded`].
pub fn exceptions_within_limit(changed: ChangedAhead) -> Result<(), Refusal> {
    let ChangedAhead { exceptions, versions } = changed;
    // An exception that is restored is stored for its version.
    let is_within = exceptions < EXCEPTIONS && exceptions + versions < EXCEPTIONS + KEPT_VERSIONS as u64;
    if is_within { Ok(()) } else { Err(Refusal::LimitExceeded(Limit::Exceptions)) }
}

/// Sets the given values. One that the occurrence takes from its event anyway is no exception.
fn apply(exception: &mut Exception, patch: &OccurrencePatch, event: &Event, original_local: LocalDateTime) {
    let OccurrencePatch { expected_version: _, title, location, starts_at, duration, ends_at: _, capacity } =
        patch;
    fn replace<T: Clone + PartialEq>(field: &mut Option<T>, value: &Option<T>, inherited: &T) {
        if let Some(value) = value {
            *field = (value != inherited).then(|| value.clone());
        }
    }
    replace(&mut exception.title, title, &event.title);
    replace(&mut exception.location, location, &event.location);
    replace(&mut exception.starts_at, starts_at, &original_local);
    replace(&mut exception.duration, duration, &event.duration);
    replace(&mut exception.capacity, capacity, &event.capacity);
}

/// The plan of an edit, with its log entry.
pub(super) fn plan(
    event: &Event,
    before: &StoredOccurrence,
    mut after: StoredOccurrence,
    action: Action,
    now: Instant,
) -> OccurrencePlan {
    if after == *before {
        return OccurrencePlan { after, entry: None };
    }
    after.version = before.version.saturating_add(1);
    after.updated_at = updated_at(before, &after, now);
    let entry = Some(log::occurrence_changed(action, event, before, &after));
    OccurrencePlan { after, entry }
}
