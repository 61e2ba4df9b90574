use convene_application::{failure::Field, ports::OrganizationFilter};
use convene_domain::text::SearchText;

use super::paging::{DEFAULT_PAGE_SIZE, Paging};
use crate::{
    cursor::PLATFORM,
    graphql::{
        context::Context,
        errors::FieldProblem,
        object::{Asked, Organization, OrganizationConnection},
        problems::Problems,
    },
};

/// The caller's organization.
pub(in crate::graphql) async fn own(context: &Context) -> Result<Organization, FieldProblem> {
    let caller = context.caller()?;
    let organization = context.use_cases().get_organization.execute(caller).await;
    context.found(organization.map(Organization::from))
}

/// The organizations of the platform, for the operator.
pub(super) async fn all(
    context: &Context,
    first: Option<i32>,
    after: Option<String>,
    search: Option<&str>,
) -> Result<OrganizationConnection, FieldProblem> {
    let operator = context.asking_operator()?;
    let mut problems = Problems::default();
    let paging = Paging { first, after, last: None, before: None };
    let page = paging.check(&mut problems, PLATFORM, DEFAULT_PAGE_SIZE, ());
    let search = problems.check_optional(Field::Search, search, SearchText::parse);
    let (page, search) = context.found(problems.conclude(page.zip(search)))?;
    let asked = Asked::from(&page);
    let found = context.use_cases().list_organizations.execute(operator, OrganizationFilter { search }, page);
    let found = context.found(found.await)?;
    Ok(OrganizationConnection::new(PLATFORM, found, asked))
}
