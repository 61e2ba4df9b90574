use super::paging::Paging;
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::ActivityFilter,
    object::{ActivityConnection, Asked},
};

/// The activity log; for admins only.
pub(super) async fn list(
    context: &Context,
    paging: Paging,
    filter: Option<ActivityFilter>,
) -> Result<ActivityConnection, FieldProblem> {
    let admin = context.asking_admin()?;
    let organization = admin.scope().organization();
    let (page, filter) = paging.with_filter(context, organization, (), filter, ActivityFilter::check)?;
    let asked = Asked::from(&page);
    let found = context.use_cases().list_activity.execute(admin, filter, page).await;
    let found = context.found(found)?;
    Ok(ActivityConnection::new(organization, found, asked))
}
