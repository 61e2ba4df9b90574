use std::sync::Arc;

use convene_application::member::VisibleMember;
use convene_domain::{id::MemberId, member, text::Email};
use juniper::{ID, graphql_object};

use super::{NodeValue, mirror::mirror_enum, numbers::int};
use crate::graphql::{context::Context, errors::FieldProblem, scalars::DateTime};

mirror_enum! {
    /// The role of a member.
    Role = member::Role {
        /// May change members, events, issues and the registrations of other members.
        Admin,
        /// May read, register and report issues.
        Member,
    }
}

/// A person in an organization. The same person in two organizations is two members.
#[derive(Clone, Debug)]
pub struct Member(Arc<VisibleMember>);

impl Member {
    /// The member of a reference, removed or not.
    ///
    /// # Errors
    /// Faults, and a member that does not exist: a member that is referenced is never deleted.
    pub(super) async fn named(context: &Context, id: MemberId) -> Result<Self, FieldProblem> {
        match context.loaders()?.member(id).await? {
            Some(member) => Ok(Self(member)),
            None => Err(context.missing("member", id).await),
        }
    }
}

impl From<Arc<VisibleMember>> for Member {
    fn from(member: Arc<VisibleMember>) -> Self {
        Self(member)
    }
}

impl From<VisibleMember> for Member {
    fn from(member: VisibleMember) -> Self {
        Self(Arc::new(member))
    }
}

/// A person in an organization. The same person in two organizations is two members.
#[graphql_object]
#[graphql(impl = NodeValue, context = Context)]
impl Member {
    /// The id of the member.
    pub(super) fn id(&self) -> ID {
        ID::from(self.0.id.to_string())
    }

    /// The subject of the member's credentials, unique in the organization.
    fn user_id(&self) -> &str {
        self.0.user_id.as_str()
    }

    /// The name that other members see.
    fn display_name(&self) -> &str {
        self.0.display_name.as_str()
    }

    /// The email address. Null unless the caller is an ADMIN or this member.
    fn email(&self) -> Option<&str> {
        self.0.email.as_ref().map(Email::as_str)
    }

    /// The role.
    fn role(&self) -> Role {
        self.0.role.into()
    }

    /// The version, which starts at 1 and grows with each change.
    fn version(&self) -> i32 {
        int(self.0.version)
    }

    /// The time at which the member was added.
    fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// The time of the last change.
    fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }
}
