//! Refusals of changes of members.

use crate::failure::{Field, Refusal};

/// The refusal for a member who does not exist or was removed.
#[must_use]
pub fn not_found() -> Refusal {
    Refusal::not_found(Field::MemberId)
}

/// The refusal for a user who is a member already.
#[must_use]
pub fn user_id_taken() -> Refusal {
    Refusal::AlreadyExists { field: Field::UserId.into() }
}
