//! Use cases that list, find, update, cancel, restore and preview occurrences.

mod backwards;
mod cancel;
pub(crate) mod find;
mod get_many;
mod list;
mod of_event;
mod preview;
mod restore;
mod scan;
mod search;
mod text_match;
mod timeline;
mod update;
mod window;

pub use cancel::CancelOccurrence;
pub use get_many::GetOccurrences;
pub use list::{ListOccurrences, OccurrenceQuery};
pub use of_event::OccurrenceOfEvent;
pub use preview::{Preview, PreviewRecurrence, PreviewRecurrenceCommand, PreviewedOccurrence};
pub use restore::RestoreOccurrence;
pub use timeline::OccurrencePosition;
pub use update::UpdateOccurrence;
pub use window::{LONGEST_WINDOW, window};
