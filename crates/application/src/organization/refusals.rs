//! Refusals of changes of organizations.

use crate::failure::{Field, Refusal};

/// The refusal for a slug that another organization has.
#[must_use]
pub fn slug_taken() -> Refusal {
    Refusal::AlreadyExists { field: Field::Slug.into() }
}
