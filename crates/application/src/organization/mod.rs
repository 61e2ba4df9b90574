//! Use cases and rules of organizations.

mod create;
mod delete;
mod forget_deleted;
mod get;
mod list;
pub mod log;
mod patch;
pub mod refusals;
mod set_status;
mod update;

pub use create::{CreateOrganization, CreateOrganizationCommand};
pub use delete::{DeleteOrganization, DeleteOrganizationCommand};
pub use forget_deleted::ForgetDeleted;
pub use get::GetOrganization;
pub use list::ListOrganizations;
pub use patch::with_status;
pub use set_status::SetOrganizationStatus;
pub use update::UpdateOrganization;

use convene_domain::id::OrganizationId;

use crate::caller::Operator;

/// Writes a change by the operator to the log of the process, which outlives the organization and its activity log.
fn record(operator: &Operator, what: &'static str, organization: OrganizationId) {
    tracing::warn!(
        target: "security",
        operator = %operator.actor(),
        %organization,
        "the operator {what} an organization"
    );
}

/// Writes the end of a deletion that another process has begun to the log. The log entry with the operator is deleted by then.
pub(crate) fn record_completed_deletion(organization: OrganizationId) {
    tracing::warn!(
        target: "security",
        %organization,
        "an organization that the operator deleted is gone: another process has completed the deletion"
    );
}
