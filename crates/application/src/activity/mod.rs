//! Use cases that read the activity log.

mod get_many;
mod list;

pub use get_many::GetActivities;
pub use list::ListActivity;
