//! Issuing tokens for `convene token` and for demo users.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use convene_application::ports::OrganizationReference;
use convene_domain::text::UserId;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{
    keys::{KeyProblem, MIN_SECRET_LENGTH},
    signature,
};

const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

/// Signs tokens with the shared secret with which the server verifies them.
pub struct TokenIssuer {
    key: hmac::Key,
    issuer: String,
    audience: String,
}

/// The content of a token.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// The id or slug of the organization; `None` only for the operator.
    pub organization: Option<OrganizationReference>,
    pub user: UserId,
    pub operator: bool,
    /// The time until the token expires, in seconds.
    pub lifetime_seconds: u32,
}

/// The reason why a token was not issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// A member's token without an organization would give no access.
    #[error("a token of a member needs an organization")]
    NoOrganization,
    #[error("the claims of the token could not be written")]
    Claims(#[source] serde_json::Error),
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    operator: bool,
    iat: i64,
    exp: i64,
}

impl TokenIssuer {
    /// An issuer that signs with HS256.
    ///
    /// # Errors
    /// A secret of fewer than 32 bytes, which the server refuses too.
    pub fn new(secret: &SecretString, issuer: String, audience: String) -> Result<Self, KeyProblem> {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() < MIN_SECRET_LENGTH {
            return Err(KeyProblem::ShortSecret(secret.len()));
        }
        Ok(Self { key: signature::hs256(secret), issuer, audience })
    }

    /// Issues a token that is valid from `now` (seconds since 1970) on.
    ///
    /// # Errors
    /// A member's token without an organization, or claims that cannot be written.
    pub fn issue(&self, request: &TokenRequest, now: i64) -> Result<String, IssueError> {
        if request.organization.is_none() && !request.operator {
            return Err(IssueError::NoOrganization);
        }
        let claims = Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: request.user.as_str(),
            org: request.organization.as_ref().map(ToString::to_string),
            operator: request.operator,
            iat: now,
            exp: now.saturating_add(i64::from(request.lifetime_seconds)),
        };
        let claims = serde_json::to_vec(&claims).map_err(IssueError::Claims)?;
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
        let signature = hmac::sign(&self.key, message.as_bytes());
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{ClaimRules, IdentityProvider, KeySource, TokenVerifier, VerificationKeys};

    const NOW: i64 = 1_000_000;

    fn request() -> TokenRequest {
        TokenRequest {
            organization: OrganizationReference::parse("acme"),
            user: UserId::parse("alice").unwrap(),
            operator: false,
            lifetime_seconds: 60,
        }
    }

    fn secret() -> SecretString {
        SecretString::from("0123456789abcdef0123456789abcdef")
    }

    fn issuer() -> TokenIssuer {
        TokenIssuer::new(&secret(), "convene".to_owned(), "convene".to_owned()).unwrap()
    }

    #[test]
    fn an_issued_token_is_valid_until_it_expires() {
        let token = issuer().issue(&request(), NOW).unwrap();
        let keys = KeySource::Fixed(VerificationKeys::from_secret(&secret()).unwrap());
        let rules = ClaimRules::new("convene".to_owned(), "convene".to_owned());
        let verifier = TokenVerifier::new(vec![IdentityProvider { rules, keys }]);
        assert_eq!(verifier.verify(&token, NOW + 59).unwrap().user.as_str(), "alice");
        assert!(verifier.verify(&token, NOW + 60).is_err());
    }

    #[test]
    fn only_the_operator_needs_no_organization() {
        let member = TokenRequest { organization: None, ..request() };
        assert!(matches!(issuer().issue(&member, NOW), Err(IssueError::NoOrganization)));
        assert!(issuer().issue(&TokenRequest { operator: true, ..member }, NOW).is_ok());
    }

    #[test]
    fn a_short_secret_is_refused() {
        let issuer =
            TokenIssuer::new(&SecretString::from("short"), "convene".to_owned(), "convene".to_owned());
        assert!(issuer.is_err());
    }
}
