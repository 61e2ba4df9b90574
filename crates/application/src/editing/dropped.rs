//! Exceptions that an edit drops: what organizers had made of occurrences that the edited series does not have.

use convene_domain::{
    activity::{Action, ActivityDraft, FieldChange, Subject},
    event::Event,
    occurrence::{Exception, Occurrence, StoredOccurrence},
};

use super::{OccurrenceStep, changes::occurrence_changes};
use crate::limits::DROPPED_EXCEPTIONS;

/// The first dropped exceptions as they were, and an entry of the log for each dropped one.
pub(super) fn dropped_exceptions(
    event: &Event,
    steps: &[OccurrenceStep],
) -> (Vec<Occurrence>, Vec<ActivityDraft>) {
    let dropped = steps.iter().filter_map(|step| match step {
        OccurrenceStep::Drop(before) | OccurrenceStep::Replace(before)
            if before.exception.is_any() && !before.is_dropped =>
        {
            Some(before)
        }
        _ => None,
    });
    let (mut exceptions, drafts): (Vec<_>, Vec<_>) = dropped
        .map(|before| {
            let draft = ActivityDraft {
                action: Action::OccurrenceDropped,
                subject: Subject::Occurrence(before.key),
                changes: lost(event, before),
            };
            (Occurrence::stored(event, before), draft)
        })
        .unzip();
    exceptions.truncate(DROPPED_EXCEPTIONS);
    (exceptions, drafts)
}

/// The values of the exception, as far as they differ from those of an occurrence that follows its event.
fn lost(event: &Event, before: &StoredOccurrence) -> Vec<FieldChange> {
    let derived = StoredOccurrence {
        interval: event.interval_from(before.key.original_start),
        capacity: event.capacity,
        status: event.status,
        exception: Exception::default(),
        ..before.clone()
    };
    let (before, derived) = (Occurrence::stored(event, before), Occurrence::stored(event, &derived));
    let changes = occurrence_changes(&before, &derived).into_iter();
    changes.map(|change| FieldChange { after: None, ..change }).collect()
}
