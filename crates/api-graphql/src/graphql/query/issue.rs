use convene_domain::id::IssueId;
use juniper::ID;

use super::{node, paging::Paging};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{IssueFilter, IssueOrder},
    object::{Asked, Counted, Issue, IssueConnection},
};

/// An issue.
pub(super) async fn one(context: &Context, id: &ID) -> Result<Option<Issue>, FieldProblem> {
    let caller = context.caller()?;
    let id = node::check_id(IssueId::parse(id))?;
    let found = context.use_cases().get_issues.execute(caller, &[id]).await;
    Ok(context.found(found)?.pop().map(Issue::from))
}

/// The organization's issues.
pub(super) async fn list(
    context: &Context,
    paging: Paging,
    filter: Option<IssueFilter>,
    order: Option<IssueOrder>,
) -> Result<IssueConnection, FieldProblem> {
    let caller = context.caller()?;
    let organization = caller.scope().organization();
    let order = order.map(Into::into).unwrap_or_default();
    let (page, filter) = paging.with_filter(context, organization, order, filter, IssueFilter::check)?;
    let asked = Asked::from(&page);
    let counted = Counted::Issues(filter.clone());
    let found = context.use_cases().list_issues.execute(caller, filter, page).await;
    let found = context.found(found)?;
    Ok(IssueConnection::new(organization, found, asked, counted))
}
