use std::sync::Arc;

use convene_domain::{
    id::OrganizationId,
    organization::{Organization, OrganizationStatus},
};

use crate::{
    caller::Operator, change::RequestMetadata, failure::Outcome, mutation_context::ContextFactory,
    ports::Organizations,
};

/// Suspends and resumes organizations.
pub struct SetOrganizationStatus {
    pub(crate) contexts: ContextFactory,
    pub(crate) organizations: Arc<dyn Organizations>,
}

impl SetOrganizationStatus {
    /// Gives an organization this status.
    ///
    /// # Errors
    /// Refused only with `NotFound` on `organizationId` or `IdempotencyKeyReused`.
    #[tracing::instrument(skip_all, fields(organization = %id))]
    pub async fn execute(
        &self,
        operator: &Operator,
        id: OrganizationId,
        status: OrganizationStatus,
        request: RequestMetadata,
    ) -> Outcome<Organization> {
        let change = self.contexts.for_operator(operator, request);
        let changed = self.organizations.set_status(&operator.scope_of(id), status, &change).await?;
        let what = match status {
            OrganizationStatus::Active => "resumed",
            OrganizationStatus::Suspended => "suspended",
        };
        // A repeat may find that the organization was given the other status since.
        if changed.status == status {
            super::record(operator, what, id);
        }
        Ok(changed)
    }
}
