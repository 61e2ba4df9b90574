//! Reading who changed what, and when.

mod get_many;
mod list;

pub use get_many::GetActivities;
pub use list::ListActivity;
