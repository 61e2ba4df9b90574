//! What is held about a person: shown to them, and erased.
//!
//! These use cases are for the operator's commands, not for the server: it may not change the activity log.

mod erase;
mod export;
mod trail;

pub use erase::{ErasePersonalData, Erasure};
pub use export::{Export, ExportPersonalData};
pub use trail::Trail;

use convene_domain::{activity::Actor, text::UserId};

use crate::{
    caller::{Operator, TenantScope},
    failure::{Outcome, Refusal},
    ports::{Directory, OrganizationReference},
};

/// Whose data, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The organization. A person who belongs to several is looked after in each of them by itself.
    pub organization: OrganizationReference,
    /// The subject of the person's credentials.
    pub user: UserId,
}

/// The scope of the organization that is meant.
async fn scope(directory: &dyn Directory, operator: &Operator, person: &Person) -> Outcome<TenantScope> {
    if person.user.as_str() == Actor::System.to_string() {
        return Err(Refusal::invalid("user", "stands for the platform itself").into());
    }
    let found = directory.find_organization(&person.organization).await?;
    let organization = found.ok_or_else(|| Refusal::not_found("org"))?;
    Ok(operator.scope_of(organization))
}
