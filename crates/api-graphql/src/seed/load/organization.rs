use convene_application::{
    authentication::LocalOperator,
    caller::Caller,
    change::RequestMetadata,
    failure::{Failure, Fault, Refusal},
    organization::CreateOrganizationCommand,
    ports::OrganizationReference,
    use_cases::UseCases,
};
use convene_domain::member::Role;

use super::LoadError;
use crate::seed::{MemberSeed, OrganizationSeed};

/// Finds or creates the organization. Returns one of its admins, and whether the organization was created.
pub(super) async fn find_or_create(
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
    let slug_taken = || LoadError::SlugTaken { file: seed.file.clone(), slug: seed.slug.clone() };
    let first_admin = admins(seed).next().ok_or_else(slug_taken)?;
    let command = CreateOrganizationCommand {
        slug: seed.slug.clone(),
        name: seed.name.clone(),
        time_zone: seed.time_zone,
        admin_user_id: first_admin.user_id.clone(),
        admin_display_name: first_admin.display_name.clone(),
    };
    let create = &use_cases.create_organization;
    let outcome = create.execute(&local.operator(), command, RequestMetadata::default()).await;
    let created = match outcome {
        Ok(_) => true,
        // Perhaps another load has created it in the meantime.
        Err(Failure::Refused(refusals)) if refusals.iter().any(is_taken) => false,
        Err(failure) => return Err(failed(failure)),
    };
    let admin = admin_of(local, seed).await.map_err(|fault| failed(fault.into()))?;
    Ok((admin.ok_or_else(slug_taken)?, created))
}

/// The first admin of the file who is an admin of the organization.
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

/// The admins of the file. The first one is the first admin of a new organization.
pub(super) fn admins(seed: &OrganizationSeed) -> impl Iterator<Item = &MemberSeed> {
    seed.members.iter().filter(|member| member.role == Role::Admin)
}

/// Tests whether something with the name exists already.
pub(super) const fn is_taken(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::AlreadyExists { .. })
}
