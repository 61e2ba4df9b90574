//! The two ways to prove who calls.

use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use convene_application::authentication::Credentials;

use super::{headers, token::TokenVerifier};

/// The time in seconds since the start of 1970, UTC; injected, so that tests can set it.
pub type UnixClock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Reads and proves the credentials of a request.
pub enum Authenticator {
    /// Signed tokens in the `Authorization` header: the mode for production.
    Jwt {
        /// Checks a token's signature and claims.
        verifier: TokenVerifier,
        /// The time to hold `exp` and `nbf` against.
        clock: UnixClock,
    },
    /// Plain `x-organization-id`, `x-user-id`, `x-user-role` and `x-operator` headers, believed as they are. For
    /// development; the configuration refuses it on any address but a loopback one.
    Headers,
}

impl Authenticator {
    /// The credentials in these headers, or `None` where they are missing or wrong in any way.
    #[must_use]
    pub fn authenticate(&self, headers: &HeaderMap) -> Option<Credentials> {
        match self {
            Self::Jwt { verifier, clock } => verifier.verify(bearer_token(headers)?, clock()),
            Self::Headers => headers::credentials(headers),
        }
    }
}

/// The token of the one `Authorization: Bearer` header. Two such headers are refused: which of them a proxy in front
/// has looked at cannot be known.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION);
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&["Bearer a.b.c"], Some("a.b.c"))]
    #[case(&["bearer a.b.c"], Some("a.b.c"))]
    #[case(&["Basic a.b.c"], None)]
    #[case(&["Bearer"], None)]
    #[case(&["Bearer a.b.c", "Bearer a.b.c"], None)]
    #[case(&[], None)]
    fn the_token_is_taken_from_one_bearer_header(#[case] values: &[&str], #[case] token: Option<&str>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        assert_eq!(bearer_token(&headers), token);
    }
}
