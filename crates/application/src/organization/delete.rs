use std::sync::Arc;

use convene_domain::{id::OrganizationId, text::Slug};

use crate::{
    caller::Operator,
    change::RequestMetadata,
    failure::Outcome,
    mutation_context::ContextFactory,
    ports::{OrganizationDeleted, Organizations},
};

/// The input of [`DeleteOrganization`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteOrganizationCommand {
    pub organization: OrganizationId,
    /// The slug of the organization, as a confirmation.
    pub slug: Slug,
}

/// Deletes suspended organizations.
pub struct DeleteOrganization {
    pub(crate) contexts: ContextFactory,
    pub(crate) organizations: Arc<dyn Organizations>,
}

impl DeleteOrganization {
    /// Deletes an organization with all its data, except its slug, which stays reserved.
    ///
    /// # Errors
    /// Refused with `NotFound` on `organizationId`, `InvalidInput` on `organizationId` or `slug`, or `IdempotencyKeyReused`.
    #[tracing::instrument(skip_all, fields(organization = %command.organization))]
    pub async fn execute(
        &self,
        operator: &Operator,
        command: DeleteOrganizationCommand,
        request: RequestMetadata,
    ) -> Outcome<OrganizationDeleted> {
        let change = self.contexts.for_operator(operator, request);
        let DeleteOrganizationCommand { organization, slug } = command;
        let deleted = self.organizations.delete(&operator.scope_of(organization), &slug, &change).await?;
        super::record(operator, "deleted", organization);
        Ok(deleted)
    }
}
