use juniper::graphql_object;

use super::{Member, Organization, RegistrationConnection, Role};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{RegistrationFilter, RegistrationOrder},
    query::{self, paging::Paging},
};

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

    /// The caller's own registrations, by start, then id, unless `orderBy` says otherwise.
    async fn registrations(
        context: &Context,
        #[graphql(
            description = "The number of items from the beginning of the list, or after `after`: 1 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page begins behind its item. Not together with `last` or `before`."
        )]
        after: Option<String>,
        #[graphql(
            description = "The number of items up to the end of the list, or before `before`: 1 to 100; 20 if only `before` is given. Not together with `first`."
        )]
        last: Option<i32>,
        #[graphql(
            description = "A cursor of this list and order: the page ends in front of its item. Not together with `first` or `after`."
        )]
        before: Option<String>,
        #[graphql(description = "The conditions; everything if left out.")] filter: Option<
            RegistrationFilter,
        >,
        #[graphql(description = "The order; by start, ascending, if left out.")] order_by: Option<
            RegistrationOrder,
        >,
    ) -> Result<RegistrationConnection, FieldProblem> {
        query::registration::own(context, Paging { first, after, last, before }, filter, order_by).await
    }
}
