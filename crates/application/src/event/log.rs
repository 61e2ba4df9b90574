//! Activity log entries of events and occurrences.

use std::fmt::Display;

use convene_domain::{
    activity::{Action, ActivityDraft, FieldChange, FieldChanges, Subject},
    event::Event,
    occurrence::{Exception, Occurrence, StoredOccurrence},
    time::LocalDateTime,
};

/// The entry of a new event.
#[must_use]
pub fn created(event: &Event) -> ActivityDraft {
    draft(Action::EventCreated, event, event_changes(None, Some(event)))
}

/// The entry of an edited event.
#[must_use]
pub(crate) fn updated(before: &Event, after: &Event) -> ActivityDraft {
    draft(Action::EventUpdated, after, event_changes(Some(before), Some(after)))
}

/// The entry of an event whose stored occurrences get the times of a new time-zone database. The event does not change.
#[must_use]
pub(crate) fn realigned(_: &Event, event: &Event) -> ActivityDraft {
    draft(Action::EventRealigned, event, Vec::new())
}

/// The entry of an event whose series ends before a split.
#[must_use]
pub(crate) fn split(before: &Event, ended: &Event) -> ActivityDraft {
    draft(Action::EventSplit, ended, event_changes(Some(before), Some(ended)))
}

/// The entry of a cancelled or restored event, which has no other changes than its status.
#[must_use]
pub(crate) fn status_changed(action: Action, before: &Event, after: &Event) -> ActivityDraft {
    let changes =
        FieldChanges::default().compare("status", Some(before.status.as_str()), Some(after.status.as_str()));
    draft(action, after, changes.into_vec())
}

/// The entry of a deleted event.
#[must_use]
pub fn deleted(event: &Event) -> ActivityDraft {
    draft(Action::EventDeleted, event, event_changes(Some(event), None))
}

/// The entry of a changed occurrence.
#[must_use]
pub(crate) fn occurrence_changed(
    action: Action,
    event: &Event,
    before: &StoredOccurrence,
    after: &StoredOccurrence,
) -> ActivityDraft {
    let of_series = event.duration_at(before.key.original_start);
    let duration = |occurrence: &StoredOccurrence| occurrence.exception.duration.unwrap_or(of_series);
    let changes = occurrence_changes(&Occurrence::stored(event, before), &Occurrence::stored(event, after))
        // An edit may change a duration of 24 hours to one of a day, which often has the same end.
        .compare("duration", Some(duration(before)), Some(duration(after)))
        .into_vec();
    ActivityDraft { action, subject: Subject::Occurrence(before.key), changes }
}

/// The entry of a dropped exception: its values, as far as they differ from those of an occurrence that follows its event.
#[must_use]
pub(crate) fn dropped(event: &Event, before: &StoredOccurrence) -> ActivityDraft {
    let derived = StoredOccurrence {
        interval: event.interval_from(before.key.original_start),
        capacity: event.capacity,
        state: event.status.into(),
        exception: Exception::default(),
        ..before.clone()
    };
    let mut draft = occurrence_changed(Action::OccurrenceDropped, event, before, &derived);
    draft.changes.iter_mut().for_each(|change| change.after = None);
    draft
}

const fn draft(action: Action, event: &Event, changes: Vec<FieldChange>) -> ActivityDraft {
    ActivityDraft { action, subject: Subject::Event(event.id), changes }
}

/// The fields in which two states of an event differ; `None` for an event that does not exist before or after.
fn event_changes(before: Option<&Event>, after: Option<&Event>) -> Vec<FieldChange> {
    fn both<T>(pair: (Option<&Event>, Option<&Event>), get: impl Fn(&Event) -> T) -> (Option<T>, Option<T>) {
        (pair.0.map(&get), pair.1.map(&get))
    }
    fn optional<T>(
        pair: (Option<&Event>, Option<&Event>),
        get: impl Fn(&Event) -> Option<T>,
    ) -> (Option<T>, Option<T>) {
        (pair.0.and_then(&get), pair.1.and_then(&get))
    }
    let pair = (before, after);
    let mut changes = FieldChanges::default();
    let mut add = |field: &'static str, (before, after): (Option<String>, Option<String>)| {
        changes = std::mem::take(&mut changes).compare(field, before, after);
    };
    add("title", both(pair, |event| event.title.to_string()));
    add("description", both(pair, |event| event.description.to_string()));
    add("location", both(pair, |event| event.location.to_string()));
    add("timeZone", both(pair, |event| event.series.zone().name().to_owned()));
    add("startsAt", both(pair, |event| local(event.series.first_date())));
    add("duration", both(pair, |event| event.duration.to_string()));
    add("recurrence.rrule", optional(pair, |event| event.series.rule().map(ToString::to_string)));
    add("recurrence.exdates", optional(pair, |event| locals(event.series.exdates())));
    add("recurrence.rdates", optional(pair, |event| locals(event.series.rdates())));
    add("capacity", both(pair, |event| event.capacity.to_string()));
    add("registrationOpens", optional(pair, |event| event.policy.opens.map(text)));
    add("registrationCloses", optional(pair, |event| event.policy.closes.map(text)));
    add("cancellationCloses", optional(pair, |event| event.policy.cancellation_closes.map(text)));
    add("status", both(pair, |event| event.status.as_str().to_owned()));
    changes.into_vec()
}

/// The fields in which two states of an occurrence differ.
fn occurrence_changes(before: &Occurrence, after: &Occurrence) -> FieldChanges {
    let instant = |instant: convene_domain::time::Instant| {
        let local = local(LocalDateTime::new(instant.date(), instant.time()));
        format!("{local}Z")
    };
    FieldChanges::default()
        .compare("title", Some(&before.title), Some(&after.title))
        .compare("location", Some(&before.location), Some(&after.location))
        .compare("startsAt", Some(instant(before.interval.start())), Some(instant(after.interval.start())))
        .compare("endsAt", Some(instant(before.interval.end())), Some(instant(after.interval.end())))
        .compare("capacity", Some(before.capacity), Some(after.capacity))
        .compare("status", Some(before.status.as_str()), Some(after.status.as_str()))
}

fn text(value: impl Display) -> String {
    value.to_string()
}

/// Formats a local time in ISO 8601, to the second.
fn local(time: LocalDateTime) -> String {
    let (date, (hour, minute, second)) = (time.date(), time.as_hms());
    format!("{date}T{hour:02}:{minute:02}:{second:02}")
}

fn locals(times: &[LocalDateTime]) -> Option<String> {
    let texts: Vec<String> = times.iter().copied().map(local).collect();
    (!texts.is_empty()).then(|| texts.join(","))
}
