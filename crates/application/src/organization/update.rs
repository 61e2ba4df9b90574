use std::sync::Arc;

use convene_domain::organization::Organization;

use crate::{
    caller::Admin,
    change::RequestMetadata,
    failure::Outcome,
    mutation_context::ContextFactory,
    ports::{OrganizationPatch, Organizations},
};

/// Changes the admin's organization.
pub struct UpdateOrganization {
    pub(crate) contexts: ContextFactory,
    pub(crate) organizations: Arc<dyn Organizations>,
}

impl UpdateOrganization {
    /// Changes the fields that the patch sets.
    ///
    /// # Errors
    /// Refused only with `VersionConflict` or `IdempotencyKeyReused`.
    #[tracing::instrument(name = "organization.update", skip_all, fields(organization = %admin.scope().organization()))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        patch: OrganizationPatch,
        request: RequestMetadata,
    ) -> Outcome<Organization> {
        let change = self.contexts.for_member(&admin, request);
        self.organizations.update(admin.scope(), patch, &change).await
    }
}
