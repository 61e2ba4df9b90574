//! Who calls, for which organization, and with what authority.
//!
//! Tenancy and authority are values: a [`TenantScope`] is made only here, from a membership that was looked up, and
//! an [`Admin`] only from a caller who is one. A use case that needs either takes it as an argument.

use convene_domain::{
    id::{MemberId, OrganizationId},
    member::{Member, Role},
    text::UserId,
};

use crate::failure::Refusal;

/// The one organization that a call may touch. Every port method on an organization's data takes it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TenantScope(OrganizationId);

impl TenantScope {
    /// The organization.
    #[must_use]
    pub const fn organization(&self) -> OrganizationId {
        self.0
    }

    /// The scope of any organization, for tests of ports.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub const fn for_tests(organization: OrganizationId) -> Self {
        Self(organization)
    }
}

/// A member of an organization who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    scope: TenantScope,
    member: MemberId,
    user: UserId,
    role: Role,
}

impl Caller {
    /// The caller that a looked-up membership makes. `role` is the membership's, unless the way of
    /// authentication says otherwise.
    #[must_use]
    pub fn of_membership(organization: OrganizationId, member: &Member, role: Role) -> Self {
        Self { scope: TenantScope(organization), member: member.id, user: member.user_id.clone(), role }
    }

    /// The organization that the call may touch.
    #[must_use]
    pub const fn scope(&self) -> &TenantScope {
        &self.scope
    }

    /// The caller as a member.
    #[must_use]
    pub const fn member(&self) -> MemberId {
        self.member
    }

    /// The subject of the caller's credentials.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    /// The caller's role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The caller as an admin.
    ///
    /// # Errors
    /// [`Refusal::AdminOnly`] if the caller is none.
    pub fn admin(&self) -> Result<Admin<'_>, Refusal> {
        if self.role == Role::Admin { Ok(Admin(self)) } else { Err(Refusal::AdminOnly) }
    }
}

/// A caller who is an admin of the organization: proof of authority, taken by the use cases that need it.
#[derive(Debug, Clone, Copy)]
pub struct Admin<'caller>(&'caller Caller);

impl std::ops::Deref for Admin<'_> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        self.0
    }
}

/// The platform's operator, who founds organizations and belongs to none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    user: UserId,
}

impl Operator {
    /// The operator, as the credentials name them.
    #[must_use]
    pub const fn of_credentials(user: UserId) -> Self {
        Self { user }
    }

    /// The subject of the operator's credentials.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    /// The scope of an organization that is being founded.
    #[must_use]
    pub const fn scope_of_new(&self, organization: OrganizationId) -> TenantScope {
        TenantScope(organization)
    }

    /// The scope of an organization in which the operator looks after what is known of a person.
    #[must_use]
    pub(crate) const fn scope_for_personal_data(&self, organization: OrganizationId) -> TenantScope {
        TenantScope(organization)
    }
}

/// The sender of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Has no credentials that stand for a member or the operator.
    Anonymous,
    /// Has authority.
    Authenticated(Identity),
}

/// The authority of an authenticated sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A member of the organization that the credentials name.
    Member(Caller),
    /// The platform's operator, who is no member of the organization that the credentials name, if they name one.
    Operator(Operator),
    /// The platform's operator, who is a member of that organization as well.
    MemberAndOperator(Caller, Operator),
}

impl Identity {
    /// The member, unless the sender is the operator only.
    #[must_use]
    pub const fn caller(&self) -> Option<&Caller> {
        match self {
            Self::Member(caller) | Self::MemberAndOperator(caller, _) => Some(caller),
            Self::Operator(_) => None,
        }
    }

    /// The operator, unless the sender is a member only.
    #[must_use]
    pub const fn operator(&self) -> Option<&Operator> {
        match self {
            Self::Operator(operator) | Self::MemberAndOperator(_, operator) => Some(operator),
            Self::Member(_) => None,
        }
    }
}
