use std::sync::Arc;

use convene_domain::organization::Organization;

use crate::{caller::Caller, failure::Outcome, ports::Organizations};

/// Reads the caller's organization.
pub struct GetOrganization {
    pub(crate) organizations: Arc<dyn Organizations>,
}

impl GetOrganization {
    /// # Errors
    /// Refused with `OrganizationSuspended` if the organization was deleted in the meantime.
    #[tracing::instrument(name = "organization.get", skip_all)]
    pub async fn execute(&self, caller: &Caller) -> Outcome<Organization> {
        self.organizations.get(caller.scope()).await
    }
}
