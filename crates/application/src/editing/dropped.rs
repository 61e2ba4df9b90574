//! Exceptions that an edit drops: what organizers had made of occurrences that the edited series does not have.

use convene_domain::{activity::ActivityDraft, event::Event, occurrence::Occurrence};

use super::OccurrenceStep;
use crate::{event::log, limits::DROPPED_EXCEPTIONS};

/// The first dropped exceptions as they were, and an entry of the log for each dropped one.
pub(super) fn dropped_exceptions(
    event: &Event,
    steps: &[OccurrenceStep],
) -> (Vec<Occurrence>, Vec<ActivityDraft>) {
    let dropped = steps.iter().filter_map(|step| match step {
        OccurrenceStep::Drop(before) | OccurrenceStep::Replace(before)
            if before.exception.is_any() && !before.is_dropped() =>
        {
            Some(before)
        }
        OccurrenceStep::Become { before, after } if after.is_dropped() && !before.is_dropped() => {
            Some(before)
        }
        _ => None,
    });
    let (mut exceptions, drafts): (Vec<_>, Vec<_>) =
        dropped.map(|before| (Occurrence::stored(event, before), log::dropped(event, before))).unzip();
    exceptions.truncate(DROPPED_EXCEPTIONS);
    (exceptions, drafts)
}
