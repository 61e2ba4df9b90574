//! Tokens signed with public-key algorithms, and attacks that confuse algorithms or keys.

use base64::{Engine, engine::general_purpose::STANDARD};
use convene_api_graphql::auth::VerificationKeys;
use jsonwebtoken::Algorithm;
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use rstest::rstest;
use serde_json::{Value, json};

use super::support::{
    NOW,
    tokens::{self, verifier},
};

const RSA_PRIVATE: &str = include_str!("../data/rsa.private.pem");
const RSA_PUBLIC: &str = include_str!("../data/rsa.public.pem");
const EC_PRIVATE: &str = include_str!("../data/ec.private.pem");
const EC_PUBLIC: &str = include_str!("../data/ec.public.pem");
const ED_PRIVATE: &str = include_str!("../data/ed.private.pem");
const ED_PUBLIC: &str = include_str!("../data/ed.public.pem");

fn signature(algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
    let der = |pem: &str| {
        let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(lines).unwrap()
    };
    let random = SystemRandom::new();
    match algorithm {
        Algorithm::RS256 => {
            let key = RsaKeyPair::from_pkcs8(&der(RSA_PRIVATE)).unwrap();
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
            signature
        }
        Algorithm::ES256 => {
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der(EC_PRIVATE), &random)
                .unwrap();
            key.sign(&random, message).unwrap().as_ref().to_vec()
        }
        _ => {
            let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der(ED_PRIVATE)).unwrap();
            key.sign(message).as_ref().to_vec()
        }
    }
}

fn token(algorithm: Algorithm, header: &Value) -> String {
    let payload = tokens::claims(&json!({})).to_string();
    tokens::signed_by(header, &payload, |message| signature(algorithm, message))
}

#[rstest]
#[case("RS256", Algorithm::RS256, RSA_PUBLIC)]
#[case("ES256", Algorithm::ES256, EC_PUBLIC)]
#[case("EdDSA", Algorithm::EdDSA, ED_PUBLIC)]
fn each_kind_of_public_key_accepts_only_its_own_algorithm(
    #[case] name: &str,
    #[case] algorithm: Algorithm,
    #[case] pem: &str,
) {
    let verifier = verifier(VerificationKeys::from_public_pem(pem).unwrap());
    let good = token(algorithm, &json!({"alg": name}));
    assert_eq!(verifier.verify(&good, NOW).unwrap().user.as_str(), "alice");
    for other in ["none", "None", "", "HS256", "RS256", "ES256", "EdDSA", "RS512"] {
        if other != name {
            assert!(verifier.verify(&token(algorithm, &json!({"alg": other})), NOW).is_err(), "{other}");
        }
    }
}

#[test]
fn a_public_key_used_as_a_shared_secret_is_refused() {
    let verifier = verifier(VerificationKeys::from_public_pem(RSA_PUBLIC).unwrap());
    for secret in [RSA_PUBLIC, RSA_PUBLIC.trim()] {
        let forged = tokens::sign(&json!({"alg": "HS256"}), &tokens::claims(&json!({})).to_string(), secret);
        assert!(verifier.verify(&forged, NOW).is_err());
    }
}

#[test]
fn a_private_key_is_refused_as_a_public_key() {
    for pem in [RSA_PRIVATE, EC_PRIVATE, ED_PRIVATE] {
        assert!(VerificationKeys::from_public_pem(pem).is_err());
    }
}

#[test]
fn keys_of_a_set_are_selected_by_their_id() {
    let set = include_str!("../data/jwks.json");
    let verifier = verifier(VerificationKeys::from_jwks(set.as_bytes()).unwrap());
    let verify = |algorithm, header: &Value| verifier.verify(&token(algorithm, header), NOW).ok();
    assert!(verify(Algorithm::ES256, &json!({"alg": "ES256", "kid": "ec"})).is_some());
    assert!(verify(Algorithm::EdDSA, &json!({"alg": "EdDSA", "kid": "ed"})).is_some());
    for header in [
        json!({"alg": "ES256"}),
        json!({"alg": "ES256", "kid": "ed"}),
        json!({"alg": "ES256", "kid": "unknown"}),
        json!({"alg": "ES256", "kid": "../../etc/passwd"}),
        json!({"alg": "ES256", "kid": ["ec"]}),
    ] {
        assert_eq!(verify(Algorithm::ES256, &header), None, "{header}");
    }
}

#[rstest]
#[case(json!({"alg": "HS256", "typ": "at+jwt"}), true)]
#[case(json!({"alg": "HS256"}), true)]
#[case(json!({"alg": "HS256", "kid": "anything"}), true)]
#[case(json!({"alg": "HS256", "typ": "JOSE"}), false)]
#[case(json!({"alg": "HS256", "typ": 1}), false)]
#[case(json!({"alg": "hs256"}), false)]
#[case(json!({"alg": "HS256", "b64": false}), false)]
#[case(json!({"alg": "HS256", "zip": "DEF"}), false)]
#[case(json!({"alg": "HS256", "cty": "JWT"}), false)]
#[case(json!({"alg": "HS256", "x5c": ["AAAA"]}), false)]
#[case(json!({"alg": null}), false)]
#[case(json!({}), false)]
#[case(json!([]), false)]
fn headers_that_change_the_verification_are_refused(#[case] header: Value, #[case] accepted: bool) {
    let keys = VerificationKeys::from_secret(&secrecy::SecretString::from(tokens::SECRET)).unwrap();
    let token = tokens::sign(&header, &tokens::claims(&json!({})).to_string(), tokens::SECRET);
    assert_eq!(verifier(keys).verify(&token, NOW).is_ok(), accepted);
}

#[test]
fn a_duplicate_claim_or_a_huge_token_is_refused() {
    let keys = VerificationKeys::from_secret(&secrecy::SecretString::from(tokens::SECRET)).unwrap();
    let verifier = verifier(keys);
    let claims = tokens::claims(&json!({})).to_string();
    let twice = claims.replacen('{', "{\"sub\":\"bob\",", 1);
    assert!(verifier.verify(&tokens::sign(&tokens::header(), &twice, tokens::SECRET), NOW).is_err());

    let padded = |length: usize| tokens::token(&json!({"padding": "x".repeat(length)}));
    assert!(verifier.verify(&padded(4_000), NOW).is_ok());
    assert!(verifier.verify(&padded(7_000), NOW).is_err());
}
