//! Refusals of changes of issues.

use crate::failure::{Field, Refusal};

/// The refusal for an issue that does not exist.
#[must_use]
pub fn not_found() -> Refusal {
    Refusal::not_found(Field::IssueId)
}
