use crate::graphql::{context::Context, errors::FieldProblem, object::Organization};

/// The caller's organization.
pub(in crate::graphql) async fn own(context: &Context) -> Result<Organization, FieldProblem> {
    let caller = context.caller()?;
    let organization = context.use_cases().get_organization.execute(caller).await;
    organization.map(Organization::from).map_err(|failure| context.problem(failure))
}
