//! Use cases that create, update, cancel, restore, duplicate, delete, read and realign events.

mod cancel;
mod create;
mod delete;
mod duplicate;
mod get_many;
mod list;
pub mod log;
pub mod patch;
mod realign;
mod restore;
pub mod series;
pub(crate) mod times;
mod update;
mod update_due;

pub use cancel::CancelEvent;
pub use create::{CreateEvent, CreateEventCommand};
pub use delete::DeleteEvent;
pub use duplicate::{DuplicateEvent, DuplicateEventCommand, duplicated};
pub use get_many::GetEvents;
pub use list::ListEvents;
pub use realign::{RealignOccurrences, Realigned};
pub use restore::RestoreEvent;
pub use times::{Length, check_end, duration_of_days, problems_of_days};
pub use update::{SeriesPart, UpdateEvent, UpdateEventCommand};
pub use update_due::UpdateDue;
