//! Founding, changing and reading organizations.

mod create;
mod get;
mod update;

pub use create::{CreateOrganization, CreateOrganizationCommand};
pub use get::GetOrganization;
pub use update::UpdateOrganization;
