use convene_domain::organization::OrganizationStatus;
use juniper::ID;

use super::payload::{payload, run};
use crate::graphql::{
    context::Context,
    errors::FieldProblem,
    input::{
        CreateOrganizationInput, DeleteOrganizationInput, ResumeOrganizationInput, SuspendOrganizationInput,
        UpdateOrganizationInput, prepare,
    },
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

payload!(
    /// The result of suspending an organization.
    SuspendOrganizationPayload {
        /// The suspended organization; null if the mutation was refused.
        organization: Option<Organization>,
    }
);

pub(super) async fn suspend(
    context: &Context,
    input: &SuspendOrganizationInput,
) -> Result<SuspendOrganizationPayload, FieldProblem> {
    run(context, async {
        let operator = context.operator()?;
        let (id, request) = prepare(context, "suspendOrganization", input)?;
        let use_case = &context.use_cases().set_organization_status;
        let suspended = use_case.execute(operator, id, OrganizationStatus::Suspended, request).await;
        suspended.map(|organization| SuspendOrganizationPayload {
            organization: Some(organization.into()),
            ..Default::default()
        })
    })
    .await
}

payload!(
    /// The result of resuming an organization.
    ResumeOrganizationPayload {
        /// The resumed organization; null if the mutation was refused.
        organization: Option<Organization>,
    }
);

pub(super) async fn resume(
    context: &Context,
    input: &ResumeOrganizationInput,
) -> Result<ResumeOrganizationPayload, FieldProblem> {
    run(context, async {
        let operator = context.operator()?;
        let (id, request) = prepare(context, "resumeOrganization", input)?;
        let use_case = &context.use_cases().set_organization_status;
        let resumed = use_case.execute(operator, id, OrganizationStatus::Active, request).await;
        resumed.map(|organization| ResumeOrganizationPayload {
            organization: Some(organization.into()),
            ..Default::default()
        })
    })
    .await
}

payload!(
    /// The result of deleting an organization.
    DeleteOrganizationPayload {
        /// The id of the deleted organization; null if the mutation was refused.
        deleted_organization_id: Option<ID>,
    }
);

pub(super) async fn delete(
    context: &Context,
    input: &DeleteOrganizationInput,
) -> Result<DeleteOrganizationPayload, FieldProblem> {
    run(context, async {
        let operator = context.operator()?;
        let (command, request) = prepare(context, "deleteOrganization", input)?;
        let deleted = context.use_cases().delete_organization.execute(operator, command, request).await;
        deleted.map(|deleted| DeleteOrganizationPayload {
            deleted_organization_id: Some(deleted.id.to_string().into()),
            ..Default::default()
        })
    })
    .await
}
