//! Refusals of changes of organizations.

use convene_domain::{
    organization::{Organization, OrganizationStatus},
    text::Slug,
};

use crate::failure::{Field, Refusal, Refusals};

/// The refusal of an id that no organization has.
#[must_use]
pub fn not_found() -> Refusal {
    Refusal::not_found(Field::OrganizationId)
}

/// Verifies that an organization may be deleted: it is suspended, and the operator has named its slug.
///
/// # Errors
/// All reasons against it.
pub fn verify_deletable(organization: &Organization, slug: &Slug) -> Result<(), Refusals> {
    let mut refusals = Vec::new();
    if organization.status != OrganizationStatus::Suspended {
        let message = "refers to an organization that is not suspended; only a suspended one can be deleted";
        refusals.push(Refusal::invalid(Field::OrganizationId, message));
    }
    if organization.slug != *slug {
        refusals.push(Refusal::invalid(Field::Slug, "is not the slug of this organization"));
    }
    Refusals::verify_none(refusals)
}

/// The refusal for a slug that another organization has or had.
#[must_use]
pub fn slug_taken() -> Refusal {
    Refusal::AlreadyExists { field: Field::Slug.into() }
}
