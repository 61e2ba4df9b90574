use std::sync::Arc;

use convene_domain::organization::Organization;

use crate::{caller::Caller, failure::Outcome, ports::Organizations};

/// Reads the caller's organization.
pub struct GetOrganization {
    pub(crate) organizations: Arc<dyn Organizations>,
}

impl GetOrganization {
    /// # Errors
    /// Faults only.
    #[tracing::instrument(name = "organization.get", skip_all)]
    pub async fn execute(&self, caller: &Caller) -> Outcome<Organization> {
        Ok(self.organizations.get(caller.scope()).await?)
    }
}
