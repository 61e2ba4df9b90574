//! Parsers of arguments that several commands have.

use convene_application::ports::OrganizationReference;
use convene_domain::text::UserId;

/// Parses a slug or an id.
pub(super) fn organization(text: &str) -> Result<OrganizationReference, String> {
    OrganizationReference::parse(text).ok_or_else(|| String::from("is neither a slug nor an id"))
}

pub(super) fn user(text: &str) -> Result<UserId, String> {
    UserId::parse(text).map_err(|problem| problem.to_string())
}
