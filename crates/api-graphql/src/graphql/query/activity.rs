use convene_application::{failure::Field, ports};

use super::paging::{DEFAULT_PAGE_SIZE, Paging};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::ActivityFilter,
    object::{ActivityConnection, Asked},
    problems::Problems,
};

/// The activity log; for admins only.
pub(super) async fn list(
    context: &Context,
    paging: Paging,
    filter: Option<ActivityFilter>,
) -> Result<ActivityConnection, FieldProblem> {
    let admin = context.asking_admin()?;
    let mut problems = Problems::default();
    let page = paging.check(&mut problems, admin.scope().organization(), DEFAULT_PAGE_SIZE, ());
    let filter = problems.within(Field::Filter, |problems| match filter {
        None => Some(ports::ActivityFilter::default()),
        Some(filter) => filter.check(problems),
    });
    let (page, filter) = problems.conclude(page.zip(filter)).map_err(|failure| context.problem(failure))?;
    let asked = Asked::from(&page);
    let found = context.use_cases().list_activity.execute(admin, filter, page).await;
    let found = found.map_err(|failure| context.problem(failure))?;
    Ok(ActivityConnection::new(admin.scope().organization(), found, asked))
}
