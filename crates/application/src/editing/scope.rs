//! Plans edits of a whole series, or of a part.

use convene_domain::{
    event::{Event, EventStatus},
    occurrence::StoredOccurrence,
    time::Instant,
};

use super::{
    event::{EventPlan, plan_whole},
    split::{Split, plan_split},
};
use crate::{
    failure::{Field, Refusal, Refusals},
    ports::{EditScope, EventEdit},
    version::check_version,
};

/// Plans an edit of `event`, whose stored occurrences are `stored`: all that have not begun, or whose original start is ahead,
/// exceptions whose date has passed by an edit, and those that by the current schedule passed while they were cancelled, or began at a time
/// of their own.
/// The edit names the first occurrence of a split by its current key; one of another event is not found.
///
/// # Errors
/// The refusals of [`Events::update`](crate::ports::Events::update), except those because of moved registrations that conflict
/// and of seats that remain, which the adapter finds.
pub fn plan_event_edit(
    event: &Event,
    edit: &EventEdit,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Result<EventPlan, Refusals> {
    if let EditScope::ThisAndFollowing { from, .. } = edit.scope
        && from.event != event.id
    {
        return Err(Refusal::not_found(Field::FromOccurrenceId).into());
    }
    check_version(edit.expected_version, event.version)?;
    if event.status == EventStatus::Cancelled {
        return Err(Refusal::EventCancelled.into());
    }
    let plan = match edit.scope {
        EditScope::All => plan_whole(event, &edit.patch, event.series.first_date(), stored, now)?,
        EditScope::ThisAndFollowing { from, new_event } => {
            plan_split(event, Split { from, new_event }, &edit.patch, stored, now)?
        }
    };
    plan.within_limit()
}
