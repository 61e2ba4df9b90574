use convene_application::{
    authentication::LocalOperator,
    caller::Caller,
    change::RequestMetadata,
    failure::{Failure, Fault, Refusal},
    organization::CreateOrganizationCommand,
    ports::OrganizationReference,
    use_cases::UseCases,
};
use convene_domain::{member::Role, text::UserId};

use super::LoadError;
use crate::seed::{MemberSeed, OrganizationSeed};

/// The operator's name in the activity log.
const OPERATOR: &str = "seed";

/// An admin of the organization, which is founded if it is not there; and whether it was.
pub(super) async fn enter(
    use_cases: &UseCases,
    local: &LocalOperator,
    seed: &OrganizationSeed,
) -> Result<(Caller, bool), LoadError> {
    let failed = |source: Failure| LoadError::Failed {
        file: seed.file.clone(),
        item: String::from("organization"),
        source,
    };
    if let Some(admin) = admin_of(local, seed).await.map_err(|fault| failed(fault.into()))? {
        return Ok((admin, false));
    }
    let not_theirs = || LoadError::NotTheirs { file: seed.file.clone(), slug: seed.slug.clone() };
    let founder = admins(seed).next().ok_or_else(not_theirs)?;
    let operator = UserId::parse(OPERATOR).map_err(|problem| failed(Fault::internal(problem).into()))?;
    let command = CreateOrganizationCommand {
        slug: seed.slug.clone(),
        name: seed.name.clone(),
        time_zone: seed.time_zone,
        admin_user_id: founder.user_id.clone(),
        admin_display_name: founder.display_name.clone(),
    };
    let operator = local.operator(operator);
    let outcome = use_cases.create_organization.execute(&operator, command, RequestMetadata::default()).await;
    outcome.map_err(|failure| match failure {
        Failure::Refused(refusals) if refusals.iter().any(is_taken) => not_theirs(),
        failure => failed(failure),
    })?;
    let admin = admin_of(local, seed).await.map_err(|fault| failed(fault.into()))?;
    Ok((admin.ok_or_else(not_theirs)?, true))
}

/// The first of the file's admins who is an admin.
async fn admin_of(local: &LocalOperator, seed: &OrganizationSeed) -> Result<Option<Caller>, Fault> {
    let organization = OrganizationReference::Slug(seed.slug.clone());
    for member in admins(seed) {
        let caller = local.act_as_member(&organization, &member.user_id).await?;
        if let Some(caller) = caller.filter(|caller| caller.role() == Role::Admin) {
            return Ok(Some(caller));
        }
    }
    Ok(None)
}

/// The admins of the file; the first is the organization's founder.
pub(super) fn admins(seed: &OrganizationSeed) -> impl Iterator<Item = &MemberSeed> {
    seed.members.iter().filter(|member| member.role == Role::Admin)
}

const fn is_taken(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::AlreadyExists { .. })
}
