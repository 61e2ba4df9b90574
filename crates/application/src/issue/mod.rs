//! Use cases and rules of issues.

mod create;
mod delete;
mod get_by_number;
mod get_many;
mod list;
pub mod log;
mod patch;
pub mod references;
pub mod refusals;
mod update;

pub use create::{CreateIssue, CreateIssueCommand};
pub use delete::{DeleteIssue, DeleteIssueCommand};
pub use get_by_number::GetIssueByNumber;
pub use get_many::GetIssues;
pub use list::ListIssues;
pub use update::{UpdateIssue, UpdateIssueCommand};
