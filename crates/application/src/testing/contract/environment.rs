use std::sync::{Arc, Mutex, PoisonError};

use convene_domain::{member::Member, organization::Organization};

use crate::{
    caller::TenantScope,
    testing::{
        Adapters,
        builders::{ChangeBuilder, MemberBuilder, OrganizationBuilder},
    },
};

use super::tenant::Tenant;

/// The ports under test and every organization that was created with them.
#[derive(Clone)]
pub struct Environment {
    pub(super) ports: Adapters,
    /// The ports of another process.
    pub(super) other: Adapters,
    tenants: Arc<Mutex<Vec<Tenant>>>,
}

impl Environment {
    pub(super) fn over(ports: Adapters, other: Adapters) -> Self {
        Self { ports, other, tenants: Arc::default() }
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
