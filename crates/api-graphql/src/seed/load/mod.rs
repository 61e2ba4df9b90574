//! Adds what is missing, through the use cases.

mod events;
mod everything;
mod issues;
mod members;
mod organization;
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

/// Why a load ended early. What was loaded before stays, and the next load goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Something was refused, or failed.
    #[error("{file}: {item} could not be loaded")]
    Failed {
        /// The file.
        file: String,
        /// What of it.
        item: String,
        /// Why.
        source: Failure,
    },
    /// The organization belongs to somebody else: its members of the file are none, or none of them is an admin.
    #[error("{file}: there is an organization {slug} already, of which no ADMIN of the file is an admin")]
    NotTheirs {
        /// The file.
        file: String,
        /// The slug that is taken.
        slug: Slug,
    },
}

/// Loads one organization: what is missing is added, what is there is left as it is.
///
/// An organization is found again by its slug, members by their user id, events and issues by their title. Every
/// member acts in their own name: admins create members and events, members register and report. What somebody
/// deleted is missing, so it comes back; what somebody changed or cancelled is there, so it stays.
///
/// Not meant to run twice at the same time.
///
/// # Errors
///
/// The first thing that is refused or fails. The load can be repeated.
pub async fn load(
    use_cases: &UseCases,
    local: &LocalOperator,
    clock: &dyn Clock,
    plan: &Plan<'_>,
) -> Result<Summary, LoadError> {
    let seed = plan.seed;
    let (admin, founded) = organization::enter(use_cases, local, seed).await?;
    let mut summary = Summary::of(seed.slug.clone(), founded);
    let loader = Loader { use_cases, clock, file: &seed.file, admin: &admin };
    let authority = loader.admin()?;

    summary.members = loader.members(authority, &seed.members, founded).await?;
    let people = loader.people(local, seed).await?;
    let events = loader.events(authority, &plan.events, &mut summary.events).await?;
    summary.registrations = loader.registrations(&events, &people).await?;
    summary.issues = loader.issues(authority, &seed.issues, &events, &people).await?;
    Ok(summary)
}

/// What every step of a load needs.
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
        // Every user was checked to be a member of the file, and every member of the file has been added.
        self.0.get(user).ok_or_else(|| Fault::internal(format!("{user} is gone")).into())
    }

    fn member(&self, user: &UserId) -> Result<MemberId, Failure> {
        self.caller(user).map(Caller::member)
    }
}

impl Loader<'_> {
    fn admin(&self) -> Result<Admin<'_>, LoadError> {
        self.admin.admin().map_err(|refusal: Refusal| self.failed("organization")(refusal.into()))
    }

    /// Turns the failure of an item into an error that names it.
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
