//! Export and erasure of the data that an organization has about a person.
//!
//! The operator's commands run these use cases. The server does not: it has no right to change the activity log.

mod entries;
mod erase;
mod export;

pub use entries::PersonalEntries;
pub use erase::{ErasePersonalData, Erasure, ErasureError};
pub use export::{Export, ExportPersonalData};

use convene_domain::text::UserId;

use crate::{
    caller::{Operator, TenantScope},
    failure::{Field, Outcome, Refusal},
    ports::{Directory, ERASED_EMAIL, ERASED_NAME, OrganizationReference, PERSONAL_FIELDS},
};

/// A person in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// A person who belongs to several organizations is exported and erased in each of them separately.
    pub organization: OrganizationReference,
    /// The subject of the person's credentials.
    pub user: UserId,
}

/// The text that replaces the values of a personal field in entries about an erased person; `None` for other fields.
#[must_use]
pub fn redacted_value<'a>(field: &str, pseudonym: &'a str) -> Option<&'a str> {
    let values = [pseudonym, ERASED_NAME, ERASED_EMAIL];
    PERSONAL_FIELDS.into_iter().zip(values).find_map(|(name, value)| (name == field).then_some(value))
}

/// Finds the scope of the person's organization.
async fn scope(directory: &dyn Directory, operator: &Operator, person: &Person) -> Outcome<TenantScope> {
    let found = directory.find_organization(&person.organization).await?;
    let organization = found.ok_or_else(|| Refusal::not_found(Field::Org))?;
    Ok(operator.scope_of(organization))
}
