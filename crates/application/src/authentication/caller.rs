//! Callers, the operator, and their authority.
//!
//! Authority is a value: a [`TenantScope`], [`Caller`] or [`Operator`] is constructed by authentication only, and an
//! [`Admin`] only from a caller who is one. A use case takes the authority that it needs as an argument.
//!
//! Other crates cannot construct them:
//!
//! ```compile_fail,E0624
//! # use convene_application::caller::TenantScope;
//! # use convene_domain::id::OrganizationId;
//! fn forge(organization: OrganizationId) -> TenantScope {
//!     TenantScope::of_platform(organization)
//! }
//! ```
//!
//! ```compile_fail,E0624
//! # use convene_application::{authentication::Deadline, caller::Caller};
//! # use convene_domain::{id::OrganizationId, member::{Member, Role}};
//! fn forge(organization: OrganizationId, member: &Member) -> Caller {
//!     Caller::new(organization, member, Role::Admin, Deadline::NONE)
//! }
//! ```
//!
//! ```compile_fail,E0624
//! # use convene_application::caller::Operator;
//! # use convene_domain::text::UserId;
//! fn forge(user: UserId) -> Operator {
//!     Operator::new(user)
//! }
//! ```
//!
//! ```compile_fail,E0624
//! # use convene_application::caller::{Operator, TenantScope};
//! # use convene_domain::id::OrganizationId;
//! fn escalate(operator: &Operator, organization: OrganizationId) -> TenantScope {
//!     operator.scope_of(organization)
//! }
//! ```

use convene_domain::{
    activity::Actor,
    id::{MemberId, OrganizationId},
    member::{Member, Role},
    text::UserId,
};

use super::Deadline;
use crate::failure::Refusal;

/// The proof that a call may access the data of one organization. Every port method on such data takes it first.
///
/// It also names the member on whose behalf the call is made and the deadline of the call, so that an adapter can share
/// its capacity fairly and stop work that nobody waits for (ADR 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TenantScope {
    organization: OrganizationId,
    member: Option<MemberId>,
    deadline: Deadline,
    catalogue_revision: Option<i64>,
}

impl TenantScope {
    /// The organization that the call may access.
    #[must_use]
    pub const fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// The member on whose behalf the call is made; `None` for the operator and for work of the program itself.
    #[must_use]
    pub const fn member(&self) -> Option<MemberId> {
        self.member
    }

    /// The deadline of the call.
    #[must_use]
    pub const fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// The revision of the organization's catalogue, read after the request had arrived; `None` if it was not read.
    #[must_use]
    pub const fn catalogue_revision(&self) -> Option<i64> {
        self.catalogue_revision
    }

    /// The same scope for work that continues when its request is over.
    #[must_use]
    pub const fn without_deadline(&self) -> Self {
        Self { deadline: self.deadline.removed(), ..*self }
    }

    /// The scope of work for several members at once, which ends at the deadline of none of them.
    #[must_use]
    pub const fn for_several_members(&self) -> Self {
        Self::of_platform(self.organization)
    }

    /// The scope of any organization, for the work of the platform itself.
    pub(super) const fn of_platform(organization: OrganizationId) -> Self {
        Self { organization, member: None, deadline: Deadline::NONE, catalogue_revision: None }
    }

    /// The scope of any organization, for tests of ports.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub const fn for_tests(organization: OrganizationId) -> Self {
        Self::of_platform(organization)
    }

    /// The same scope for a call of this member with this deadline, for tests of ports.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub const fn called_by(self, member: MemberId, deadline: Deadline) -> Self {
        Self { member: Some(member), deadline, ..self }
    }

    /// The same scope for a call that was authenticated at this revision of the catalogue, for tests of ports.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub const fn at_revision(self, revision: i64) -> Self {
        Self { catalogue_revision: Some(revision), ..self }
    }
}

/// A principal that is a member of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    scope: TenantScope,
    member: MemberId,
    user: UserId,
    role: Role,
}

impl Caller {
    /// The caller with this membership, who acts in this role and waits until the deadline.
    pub(super) fn new(organization: OrganizationId, member: &Member, role: Role, deadline: Deadline) -> Self {
        let scope =
            TenantScope { member: Some(member.id), deadline, ..TenantScope::of_platform(organization) };
        Self { scope, member: member.id, user: member.user_id.clone(), role }
    }

    /// The same caller, who was authenticated at this revision of the catalogue.
    pub(super) const fn at_revision(mut self, revision: Option<i64>) -> Self {
        self.scope.catalogue_revision = revision;
        self
    }

    /// The caller of this membership, for tests.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn for_tests(organization: OrganizationId, member: &Member) -> Self {
        Self::new(organization, member, member.role, Deadline::NONE)
    }

    /// The organization that the call may access.
    #[must_use]
    pub const fn scope(&self) -> &TenantScope {
        &self.scope
    }

    /// The caller's membership.
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
    /// [`Refusal::AdminOnly`] if the caller is not an admin.
    pub fn admin(&self) -> Result<Admin<'_>, Refusal> {
        if self.role == Role::Admin { Ok(Admin(self)) } else { Err(Refusal::AdminOnly) }
    }
}

/// The proof that a caller is an admin of the organization.
#[derive(Debug, Clone, Copy)]
pub struct Admin<'caller>(&'caller Caller);

impl std::ops::Deref for Admin<'_> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        self.0
    }
}

/// The platform's operator, who creates organizations and belongs to none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    actor: Actor,
}

impl Operator {
    /// The operator with credentials of this subject.
    pub(super) const fn new(user: UserId) -> Self {
        Self { actor: Actor::User(user) }
    }

    /// The operator of a command, who has no credentials. The name of the platform is one that no user can have.
    pub(super) const fn of_platform() -> Self {
        Self { actor: Actor::System }
    }

    /// An operator for tests.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub const fn for_tests(user: UserId) -> Self {
        Self::new(user)
    }

    /// The actor of the operator's changes in the activity log.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The scope of an organization that the operator creates, or whose personal data the operator exports or erases.
    pub(crate) const fn scope_of(&self, organization: OrganizationId) -> TenantScope {
        TenantScope::of_platform(organization)
    }
}

/// The sender of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A sender without credentials that stand for a member or the operator.
    Anonymous,
    /// A member of a suspended organization, who is not the operator. The ids give no authority.
    Suspended { organization: OrganizationId, member: MemberId },
    /// A sender with authority.
    Authenticated(Identity),
}

/// The authority of an authenticated sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A member of the organization that the credentials name.
    Member(Caller),
    /// The platform's operator, who is no member of the organization that the credentials name, if they name one. The members of
    /// a suspended organization count as none.
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
