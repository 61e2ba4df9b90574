use convene_application::{failure::Field, ports};

use super::paging::{DEFAULT_PAGE_SIZE, page};
use crate::graphql::{
    context::Context, errors::FieldProblem, input::ActivityFilter, object::ActivityConnection,
    problems::Problems,
};

/// The activity log; for admins only.
pub(super) async fn list(
    context: &Context,
    first: Option<i32>,
    after: Option<&str>,
    filter: Option<ActivityFilter>,
) -> Result<ActivityConnection, FieldProblem> {
    let admin = context.asking_admin()?;
    let mut problems = Problems::default();
    let page = page(&mut problems, &admin, first, after, DEFAULT_PAGE_SIZE);
    let filter = problems.within(Field::Filter, |problems| match filter {
        None => Some(ports::ActivityFilter::default()),
        Some(filter) => filter.check(problems),
    });
    let (page, filter) = problems.conclude(page.zip(filter)).map_err(|failure| context.problem(failure))?;
    let found = context.use_cases().list_activity.execute(admin, filter, page).await;
    let found = found.map_err(|failure| context.problem(failure))?;
    Ok(ActivityConnection::new(admin.scope().organization(), found, after.is_some()))
}
