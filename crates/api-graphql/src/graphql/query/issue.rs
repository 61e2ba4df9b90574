use convene_application::{failure::Field, ports};
use convene_domain::id::IssueId;
use juniper::ID;

use super::{
    node,
    paging::{DEFAULT_PAGE_SIZE, Paging},
};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{IssueFilter, IssueOrder},
    object::{Asked, Counted, Issue, IssueConnection},
    problems::Problems,
};

/// An issue.
pub(super) async fn one(context: &Context, id: &ID) -> Result<Option<Issue>, FieldProblem> {
    let caller = context.caller()?;
    let id = node::check_id(IssueId::parse(id))?;
    let found = context.use_cases().get_issues.execute(caller, &[id]).await;
    Ok(found.map_err(|failure| context.problem(failure))?.pop().map(Issue::from))
}

/// The organization's issues.
pub(super) async fn list(
    context: &Context,
    paging: Paging,
    filter: Option<IssueFilter>,
    order: Option<IssueOrder>,
) -> Result<IssueConnection, FieldProblem> {
    let caller = context.caller()?;
    let mut problems = Problems::default();
    let page = paging.check(
        &mut problems,
        caller.scope().organization(),
        DEFAULT_PAGE_SIZE,
        order.map(Into::into).unwrap_or_default(),
    );
    let filter = problems.within(Field::Filter, |problems| match filter {
        None => Some(ports::IssueFilter::default()),
        Some(filter) => filter.check(problems),
    });
    let (page, filter) = problems.conclude(page.zip(filter)).map_err(|failure| context.problem(failure))?;
    let asked = Asked::from(&page);
    let counted = Counted::Issues(filter.clone());
    let found = context.use_cases().list_issues.execute(caller, filter, page).await;
    let found = found.map_err(|failure| context.problem(failure))?;
    Ok(IssueConnection::new(caller.scope().organization(), found, asked, counted))
}
