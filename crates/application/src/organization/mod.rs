//! Use cases and rules of organizations.

mod create;
mod get;
pub mod log;
mod patch;
pub mod refusals;
mod update;

pub use create::{CreateOrganization, CreateOrganizationCommand};
pub use get::GetOrganization;
pub use update::UpdateOrganization;
