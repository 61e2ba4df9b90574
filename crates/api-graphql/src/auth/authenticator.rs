//! Verification of the credentials in the headers of a request.

use std::{sync::Arc, time::Duration};

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use convene_application::authentication::Credentials;

use super::{
    headers,
    rejection::Rejection,
    remote_keys::Unreachable,
    token::{TokenProblem, TokenVerifier},
};

/// The time in seconds since 1970, UTC. Tests replace it.
pub type UnixClock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Reads and verifies the credentials of a request.
pub enum Authenticator {
    /// Signed tokens in the `Authorization` header: the mode for production.
    Jwt {
        verifier: Arc<TokenVerifier>,
        /// The time for `exp` and `nbf`.
        clock: UnixClock,
    },
    /// Plain `x-organization-id`, `x-user-id`, `x-user-role` and `x-operator` headers, which are not verified.
    /// For development; the configuration allows it on loopback addresses only.
    Headers,
}

impl Authenticator {
    /// The credentials in these headers. The keys of a provider are fetched again if the token names one that is not known.
    ///
    /// # Errors
    /// The credentials are missing or invalid, or cannot be verified now.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Credentials, Unverified> {
        match self {
            Self::Jwt { verifier, clock } => {
                let token = bearer_token(headers).ok_or(Unverified::Invalid(Rejection::Missing))?;
                match verifier.verify(token, clock()) {
                    Err(TokenProblem::UnknownKey(keys)) => keys.refreshed().await?,
                    verified => return Ok(verified?),
                }
                Ok(verifier.verify(token, clock())?)
            }
            Self::Headers => headers::credentials(headers).ok_or(Unverified::Invalid(Rejection::Malformed)),
        }
    }
}

/// The reason why there are no verified credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unverified {
    /// They are missing or invalid.
    Invalid(Rejection),
    /// The keys of the identity provider are not known now.
    Unavailable { retry_after: Duration },
}

impl From<TokenProblem<'_>> for Unverified {
    fn from(problem: TokenProblem<'_>) -> Self {
        match problem {
            TokenProblem::Invalid(reason) => Self::Invalid(reason),
            TokenProblem::UnknownKey(_) => Self::Invalid(Rejection::UnknownKey),
            TokenProblem::NoKeys(keys) => Self::Unavailable { retry_after: keys.retry_after() },
        }
    }
}

impl From<Unreachable> for Unverified {
    fn from(Unreachable { retry_after }: Unreachable) -> Self {
        Self::Unavailable { retry_after }
    }
}

/// The token of the `Authorization: Bearer` header. Two such headers are refused, because a proxy may have checked the
/// other one.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION);
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    // Several spaces may follow the scheme (RFC 6750, section 2.1).
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&["Bearer a.b.c"], Some("a.b.c"))]
    #[case(&["bearer a.b.c"], Some("a.b.c"))]
    #[case::of_rfc_6750(&["Bearer   a.b.c"], Some("a.b.c"))]
    #[case(&["Bearer "], None)]
    #[case(&["Bearer  "], None)]
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
