//! JSON Web Tokens (RFC 7519). A key is never taken from a token, and an address in a token is never read.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use convene_application::authentication::Credentials;
use jsonwebtoken::Algorithm;
use serde_json::Value;

use super::{
    claims::{self, ClaimRules},
    keys::{VerificationKey, VerificationKeys},
    rejection::Rejection,
    remote_keys::RemoteKeys,
    signature,
};
use crate::strict_json;

/// The maximum length of a token in bytes. Real tokens have fewer than two thousand.
pub const MAX_TOKEN_LENGTH: usize = 8 * 1024;

/// Header parameters that are refused. The first five change the meaning of the token; the others make the receiver take
/// a key from the token or from an address in it (RFC 7515, section 4.1; RFC 7516; RFC 7797). `x5t`, the hash of a
/// certificate, is ignored: it only repeats what `kid` says, and Entra sets it.
const REFUSED_PARAMETERS: [&str; 9] = ["crit", "b64", "zip", "enc", "cty", "jwk", "jku", "x5u", "x5c"];

/// An identity provider: the claims that its tokens must have, and the keys that sign them.
#[derive(Debug)]
pub struct IdentityProvider {
    pub rules: ClaimRules,
    pub keys: KeySource,
}

/// The keys of a provider.
#[derive(Debug)]
pub enum KeySource {
    /// Keys of the settings.
    Fixed(VerificationKeys),
    /// Keys that the provider publishes.
    Remote(Arc<RemoteKeys>),
}

/// The reason why a token is not accepted.
#[derive(Debug)]
pub enum TokenProblem<'v> {
    Invalid(Rejection),
    /// Its key is not known. The provider may have published it since its keys were fetched.
    UnknownKey(&'v RemoteKeys),
    /// No keys of its provider are known.
    NoKeys(&'v RemoteKeys),
}

/// Verifies the signature, issuer, audience, times and claims of tokens.
#[derive(Debug)]
pub struct TokenVerifier {
    providers: Vec<IdentityProvider>,
}

impl TokenVerifier {
    /// A verifier of tokens of these providers, whose issuers differ.
    #[must_use]
    pub const fn new(providers: Vec<IdentityProvider>) -> Self {
        Self { providers }
    }

    /// The providers whose keys have to be [kept](RemoteKeys::keep).
    pub fn remote_keys(&self) -> impl Iterator<Item = &Arc<RemoteKeys>> {
        self.providers.iter().filter_map(|provider| match &provider.keys {
            KeySource::Fixed(_) => None,
            KeySource::Remote(keys) => Some(keys),
        })
    }

    /// Returns true if keys of at least one provider are known.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        let remote = self.remote_keys();
        self.providers.len() > remote.count() || self.remote_keys().any(|keys| keys.current().is_some())
    }

    /// The credentials in a token at `now` (seconds since 1970). The claims are checked before the key is looked for, so that
    /// only tokens that could be valid make a provider be asked.
    ///
    /// # Errors
    /// The token is not valid, or its key is not known.
    pub fn verify(&self, token: &str, now: i64) -> Result<Credentials, TokenProblem<'_>> {
        let token = Token::parse(token).ok_or(TokenProblem::Invalid(Rejection::Malformed))?;
        let (provider, credentials) = self.claimed(&token.claims, now).map_err(TokenProblem::Invalid)?;
        let known;
        let keys = match &provider.keys {
            KeySource::Fixed(keys) => keys,
            KeySource::Remote(remote) => {
                known = remote.current().ok_or(TokenProblem::NoKeys(remote))?;
                &*known
            }
        };
        match (keys.select(token.key_id.as_deref(), token.algorithm), &provider.keys) {
            (Some(key), _) if token.is_signed_with(key) => Ok(credentials),
            (None, KeySource::Remote(remote)) if token.can_have_new_key() => {
                Err(TokenProblem::UnknownKey(remote))
            }
            (Some(_), _) => Err(TokenProblem::Invalid(Rejection::Signature)),
            (None, _) => Err(TokenProblem::Invalid(Rejection::UnknownKey)),
        }
    }

    /// The provider whose tokens have these claims, and the credentials in them.
    fn claimed(&self, claims: &Value, now: i64) -> Result<(&IdentityProvider, Credentials), Rejection> {
        let issuer = claims::issuer(claims).ok_or(Rejection::Issuer)?;
        let provider = self.providers.iter().find(|provider| provider.rules.issuer == issuer);
        let provider = provider.ok_or(Rejection::Issuer)?;
        Ok((provider, provider.rules.credentials(claims, now)?))
    }
}

/// The parts of a token whose form is valid. Nothing in it is verified.
struct Token<'t> {
    algorithm: Algorithm,
    key_id: Option<String>,
    claims: Value,
    message: &'t [u8],
    signature: Vec<u8>,
}

impl<'t> Token<'t> {
    fn parse(token: &'t str) -> Option<Self> {
        if token.len() > MAX_TOKEN_LENGTH {
            return None;
        }
        let (message, signed) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        if payload.contains('.') {
            return None;
        }
        let header = object(header)?;
        if REFUSED_PARAMETERS.iter().any(|name| header.get(name).is_some()) {
            return None;
        }
        if !header.get("typ").is_none_or(is_access_token_type) {
            return None;
        }
        let key_id = match header.get("kid") {
            None => None,
            Some(value) => Some(value.as_str()?.to_owned()),
        };
        Some(Self {
            algorithm: algorithm(header.get("alg")?.as_str()?)?,
            key_id,
            claims: object(payload)?,
            message: message.as_bytes(),
            signature: URL_SAFE_NO_PAD.decode(signed).ok()?,
        })
    }

    /// Returns true if the provider may have published the key since its keys were fetched.
    fn can_have_new_key(&self) -> bool {
        self.key_id.is_some() && self.algorithm != Algorithm::HS256
    }

    fn is_signed_with(&self, key: &VerificationKey) -> bool {
        signature::is_genuine(key, self.message, &self.signature)
    }
}

/// `JWT`, or `at+jwt` for access tokens by RFC 9068; media types are case-insensitive.
fn is_access_token_type(value: &Value) -> bool {
    let Some(kind) = value.as_str() else { return false };
    ["JWT", "at+jwt", "application/at+jwt"].iter().any(|known| known.eq_ignore_ascii_case(kind))
}

/// The supported algorithm of this name. A provider's keys never have HS256, and a shared secret has no other algorithm.
fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "HS256" => Some(Algorithm::HS256),
        "RS256" => Some(Algorithm::RS256),
        "PS256" => Some(Algorithm::PS256),
        "ES256" => Some(Algorithm::ES256),
        "EdDSA" => Some(Algorithm::EdDSA),
        _ => None,
    }
}

/// A part of a token: one JSON object without duplicate names, in base64url without padding.
fn object(part: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    strict_json::from_slice(&bytes).ok().filter(Value::is_object)
}
