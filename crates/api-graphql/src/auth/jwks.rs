//! Reading a JSON Web Key Set.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse},
};

use super::keys::{KeyProblem, VerificationKey, VerificationKeys, check_rsa_modulus};

impl VerificationKeys {
    /// The keys of a JSON Web Key Set (RFC 7517). Encryption keys and keys of unsupported types are ignored. So are
    /// shared secrets, because a set is meant to be published.
    ///
    /// # Errors
    ///
    /// The text is not a key set, none of its keys is usable, an RSA key has the wrong length, or one of several keys has
    /// no id of its own.
    pub fn from_jwks(json: &str) -> Result<Self, KeyProblem> {
        read(json).map(Self::with_ids)
    }
}

/// The usable keys of a set, in its order.
fn read(json: &str) -> Result<Vec<VerificationKey>, KeyProblem> {
    let set: JwkSet =
        serde_json::from_str(json).map_err(|problem| KeyProblem::MalformedSet(problem.to_string()))?;
    let keys: Vec<_> = set.keys.iter().filter_map(|key| usable(key).transpose()).collect::<Result<_, _>>()?;
    if keys.is_empty() {
        return Err(KeyProblem::EmptySet);
    }
    let mut ids: Vec<_> = keys.iter().map(|key| key.id.as_deref()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() != keys.len() || (keys.len() > 1 && ids.contains(&None)) {
        return Err(KeyProblem::AmbiguousSet);
    }
    Ok(keys)
}

fn usable(jwk: &Jwk) -> Result<Option<VerificationKey>, KeyProblem> {
    let common = &jwk.common;
    if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return Ok(None);
    }
    let (algorithm, name) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(parameters) if parameters.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(parameters) if parameters.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return Ok(None),
    };
    if common.key_algorithm.as_ref().is_some_and(|stated| *stated != name) {
        return Ok(None);
    }
    let Ok(key) = DecodingKey::from_jwk(jwk) else { return Ok(None) };
    if let AlgorithmParameters::RSA(parameters) = &jwk.algorithm {
        check_rsa_modulus(&URL_SAFE_NO_PAD.decode(&parameters.n).unwrap_or_default())?;
    }
    Ok(Some(VerificationKey { id: common.key_id.clone(), algorithm, key }))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const ED25519: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;

    /// An RSA key of 1,024 bits.
    const SHORT_RSA: &str = r#"{"kty":"RSA","e":"AQAB","n":"x74bbn0bV7Wz5dZsa0QSh8ueDq3ubapBI1H_54FWL8g3OQtY4oZ16QEV9U0UdQDftETlgXicPJqAZgFBnLCLTh0HVn0nAeRp2jmipi6CUFyK2uczaqzPelUB6HOYIQ1AB6Wd4rQF2Gna7WTYl2vP9QAZ1dhx4npt0_mHINZpNaM"}"#;

    #[rstest]
    #[case::short_rsa(SHORT_RSA.to_owned(), Err(KeyProblem::RsaLength(1_024)))]
    #[case::one_without_an_id(format!("{{{ED25519}}}"), Ok(1))]
    #[case::two_with_ids(format!(r#"{{{ED25519},"kid":"a"}},{{{ED25519},"kid":"b"}}"#), Ok(2))]
    #[case::same_id_twice(format!(r#"{{{ED25519},"kid":"a"}},{{{ED25519},"kid":"a"}}"#), Err(KeyProblem::AmbiguousSet))]
    #[case::one_of_two_without(format!(r#"{{{ED25519},"kid":"a"}},{{{ED25519}}}"#), Err(KeyProblem::AmbiguousSet))]
    #[case::for_encryption(format!(r#"{{{ED25519},"use":"enc"}}"#), Err(KeyProblem::EmptySet))]
    #[case::other_algorithm(format!(r#"{{{ED25519},"alg":"RS256"}}"#), Err(KeyProblem::EmptySet))]
    #[case::shared_secret(r#"{"kty":"oct","k":"c2VjcmV0"}"#.to_owned(), Err(KeyProblem::EmptySet))]
    fn only_usable_keys_are_taken(#[case] keys: String, #[case] expected: Result<usize, KeyProblem>) {
        let read = read(&format!(r#"{{"keys":[{keys}]}}"#)).map(|keys| keys.len());
        assert_eq!(read, expected);
    }

    #[test]
    fn text_that_is_not_a_key_set_is_refused() {
        assert!(matches!(read("[]"), Err(KeyProblem::MalformedSet(_))));
    }
}
