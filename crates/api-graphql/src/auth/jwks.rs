//! Reading a JSON Web Key Set (RFC 7517).
//!
//! An entry that cannot be used is skipped, so that one odd key of a provider does not lock out the users of the others.

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use ring::{
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    rand::SystemRandom,
};
use serde_json::Value;

use super::keys::{KeyProblem, MAX_KEYS, VerificationKey, VerificationKeys, check_rsa_modulus};
use crate::strict_json;

/// The maximum number of skipped entries that are described, and of characters of their ids.
const MAX_DESCRIBED: usize = 5;
const MAX_ID_LENGTH: usize = 64;

/// The longest exponent of an RSA key that the cryptographic library uses, in bytes.
const MAX_EXPONENT: usize = 4;

/// The first byte of a point with both coordinates.
const UNCOMPRESSED: u8 = 4;

/// The points of order 8 on the curve of Ed25519.
const OF_ORDER_EIGHT: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

impl VerificationKeys {
    /// The keys of a JSON Web Key Set. Encryption keys are ignored. Entries that are malformed, ambiguous, too weak or not
    /// supported are [skipped](VerificationKeys::skipped), and those without a `kid` beside other usable ones; so are shared secrets
    /// and private keys, because a set is meant to be published.
    ///
    /// # Errors
    ///
    /// The text is not a key set, has too many keys, or none of them is usable.
    pub fn from_jwks(json: &[u8]) -> Result<Self, KeyProblem> {
        let set =
            strict_json::from_slice(json).map_err(|problem| KeyProblem::MalformedSet(problem.to_string()))?;
        let Some(Value::Array(entries)) = set.get("keys") else {
            return Err(KeyProblem::MalformedSet("an object with a list `keys` is expected".to_owned()));
        };
        if entries.len() > MAX_KEYS {
            return Err(KeyProblem::LargeSet(entries.len()));
        }
        let read = entries.iter().map(|entry| (entry, read(entry))).collect::<Vec<_>>();
        let is_only_one = read.iter().filter(|(_, key)| matches!(key, Ok(Some(_)))).count() == 1;
        let (mut keys, mut skipped) = (Vec::<VerificationKey>::new(), Vec::new());
        for (entry, read) in read {
            let checked = read.and_then(|key| match key {
                Some(key) if key.id.is_none() && !is_only_one => Err("it has no kid".to_owned()),
                Some(key) if keys.iter().any(|known| known.has(key.id.as_deref(), key.algorithm)) => {
                    Err("another key has the same kid".to_owned())
                }
                key => Ok(key),
            });
            match checked {
                Ok(key) => keys.extend(key),
                Err(reason) => skipped.push(describe(entry, &reason)),
            }
        }
        let omitted = skipped.len().saturating_sub(MAX_DESCRIBED);
        skipped.truncate(MAX_DESCRIBED);
        let mut skipped = skipped.join("; ");
        if omitted > 0 {
            skipped.push_str(&format!("; and {omitted} more"));
        }
        if keys.is_empty() {
            return Err(KeyProblem::EmptySet(skipped));
        }
        Ok(Self::with_ids(keys, skipped, fingerprint(entries)))
    }
}

/// Servers of a provider may list the same entries in different orders.
fn fingerprint(entries: &[Value]) -> u64 {
    let mut texts: Vec<_> = entries.iter().map(Value::to_string).collect();
    texts.sort_unstable();
    let mut hasher = DefaultHasher::new();
    texts.hash(&mut hasher);
    hasher.finish()
}

/// The key in an entry; `Ok(None)` for encryption keys.
///
/// # Errors
/// The reason why the entry is skipped.
fn read(entry: &Value) -> Result<Option<VerificationKey>, String> {
    // A key that is published with its private part can be used by anybody.
    if ["d", "p", "q", "k"].iter().any(|part| entry.get(part).is_some()) {
        return Err("it is not a public key".to_owned());
    }
    let jwk: Jwk = serde_json::from_value(entry.clone()).map_err(|problem| problem.to_string())?;
    let common = &jwk.common;
    match &common.public_key_use {
        None | Some(PublicKeyUse::Signature) => {}
        Some(PublicKeyUse::Encryption) => return Ok(None),
        Some(PublicKeyUse::Other(_)) => return Err("its use is not sig".to_owned()),
    }
    if common.key_operations.as_ref().is_some_and(|operations| !operations.contains(&KeyOperations::Verify)) {
        return Err("its key_ops do not contain verify".to_owned());
    }
    let (algorithm, key) = public_key(&jwk)?;
    Ok(Some(VerificationKey { id: common.key_id.clone(), algorithm, key }))
}

/// The key, and the one algorithm that it is for: the stated one, or else the usual one of its type (RFC 8725, section 3.1).
fn public_key(jwk: &Jwk) -> Result<(Algorithm, DecodingKey), String> {
    let stated = jwk.common.key_algorithm;
    let malformed = || "a part of the key is malformed".to_owned();
    let unusable = || "no signature can be verified with it, so it cannot be used".to_owned();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed());
    match (&jwk.algorithm, stated) {
        (AlgorithmParameters::RSA(rsa), None | Some(KeyAlgorithm::RS256 | KeyAlgorithm::PS256)) => {
            let (modulus, exponent) = (decode(&rsa.n)?, decode(&rsa.e)?);
            check_rsa_modulus(&modulus).map_err(|problem| problem.to_string())?;
            // The cryptographic library refuses numbers with leading zeros.
            let digits = |number: &[u8]| {
                number.iter().position(|&digit| digit != 0).map(|start| number[start..].to_vec())
            };
            let (modulus, exponent) = digits(&modulus).zip(digits(&exponent)).ok_or_else(malformed)?;
            // What the cryptographic library verifies no signature with (RFC 8017: the modulus is a product of odd primes).
            let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
            if !is_odd(&modulus) || !is_odd(&exponent) || exponent == [1] || exponent.len() > MAX_EXPONENT {
                return Err(unusable());
            }
            let algorithm =
                if stated == Some(KeyAlgorithm::PS256) { Algorithm::PS256 } else { Algorithm::RS256 };
            Ok((algorithm, DecodingKey::from_rsa_raw_components(&modulus, &exponent)))
        }
        (AlgorithmParameters::EllipticCurve(ec), None | Some(KeyAlgorithm::ES256))
            if ec.curve == EllipticCurve::P256 =>
        {
            let (x, y) = (decode(&ec.x)?, decode(&ec.y)?);
            if x.len() != 32 || y.len() != 32 {
                return Err(malformed());
            }
            if !is_on_p256(&x, &y) {
                return Err(unusable());
            }
            DecodingKey::from_jwk(jwk).map(|key| (Algorithm::ES256, key)).map_err(|_| malformed())
        }
        (AlgorithmParameters::OctetKeyPair(pair), None | Some(KeyAlgorithm::EdDSA))
            if pair.curve == EllipticCurve::Ed25519 =>
        {
            let point = decode(&pair.x)?;
            if point.len() != 32 {
                return Err(malformed());
            }
            if is_of_small_order(&point) {
                return Err("it is weak: one signature fits any token".to_owned());
            }
            DecodingKey::from_jwk(jwk).map(|key| (Algorithm::EdDSA, key)).map_err(|_| malformed())
        }
        _ => Err("its type or algorithm is not supported".to_owned()),
    }
}

/// Tests whether the point is on the curve P-256. The cryptographic library has no other function that tells it.
fn is_on_p256(x: &[u8], y: &[u8]) -> bool {
    let point = [&[UNCOMPRESSED], x, y].concat();
    let random = SystemRandom::new();
    let Ok(own) = EphemeralPrivateKey::generate(&ECDH_P256, &random) else { return false };
    agree_ephemeral(own, &UnparsedPublicKey::new(&ECDH_P256, point), |_| ()).is_ok()
}

/// Tests whether an Ed25519 key is a point of small order, for which anybody finds signatures (RFC 8032, section 8.9). They are all
/// of the encodings of these points, without the bit of the sign.
fn is_of_small_order(point: &[u8]) -> bool {
    const LAST: usize = 31;
    let number = |first: u8, middle: u8, last: u8| {
        let mut number = [middle; LAST + 1];
        (number[0], number[LAST]) = (first, last);
        number
    };
    let mut unsigned = point.to_vec();
    if let Some(last) = unsigned.last_mut() {
        *last &= 0x7f;
    }
    // 0, 1, -1, and p and p + 1 for 0 and 1.
    let short = [(0, 0, 0), (1, 0, 0), (0xec, 0xff, 0x7f), (0xed, 0xff, 0x7f), (0xee, 0xff, 0x7f)];
    let short = short.map(|(first, middle, last)| number(first, middle, last));
    short.iter().chain(&OF_ORDER_EIGHT).any(|weak| weak[..] == unsigned)
}

/// The id of an entry and the reason why it is skipped, in a bounded length.
fn describe(entry: &Value, reason: &str) -> String {
    let id: String = match entry.get("kid").and_then(Value::as_str) {
        Some(id) => id.chars().take(MAX_ID_LENGTH).collect(),
        None => "without kid".to_owned(),
    };
    format!("{id:?}: {}", reason.chars().take(MAX_ID_LENGTH * 2).collect::<String>())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const ED25519: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;

    const P256: &str = r#""kty":"EC","crv":"P-256","x":"ZMRLkq5ofQDllhcwnmG_y_Sjj-5AzZ3dRk6m-qXe0JE","y":"m82ceE0kfMEoHJH0tvZ4wm5vo4w4W63C7Nu-vQ7HAuw""#;

    /// An RSA key of 1,024 bits.
    const SHORT_RSA: &str = r#""kty":"RSA","e":"AQAB","n":"x74bbn0bV7Wz5dZsa0QSh8ueDq3ubapBI1H_54FWL8g3OQtY4oZ16QEV9U0UdQDftETlgXicPJqAZgFBnLCLTh0HVn0nAeRp2jmipi6CUFyK2uczaqzPelUB6HOYIQ1AB6Wd4rQF2Gna7WTYl2vP9QAZ1dhx4npt0_mHINZpNaM""#;

    fn set(keys: &[String]) -> Result<VerificationKeys, KeyProblem> {
        VerificationKeys::from_jwks(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes())
    }

    fn good() -> String {
        format!(r#"{{{ED25519},"kid":"good"}}"#)
    }

    #[rstest]
    #[case::short_rsa(format!(r#"{{{SHORT_RSA},"kid":"a"}}"#), "holds an RSA key of 1024 bits")]
    #[case::without_an_id(format!("{{{ED25519}}}"), "it has no kid")]
    #[case::same_id(good(), "another key has the same kid")]
    #[case::other_algorithm(format!(r#"{{{ED25519},"alg":"RS256","kid":"a"}}"#), "not supported")]
    #[case::unknown_algorithm(format!(r#"{{{ED25519},"alg":"ML-DSA-44","kid":"a"}}"#), "not supported")]
    #[case::unknown_type(r#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA","kid":"a"}"#.to_owned(), "")]
    #[case::other_use(format!(r#"{{{ED25519},"use":"tls","kid":"a"}}"#), "use is not sig")]
    #[case::other_operation(format!(r#"{{{ED25519},"key_ops":["sign"],"kid":"a"}}"#), "key_ops")]
    #[case::shared_secret(r#"{"kty":"oct","k":"c2VjcmV0","kid":"a"}"#.to_owned(), "not a public key")]
    #[case::private_key(format!(r#"{{{ED25519},"d":"AAAA","kid":"a"}}"#), "not a public key")]
    #[case::short_point(r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA","kid":"a"}"#.to_owned(), "malformed")]
    #[case::no_point(format!(r#"{{{},"kid":"a"}}"#, P256.replace("ZMRLkq5ofQ", "")), "malformed")]
    #[case::identity(format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"AQ{}","kid":"a"}}"#, "A".repeat(41)), "weak")]
    #[case::other_small_order(format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}","kid":"a"}}"#, "A".repeat(43)), "weak")]
    #[case::off_the_curve(format!(r#"{{{},"kid":"a"}}"#, P256.replace("ZMRLkq5ofQ", "ZMRLkq5ofA")), "cannot be used")]
    #[case::even_modulus(format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}A","kid":"a"}}"#, "_".repeat(341)), "cannot be used")]
    #[case::even_exponent(format!(r#"{{"kty":"RSA","e":"AQAA","n":"{}w","kid":"a"}}"#, "_".repeat(341)), "cannot be used")]
    #[case::long_exponent(format!(r#"{{"kty":"RSA","e":"{0}w","n":"{0}w","kid":"a"}}"#, "_".repeat(341)), "cannot be used")]
    #[case::not_base64(r#"{"kty":"RSA","e":"AQAB","n":"?","kid":"a"}"#.to_owned(), "malformed")]
    #[case::numeric_id(format!(r#"{{{ED25519},"kid":7}}"#), "")]
    #[case::no_object("7".to_owned(), "")]
    #[case::null("null".to_owned(), "")]
    fn an_entry_that_cannot_be_used_is_skipped_and_described(#[case] entry: String, #[case] reason: &str) {
        let keys = set(&[good(), entry]).unwrap();
        assert_eq!(keys.len(), 1);
        assert!(!keys.skipped().is_empty() && keys.skipped().contains(reason), "{}", keys.skipped());
    }

    #[rstest]
    #[case::encryption_keys_are_ignored(format!(r#"{{{SHORT_RSA},"use":"enc","kid":"a"}}"#), 1)]
    #[case::one_id_for_two_types(format!(r#"{{{P256},"kid":"good"}}"#), 2)]
    #[case::stated_use(format!(r#"{{{ED25519},"use":"sig","alg":"EdDSA","key_ops":["verify"],"kid":"b"}}"#), 2)]
    fn other_entries_are_read(#[case] entry: String, #[case] expected: usize) {
        let keys = set(&[good(), entry]).unwrap();
        assert_eq!((keys.len(), keys.skipped()), (expected, ""));
    }

    #[test]
    fn only_other_entries_change_the_fingerprint() {
        let other = format!(r#"{{{P256},"kid":"other"}}"#);
        let fingerprint = |keys: &[String]| set(keys).unwrap().fingerprint();
        assert_eq!(fingerprint(&[good(), other.clone()]), fingerprint(&[other.clone(), good()]));
        assert_ne!(fingerprint(&[good(), other.clone()]), fingerprint(&[good()]));
        assert_ne!(fingerprint(&[good()]), fingerprint(&[good().replace("11qY", "22qY")]));
    }

    #[rstest]
    #[case::alone(&[])]
    #[case::beside_an_encryption_key(&[format!(r#"{{{SHORT_RSA},"use":"enc","kid":"a"}}"#)])]
    #[case::beside_one_that_cannot_be_used(&[format!(r#"{{{SHORT_RSA},"kid":"a"}}"#)])]
    fn the_only_usable_key_needs_no_id_and_fits_any(#[case] others: &[String]) {
        let keys = set(&[others, &[format!("{{{ED25519}}}")]].concat()).unwrap();
        assert_eq!(keys.len(), 1);
        assert!([None, Some("any")].iter().all(|id| keys.select(*id, Algorithm::EdDSA).is_some()));
        assert!(keys.select(Some("any"), Algorithm::ES256).is_none());
        assert!(set(&[good()]).unwrap().select(Some("any"), Algorithm::EdDSA).is_none());
    }

    #[test]
    fn a_set_without_usable_keys_is_refused_with_the_reasons() {
        assert_eq!(set(&[]).unwrap_err(), KeyProblem::EmptySet(String::new()));
        let problem = set(&[format!("{{{SHORT_RSA}}}")]).unwrap_err();
        assert!(problem.to_string().contains("RSA key of 1024 bits"), "{problem}");
        let many: Vec<_> = (0..MAX_KEYS).map(|number| format!(r#"{{"kid":"{number}"}}"#)).collect();
        let problem = set(&many).unwrap_err().to_string();
        assert!(problem.ends_with("and 95 more") && problem.len() < 1_500, "{problem}");
        assert_eq!(set(&vec![good(); MAX_KEYS + 1]).unwrap_err(), KeyProblem::LargeSet(MAX_KEYS + 1));
    }

    #[rstest]
    #[case("[]")]
    #[case("")]
    #[case("<html></html>")]
    #[case(r#"{"keys":{}}"#)]
    #[case(r#"{"keys":[],"keys":[]}"#)]
    fn text_that_is_not_a_key_set_is_refused(#[case] text: &str) {
        assert!(matches!(VerificationKeys::from_jwks(text.as_bytes()), Err(KeyProblem::MalformedSet(_))));
    }
}
