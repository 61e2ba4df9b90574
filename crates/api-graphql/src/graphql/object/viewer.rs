use juniper::graphql_object;

use super::{Member, Organization, RegistrationConnection, Role};
use crate::graphql::{context::Context, errors::FieldProblem, input::RegistrationFilter, query};

/// The caller, as a member of their organization.
#[derive(Clone, Copy, Debug)]
pub struct Viewer;

/// The caller, as a member of their organization.
#[graphql_object]
#[graphql(context = Context)]
impl Viewer {
    /// The caller as a member.
    async fn member(context: &Context) -> Result<Member, FieldProblem> {
        Member::named(context, context.caller()?.member()).await
    }

    /// The caller's role.
    fn role(context: &Context) -> Result<Role, FieldProblem> {
        Ok(context.caller()?.role().into())
    }

    /// The organization that the call is for.
    async fn organization(context: &Context) -> Result<Organization, FieldProblem> {
        query::organization::own(context).await
    }

    /// The caller's own registrations, by start, then id.
    async fn registrations(
        context: &Context,
        first: Option<i32>,
        after: Option<String>,
        filter: Option<RegistrationFilter>,
    ) -> Result<RegistrationConnection, FieldProblem> {
        query::registration::own(context, first, after.as_deref(), filter).await
    }
}
