use std::sync::{Arc, Mutex, PoisonError};

use convene_domain::{member::Member, occurrence::OccurrenceKey, organization::Organization};
use time::Duration;

use crate::{
    caller::TenantScope,
    testing::{
        Adapters,
        builders::{ChangeBuilder, MemberBuilder, OrganizationBuilder},
    },
};

use super::{harness::FormerClocks, tenant::Tenant};

/// The ports under test and every organization that was created with them.
#[derive(Clone)]
pub struct Environment {
    pub(super) ports: Adapters,
    /// The ports of another process.
    pub(super) other: Adapters,
    former_clocks: Option<Arc<dyn FormerClocks>>,
    tenants: Arc<Mutex<Vec<Tenant>>>,
}

impl Environment {
    pub(super) fn over(ports: Adapters, other: Adapters) -> Self {
        Self { ports, other, former_clocks: None, tenants: Arc::default() }
    }

    pub(super) fn with_former_clocks(self, former_clocks: Arc<dyn FormerClocks>) -> Self {
        Self { former_clocks: Some(former_clocks), ..self }
    }

    /// Stores an occurrence as if the clocks of its zone had differed by this much until now. Returns the id that it has.
    pub(super) async fn outdate(
        &self,
        tenant: &Tenant,
        occurrence: OccurrenceKey,
        by: Duration,
    ) -> OccurrenceKey {
        let former_clocks = self.former_clocks.as_ref().expect("the harness of the contract");
        former_clocks.set(&tenant.scope, occurrence, by).await;
        OccurrenceKey { original_start: occurrence.original_start + by, ..occurrence }
    }

    /// Creates an organization whose first admin has the user id `root`.
    pub(super) async fn tenant(&self, slug: &str) -> Tenant {
        let organization = OrganizationBuilder::new(slug).build();
        let admin = MemberBuilder::new("root").admin().build();
        let scope = TenantScope::for_tests(organization.id);
        let change = ChangeBuilder::by("operator").build();
        let (organization, admin) = self
            .ports
            .organizations
            .create(&scope, organization, admin, &change)
            .await
            .expect("an organization is created");
        self.track(scope, organization, admin)
    }

    /// Adds an organization to those whose invariants are checked at the end.
    pub(super) fn track(&self, scope: TenantScope, organization: Organization, admin: Member) -> Tenant {
        let tenant = Tenant { ports: self.ports.clone(), scope, organization, admin };
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner).push(tenant.clone());
        tenant
    }

    pub(super) fn tenants(&self) -> Vec<Tenant> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
