//! The keys that tokens are checked with. Each key is bound to one algorithm when it is loaded; a token's own `alg`
//! can only agree with it or be refused.

use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::{ExposeSecret, SecretString};

/// The shortest secret for HS256, in bytes: a key must be at least as long as the hash (RFC 7518, section 3.2).
pub(super) const SHORTEST_SECRET: usize = 32;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyProblem {
    /// An HS256 secret that could be guessed.
    #[error("has {0} bytes; HS256 needs at least {SHORTEST_SECRET} (try `openssl rand -base64 48`)")]
    ShortSecret(usize),
    /// A private key where only a public one is wanted: it should not even be on this machine.
    #[error("holds a private key; give the server the public key only")]
    PrivateKey,
    /// No key of a supported kind.
    #[error("holds no public key for RS256, ES256 (P-256) or EdDSA (Ed25519) in PEM")]
    UnknownPem,
    /// The key set cannot be read.
    #[error("is not a JSON Web Key Set: {0}")]
    MalformedSet(String),
    /// The key set has no key that could be used.
    #[error("holds no signing key for RS256, ES256 or EdDSA")]
    EmptySet,
    /// Two keys with the same id, or several of which one has none: which to take would be a guess.
    #[error("holds several keys that cannot be told apart: each needs a `kid` of its own")]
    AmbiguousSet,
}

/// A key with the one algorithm it is for.
pub(super) struct VerificationKey {
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// The keys that a token may be signed with. At least one.
pub struct VerificationKeys {
    keys: Vec<VerificationKey>,
    /// Whether a token's `kid` has to name one of the keys. Not so for a single configured key, which has no id.
    by_id: bool,
}

impl VerificationKeys {
    /// One shared secret, for HS256.
    ///
    /// # Errors
    ///
    /// A secret of fewer than 32 bytes.
    pub fn from_secret(secret: &SecretString) -> Result<Self, KeyProblem> {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() < SHORTEST_SECRET {
            return Err(KeyProblem::ShortSecret(secret.len()));
        }
        Ok(Self::single(Algorithm::HS256, DecodingKey::from_secret(secret)))
    }

    /// One public key in PEM; the kind of key decides the algorithm: RSA for RS256, P-256 for ES256, Ed25519 for `EdDSA`.
    ///
    /// # Errors
    ///
    /// A private key, or no key of these kinds.
    pub fn from_public_pem(pem: &str) -> Result<Self, KeyProblem> {
        if pem.contains("PRIVATE KEY") {
            return Err(KeyProblem::PrivateKey);
        }
        let pem = pem.as_bytes();
        let rsa = DecodingKey::from_rsa_pem(pem).map(|key| (Algorithm::RS256, key));
        let (algorithm, key) = rsa
            .or_else(|_| DecodingKey::from_ec_pem(pem).map(|key| (Algorithm::ES256, key)))
            .or_else(|_| DecodingKey::from_ed_pem(pem).map(|key| (Algorithm::EdDSA, key)))
            .map_err(|_| KeyProblem::UnknownPem)?;
        if algorithm == Algorithm::ES256 && !is_p256(&key) {
            return Err(KeyProblem::UnknownPem);
        }
        Ok(Self::single(algorithm, key))
    }

    /// Keys that tokens name by their `kid`.
    pub(super) const fn with_ids(keys: Vec<VerificationKey>) -> Self {
        Self { keys, by_id: true }
    }

    fn single(algorithm: Algorithm, key: DecodingKey) -> Self {
        Self { keys: vec![VerificationKey { id: None, algorithm, key }], by_id: false }
    }

    /// The key for a token with this `kid`. A token without one is only accepted where there is a single key.
    pub(super) fn select(&self, id: Option<&str>) -> Option<&VerificationKey> {
        match (self.by_id, id) {
            (true, Some(id)) => self.keys.iter().find(|key| key.id.as_deref() == Some(id)),
            _ if self.keys.len() == 1 => self.keys.first(),
            _ => None,
        }
    }
}

impl std::fmt::Debug for VerificationKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("VerificationKeys").field("count", &self.keys.len()).finish_non_exhaustive()
    }
}

/// A P-256 public key is an uncompressed point: one byte of kind and two coordinates of 32 bytes.
fn is_p256(key: &DecodingKey) -> bool {
    key.try_get_as_bytes().is_ok_and(|bytes| bytes.len() == 65)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_secret_is_refused() {
        let secret = SecretString::from("x".repeat(31));
        assert_eq!(VerificationKeys::from_secret(&secret).unwrap_err(), KeyProblem::ShortSecret(31));
        assert!(VerificationKeys::from_secret(&SecretString::from("x".repeat(32))).is_ok());
    }

    #[test]
    fn a_private_key_and_rubbish_are_refused() {
        let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(VerificationKeys::from_public_pem(private).unwrap_err(), KeyProblem::PrivateKey);
        assert_eq!(VerificationKeys::from_public_pem("rubbish").unwrap_err(), KeyProblem::UnknownPem);
    }
}
