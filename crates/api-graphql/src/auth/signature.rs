//! Signatures of tokens (RFC 7518, section 3).
//!
//! They are checked and made with `ring`, the one cryptographic library of the program: `rustls` uses it for TLS.

use jsonwebtoken::{Algorithm, DecodingKeyKind};
use ring::{
    hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
        RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
    },
};

use super::keys::VerificationKey;

/// A key that signs with HS256.
pub(super) fn hs256(secret: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret)
}

/// Returns true if the message was signed with this key.
pub(super) fn is_genuine(key: &VerificationKey, message: &[u8], signature: &[u8]) -> bool {
    let by = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
        UnparsedPublicKey::new(algorithm, key).verify(message, signature)
    };
    let verified = match (key.algorithm, key.key.kind()) {
        (Algorithm::HS256, DecodingKeyKind::SecretOrDer(secret)) => {
            hmac::verify(&hs256(secret), message, signature)
        }
        (Algorithm::RS256, DecodingKeyKind::SecretOrDer(der)) => by(&RSA_PKCS1_2048_8192_SHA256, der),
        (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
        }
        (Algorithm::PS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            RsaPublicKeyComponents { n, e }.verify(&RSA_PSS_2048_8192_SHA256, message, signature)
        }
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => by(&ECDSA_P256_SHA256_FIXED, point),
        (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(point)) => by(&ED25519, point),
        // Keys are loaded for the algorithms above only.
        _ => return false,
    };
    verified.is_ok()
}
