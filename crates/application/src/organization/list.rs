use std::sync::Arc;

use convene_domain::{id::OrganizationId, organization::Organization};

use crate::{
    caller::Operator,
    failure::Outcome,
    page::{BoundedPage, PageRequest},
    ports::{OrganizationFilter, Organizations},
};

/// Lists the organizations of the platform, for the operator.
pub struct ListOrganizations {
    pub(crate) organizations: Arc<dyn Organizations>,
}

impl ListOrganizations {
    /// Returns the organizations that match the filter, in the order of their creation.
    ///
    /// # Errors
    /// Faults only.
    pub async fn execute(
        &self,
        operator: &Operator,
        filter: OrganizationFilter,
        page: PageRequest<OrganizationId>,
    ) -> Outcome<BoundedPage<Organization, OrganizationId>> {
        Ok(self.organizations.list(operator, filter, page).await?)
    }
}
