//! Plans restorations of single occurrences.

use convene_domain::{
    activity::Action,
    event::{Event, EventStatus},
    occurrence::{Exception, StoredOccurrence, StoredState},
    time::Instant,
};

use super::{
    mapping::interval_of,
    occurrence::{OccurrencePlan, plan, size_refusals},
};
use crate::{
    failure::{Field, Refusal, Refusals},
    ports::{OccurrenceField, OccurrenceRestoration},
    version::check_version,
};

/// Plans the restoration of the occurrence `before` of `event`.
///
/// # Errors
/// The refusals of [`Events::restore_occurrence`](crate::ports::Events::restore_occurrence), except those because of
/// moved registrations that conflict and of seats that remain, which the adapter finds.
pub fn plan_occurrence_restoration(
    event: &Event,
    before: &StoredOccurrence,
    restoration: &OccurrenceRestoration,
    now: Instant,
) -> Result<OccurrencePlan, Refusals> {
    check_version(restoration.expected_version, before.version)?;
    if event.status == EventStatus::Cancelled {
        return Err(Refusal::EventCancelled.into());
    }
    if before.is_dropped() {
        return Err(Refusal::invalid(Field::OccurrenceId, "must be an occurrence that its series has").into());
    }
    if before.interval.start() <= now {
        return Err(Refusal::invalid(Field::OccurrenceId, "must be an occurrence that has not begun").into());
    }
    let fields = &restoration.fields;
    let mut after = before.clone();
    remove_values(&mut after.exception, fields);
    let is_of_status = fields.is_empty() || fields.contains(&OccurrenceField::Status);
    if is_of_status && after.exception == before.exception {
        return Err(Refusal::NotCancelled.into());
    }
    after.interval = interval_of(event, &after.exception, before.key.original_start, before.original_local);
    after.capacity = after.exception.capacity.unwrap_or(event.capacity);
    after.state = if after.exception.cancelled { StoredState::Cancelled } else { StoredState::Scheduled };
    let mut refusals = size_refusals(before, &after);
    if after.interval.start() <= now {
        refusals.push(if fields.is_empty() {
            let message = "must be an occurrence whose start in the series has not passed";
            Refusal::invalid(Field::OccurrenceId, message)
        } else {
            let message = "must not include STARTS_AT, because the series gives a start that has passed";
            Refusal::invalid(Field::Fields, message)
        });
    }
    Refusals::verify_none(refusals)?;
    Ok(plan(event, before, after, Action::OccurrenceRestored, now))
}

/// Removes the named values of the exception; all of them if none is named.
fn remove_values(exception: &mut Exception, fields: &[OccurrenceField]) {
    if fields.is_empty() {
        *exception = Exception::default();
    }
    for field in fields {
        match field {
            OccurrenceField::Title => exception.title = None,
            OccurrenceField::Location => exception.location = None,
            OccurrenceField::StartsAt => exception.starts_at = None,
            OccurrenceField::Duration => exception.duration = None,
            OccurrenceField::Capacity => exception.capacity = None,
            OccurrenceField::Status => exception.cancelled = false,
        }
    }
}
