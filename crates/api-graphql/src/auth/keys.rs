//! The keys for the verification of tokens. A key has exactly one algorithm, which is fixed when the key is loaded. A
//! token with another `alg` is refused.

use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::{ExposeSecret, SecretString};

/// The minimum length of a secret for HS256 in bytes: that of the hash (RFC 7518, section 3.2).
pub(super) const MIN_SECRET_LENGTH: usize = 32;

/// The maximum number of keys in a set. Providers publish fewer than twenty.
pub const MAX_KEYS: usize = 100;

/// The shortest and the longest RSA keys that signatures are verified with.
const MIN_RSA_BITS: usize = 2_048;
const MAX_RSA_BITS: usize = 8_192;

/// The reason why a key cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyProblem {
    /// An HS256 secret that could be guessed.
    #[error("has {0} bytes; HS256 needs at least {MIN_SECRET_LENGTH} (try `openssl rand -base64 48`)")]
    ShortSecret(usize),
    /// A private key, which must not be on the server.
    #[error("holds a private key; give the server only the public key")]
    PrivateKey,
    #[error("holds no public key for RS256, ES256 (P-256) or EdDSA (Ed25519) in PEM")]
    UnknownPem,
    /// An RSA key of a length that RS256 does not allow (RFC 7518, section 3.3, and the limits of the library).
    #[error("holds an RSA key of {0} bits; RS256 needs at least {MIN_RSA_BITS} and at most {MAX_RSA_BITS}")]
    RsaLength(usize),
    #[error("is not a JSON Web Key Set: {0}")]
    MalformedSet(String),
    /// The key set has no usable key; with the entries that were skipped.
    #[error("holds no signing key for RS256, PS256, ES256 or EdDSA{separator}{0}", separator = if .0.is_empty() { "" } else { ": " })]
    EmptySet(String),
    #[error("holds {0} keys; at most {MAX_KEYS} are read")]
    LargeSet(usize),
}

/// A key and its algorithm.
pub(super) struct VerificationKey {
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl VerificationKey {
    pub(super) fn has(&self, id: Option<&str>, algorithm: Algorithm) -> bool {
        self.id.as_deref() == id && self.algorithm == algorithm
    }
}

/// The keys that may have signed a token. There is at least one.
pub struct VerificationKeys {
    keys: Vec<VerificationKey>,
    skipped: String,
    fingerprint: u64,
}

impl VerificationKeys {
    /// One shared secret, for HS256.
    ///
    /// # Errors
    ///
    /// A secret of fewer than 32 bytes.
    pub fn from_secret(secret: &SecretString) -> Result<Self, KeyProblem> {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() < MIN_SECRET_LENGTH {
            return Err(KeyProblem::ShortSecret(secret.len()));
        }
        Ok(Self::single(Algorithm::HS256, DecodingKey::from_secret(secret)))
    }

    /// One public key in PEM; the kind of key decides the algorithm: RSA for RS256, P-256 for ES256, Ed25519 for `EdDSA`.
    ///
    /// # Errors
    ///
    /// A private key, an RSA key of the wrong length, or no key of these kinds.
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
        match algorithm {
            Algorithm::ES256 if !is_p256(&key) => return Err(KeyProblem::UnknownPem),
            Algorithm::RS256 => {
                let modulus = key.try_get_as_bytes().ok().and_then(rsa_modulus);
                check_rsa_modulus(modulus.ok_or(KeyProblem::UnknownPem)?)?;
            }
            _ => {}
        }
        Ok(Self::single(algorithm, key))
    }

    /// Keys that tokens name by their `kid`.
    pub(super) const fn with_ids(keys: Vec<VerificationKey>, skipped: String, fingerprint: u64) -> Self {
        Self { keys, skipped, fingerprint }
    }

    fn single(algorithm: Algorithm, key: DecodingKey) -> Self {
        let keys = vec![VerificationKey { id: None, algorithm, key }];
        Self { keys, skipped: String::new(), fingerprint: 0 }
    }

    /// The entries of a key set that cannot be used, with the reasons; empty if there are none.
    #[must_use]
    pub fn skipped(&self) -> &str {
        &self.skipped
    }

    /// A number that differs for key sets with other entries, whatever their order.
    pub(super) const fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    pub(super) const fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key for a token with this `kid` and `alg`. A token without a `kid` is only accepted where there is a single key. A key
    /// without an id is a single one, and fits any `kid`.
    pub(super) fn select(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&VerificationKey> {
        match self.keys.as_slice() {
            [only] if id.is_none() || only.id.is_none() => {
                Some(only).filter(|key| key.algorithm == algorithm)
            }
            keys => keys.iter().find(|key| id.is_some() && key.has(id, algorithm)),
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

/// Checks the length of the modulus of an RSA key, which is a big-endian number.
pub(super) fn check_rsa_modulus(modulus: &[u8]) -> Result<(), KeyProblem> {
    let zeros = modulus.iter().take_while(|&&digit| digit == 0).count();
    let bits = modulus[zeros..].first().map_or(0, |first| {
        8 * (modulus.len() - zeros) - usize::try_from(first.leading_zeros()).unwrap_or_default()
    });
    if (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) { Ok(()) } else { Err(KeyProblem::RsaLength(bits)) }
}

/// The modulus of an RSA public key (PKCS #1 in DER): the first number of a sequence.
fn rsa_modulus(key: &[u8]) -> Option<&[u8]> {
    der_content(der_content(key)?)
}

/// The content of the first DER element.
fn der_content(der: &[u8]) -> Option<&[u8]> {
    let (&length, rest) = der.get(1..)?.split_first()?;
    if length < 0x80 {
        return rest.get(..usize::from(length));
    }
    let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
    let length = digits.iter().fold(0_usize, |length, &digit| (length << 8) | usize::from(digit));
    rest.get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An RSA key of 1,024 bits.
    const SHORT_RSA: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDHvhtufRtXtbPl1mxrRBKHy54O
re5tqkEjUf/ngVYvyDc5C1jihnXpARX1TRR1AN+0ROWBeJw8moBmAUGcsItOHQdW
fScB5GnaOaKmLoJQXIra5zNqrM96VQHoc5ghDUAHpZ3itAXYadrtZNiXa8/1ABnV
2HHiem3T+Ycg1mk1owIDAQAB
-----END PUBLIC KEY-----
";

    #[test]
    fn a_short_rsa_key_is_refused() {
        let problem = VerificationKeys::from_public_pem(SHORT_RSA).unwrap_err();
        assert_eq!(problem, KeyProblem::RsaLength(1_024));
        let text = "holds an RSA key of 1024 bits; RS256 needs at least 2048 and at most 8192";
        assert_eq!(problem.to_string(), text);
        let long_enough = include_str!("../../tests/data/rsa.public.pem");
        assert!(VerificationKeys::from_public_pem(long_enough).is_ok());
    }

    #[test]
    fn a_short_secret_is_refused() {
        let secret = SecretString::from("x".repeat(31));
        assert_eq!(VerificationKeys::from_secret(&secret).unwrap_err(), KeyProblem::ShortSecret(31));
        assert!(VerificationKeys::from_secret(&SecretString::from("x".repeat(32))).is_ok());
    }

    #[test]
    fn private_and_malformed_keys_are_refused() {
        let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(VerificationKeys::from_public_pem(private).unwrap_err(), KeyProblem::PrivateKey);
        assert_eq!(VerificationKeys::from_public_pem("rubbish").unwrap_err(), KeyProblem::UnknownPem);
    }
}
