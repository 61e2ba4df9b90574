use convene_application::caller::TenantScope;
use convene_domain::id::{MemberId, OrganizationId};

/// The organization and the member for whom a call is made, between whom a gate is fair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    /// `None` for the program itself.
    pub(super) organization: Option<OrganizationId>,
    /// `None` for the operator and the program.
    pub(super) member: Option<MemberId>,
}

impl Owner {
    /// The program itself.
    pub(crate) const PROGRAM: Self = Self { organization: None, member: None };
}

impl From<&TenantScope> for Owner {
    fn from(scope: &TenantScope) -> Self {
        Self { organization: Some(scope.organization()), member: scope.member() }
    }
}
