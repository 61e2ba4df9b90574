use super::payload::{payload, run};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{CreateOrganizationInput, UpdateOrganizationInput, prepare},
    object::{Member, Organization},
};

payload!(
    /// The result of creating an organization.
    CreateOrganizationPayload {
        /// The organization; null if the mutation was refused.
        organization: Option<Organization>,
        /// The first ADMIN; null if the mutation was refused.
        admin: Option<Member>,
    }
);

pub(super) async fn create(
    context: &Context,
    input: &CreateOrganizationInput,
) -> Result<CreateOrganizationPayload, FieldProblem> {
    run(context, async {
        let operator = context.operator()?;
        let (command, request) = prepare(context, "createOrganization", input)?;
        let created = context.use_cases().create_organization.execute(operator, command, request).await;
        created.map(|(organization, admin)| CreateOrganizationPayload {
            organization: Some(organization.into()),
            admin: Some(admin.into()),
            ..Default::default()
        })
    })
    .await
}

payload!(
    /// The result of changing an organization.
    UpdateOrganizationPayload {
        /// The changed organization; null if the mutation was refused.
        organization: Option<Organization>,
    }
);

pub(super) async fn update(
    context: &Context,
    input: &UpdateOrganizationInput,
) -> Result<UpdateOrganizationPayload, FieldProblem> {
    run(context, async {
        let admin = context.acting_admin()?;
        let (patch, request) = prepare(context, "updateOrganization", input)?;
        let updated = context.use_cases().update_organization.execute(admin, patch, request).await;
        updated.map(|organization| UpdateOrganizationPayload {
            organization: Some(organization.into()),
            ..Default::default()
        })
    })
    .await
}
