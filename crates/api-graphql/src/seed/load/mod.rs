//! Adds missing data through the use cases.

mod events;
mod issues;
mod members;
mod organization;
mod pages;
mod registrations;

use std::collections::HashMap;

use convene_application::{
    authentication::LocalOperator,
    caller::{Admin, Caller},
    failure::{Failure, Fault, Refusal},
    ports::{Clock, OrganizationReference},
    use_cases::UseCases,
};
use convene_domain::{
    id::MemberId,
    text::{Slug, UserId},
};

use super::{plan::Plan, summary::Summary};

/// The reason why a load ended early. Loaded data stays, and the next load continues from existing.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A use case refused an item or failed.
    #[error("{file}: {item} could not be loaded")]
    Failed { file: String, item: String, source: Failure },
    /// Another organization has the slug: no admin of the file is an admin of it.
    #[error("{file}: the organization {slug} already exists, and no ADMIN of the file is an admin of it")]
    SlugTaken { file: String, slug: Slug },
}

/// Loads one organization: adds missing data and leaves existing data unchanged.
///
/// An organization is identified by its slug, a member by the user id, an event or issue by its title. Every member
/// acts in their own name: admins create members and events, members register and report issues. Deleted items are
/// created again; changed and cancelled items stay as they are.
///
/// Two loads must not run at the same time.
///
/// # Errors
/// The first refusal or fault. The load can be repeated.
pub async fn load(
    use_cases: &UseCases,
    local: &LocalOperator,
    clock: &dyn Clock,
    plan: &Plan<'_>,
) -> Result<Summary, LoadError> {
    let seed = plan.seed;
    let (admin, created) = organization::find_or_create(use_cases, local, seed).await?;
    let mut summary = Summary::of(seed.slug.clone(), created);
    let loader = Loader { use_cases, clock, file: &seed.file, admin: &admin };
    let authority = loader.admin()?;

    summary.members = loader.members(authority, &seed.members, created).await?;
    let people = loader.people(local, seed).await?;
    let events = loader.events(authority, &plan.events, &mut summary.events).await?;
    summary.registrations = loader.registrations(&events, &people).await?;
    summary.issues = loader.issues(authority, &seed.issues, &events, &people).await?;
    Ok(summary)
}

/// The context of every step of a load.
struct Loader<'a> {
    use_cases: &'a UseCases,
    clock: &'a dyn Clock,
    file: &'a str,
    admin: &'a Caller,
}

/// The members of the file as callers.
struct People(HashMap<UserId, Caller>);

impl People {
    fn caller(&self, user: &UserId) -> Result<&Caller, Failure> {
        // The users of the file are members of the file, and all of these have been added.
        self.0.get(user).ok_or_else(|| Fault::internal(format!("{user} was removed")).into())
    }

    fn member(&self, user: &UserId) -> Result<MemberId, Failure> {
        self.caller(user).map(Caller::member)
    }
}

impl Loader<'_> {
    fn admin(&self) -> Result<Admin<'_>, LoadError> {
        self.admin.admin().map_err(|refusal: Refusal| self.failed("organization")(refusal.into()))
    }

    /// Makes the failure of an item an error that names the item.
    fn failed(&self, item: &str) -> impl FnOnce(Failure) -> LoadError {
        let (file, item) = (self.file.to_owned(), item.to_owned());
        move |source| LoadError::Failed { file, item, source }
    }

    async fn people(
        &self,
        local: &LocalOperator,
        seed: &super::OrganizationSeed,
    ) -> Result<People, LoadError> {
        let organization = OrganizationReference::Slug(seed.slug.clone());
        let mut people = HashMap::new();
        for member in &seed.members {
            let caller = local.act_as_member(&organization, &member.user_id).await;
            let caller = caller.map_err(|fault| self.failed("members")(fault.into()))?;
            people.extend(caller.map(|caller| (member.user_id.clone(), caller)));
        }
        Ok(People(people))
    }
}
