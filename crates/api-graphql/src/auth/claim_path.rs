//! The places of values in the claims of a token.

use std::str::FromStr;

use serde_json::Value;

/// The maximum length of a path in bytes.
const MAX_LENGTH: usize = 200;

/// The place of a value in the claims of a token.
///
/// A text that begins with a slash is a JSON Pointer (RFC 6901) and leads into nested claims: `/realm_access/roles`. Any
/// other text is the name of one claim, whatever characters it has: `https://example.com/organization`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath {
    pointer: String,
}

impl ClaimPath {
    /// The path of the claim with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        Self { pointer: format!("/{}", name.replace('~', "~0").replace('/', "~1")) }
    }

    /// The value at this place; `None` if there is none.
    pub(super) fn find<'c>(&self, claims: &'c Value) -> Option<&'c Value> {
        claims.pointer(&self.pointer)
    }
}

/// Text that is not the path of a claim.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ClaimPathSyntaxError {
    #[error("must have from 1 to {MAX_LENGTH} bytes")]
    Length,
    /// In a JSON Pointer, `~` is only allowed in `~0` and `~1`.
    #[error("is not a JSON Pointer: write ~1 for a slash and ~0 for a tilde in a name")]
    Escape,
}

impl FromStr for ClaimPath {
    type Err = ClaimPathSyntaxError;

    fn from_str(text: &str) -> Result<Self, ClaimPathSyntaxError> {
        if !(1..=MAX_LENGTH).contains(&text.len()) {
            return Err(ClaimPathSyntaxError::Length);
        }
        if !text.starts_with('/') {
            return Ok(Self::of_name(text));
        }
        if text.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
            return Err(ClaimPathSyntaxError::Escape);
        }
        Ok(Self { pointer: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("org", json!("a"))]
    #[case("https://example.com/organization", json!("b"))]
    #[case("a.b", json!("c"))]
    #[case("a~b", json!("d"))]
    #[case("/realm_access/roles", json!(["e"]))]
    #[case("/realm_access/roles/0", json!("e"))]
    #[case("/resource_access/https:~1~1api.example.com/roles", json!(["f"]))]
    #[case("/~1odd", json!("g"))]
    #[case("/a~0b", json!("d"))]
    fn a_path_leads_to_one_value(#[case] path: &str, #[case] expected: Value) {
        let claims = json!({
            "org": "a", "https://example.com/organization": "b", "a.b": "c", "a~b": "d",
            "realm_access": {"roles": ["e"]},
            "resource_access": {"https://api.example.com": {"roles": ["f"]}},
            "/odd": "g",
        });
        assert_eq!(path.parse::<ClaimPath>().unwrap().find(&claims), Some(&expected));
    }

    #[rstest]
    #[case("realm_access.roles")]
    #[case("realm_access/roles")]
    #[case("/realm_access/roles/1")]
    #[case("/realm_access/roles/00")]
    #[case("/realm_access/roles/x")]
    #[case("/realm_access/")]
    #[case("/org/length")]
    #[case("ORG")]
    fn a_path_that_leads_nowhere_has_no_value(#[case] path: &str) {
        let claims = json!({"org": "a", "realm_access": {"roles": ["e"]}});
        assert_eq!(path.parse::<ClaimPath>().unwrap().find(&claims), None);
    }

    #[rstest]
    #[case("", ClaimPathSyntaxError::Length)]
    #[case("/a~b", ClaimPathSyntaxError::Escape)]
    #[case("/a~", ClaimPathSyntaxError::Escape)]
    #[case("/a~2", ClaimPathSyntaxError::Escape)]
    fn text_that_is_no_path_is_refused(#[case] text: &str, #[case] expected: ClaimPathSyntaxError) {
        assert_eq!(text.parse::<ClaimPath>(), Err(expected));
        assert_eq!("x".repeat(MAX_LENGTH + 1).parse::<ClaimPath>(), Err(ClaimPathSyntaxError::Length));
    }
}
