//! JSON Web Tokens (RFC 7519). A key is never taken from a token or looked up for one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use convene_application::authentication::Credentials;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::{
    claims,
    keys::{VerificationKey, VerificationKeys},
    signature,
};
use crate::strict_json;

/// The maximum length of a token in bytes. Real tokens have fewer than two thousand.
pub const MAX_TOKEN_LENGTH: usize = 8 * 1024;

/// Header parameters that are refused. The first five change the meaning of the token; the others make the receiver take
/// a key from the token or from an address in it (RFC 7515, section 4.1; RFC 7516; RFC 7797).
const REFUSED_PARAMETERS: [&str; 10] =
    ["crit", "b64", "zip", "enc", "cty", "jwk", "jku", "x5u", "x5c", "x5t"];

/// Verifies the signature, issuer, audience, times and claims of tokens.
#[derive(Debug)]
pub struct TokenVerifier {
    keys: VerificationKeys,
    issuer: String,
    audience: String,
}

impl TokenVerifier {
    /// A verifier of tokens with this issuer (`iss`) and audience (`aud`).
    #[must_use]
    pub fn new(keys: VerificationKeys, issuer: String, audience: String) -> Self {
        Self { keys, issuer, audience }
    }

    /// The credentials in a token; `None` if the token is invalid at `now` (seconds since 1970). There is no leeway: a
    /// token is invalid from the second that its `exp` names.
    #[must_use]
    pub fn verify(&self, token: &str, now: i64) -> Option<Credentials> {
        if token.len() > MAX_TOKEN_LENGTH {
            return None;
        }
        let (message, signed) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        if payload.contains('.') {
            return None;
        }
        let key = self.key_for(&object(header)?)?;
        if !signature::is_genuine(key, message.as_bytes(), &URL_SAFE_NO_PAD.decode(signed).ok()?) {
            return None;
        }
        claims::credentials(&object(payload)?, &self.issuer, &self.audience, now)
    }

    /// The configured key that the header names, if the header is valid.
    fn key_for(&self, header: &Map<String, Value>) -> Option<&VerificationKey> {
        if REFUSED_PARAMETERS.iter().any(|name| header.contains_key(*name)) {
            return None;
        }
        if !header.get("typ").is_none_or(is_access_token_type) {
            return None;
        }
        let id = match header.get("kid") {
            None => None,
            Some(Value::String(id)) => Some(id.as_str()),
            Some(_) => return None,
        };
        let key = self.keys.select(id)?;
        let algorithm = header.get("alg")?.as_str()?;
        (algorithm == name_of(key.algorithm)?).then_some(key)
    }
}

/// `JWT`, or `at+jwt` for access tokens by RFC 9068; media types are case-insensitive.
fn is_access_token_type(value: &Value) -> bool {
    let Some(kind) = value.as_str() else { return false };
    ["JWT", "at+jwt", "application/at+jwt"].iter().any(|known| known.eq_ignore_ascii_case(kind))
}

/// The name of a supported algorithm in a header.
fn name_of(algorithm: Algorithm) -> Option<&'static str> {
    match algorithm {
        Algorithm::HS256 => Some("HS256"),
        Algorithm::RS256 => Some("RS256"),
        Algorithm::ES256 => Some("ES256"),
        Algorithm::EdDSA => Some("EdDSA"),
        _ => None,
    }
}

/// A part of a token: one JSON object without duplicate names, in base64url without padding.
fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    match strict_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}
