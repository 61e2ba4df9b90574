//! Valid tokens, and invalid tokens of every kind.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::{Map, Value, json};

use convene_api_graphql::auth::{ClaimRules, IdentityProvider, KeySource, TokenVerifier, VerificationKeys};

use super::NOW;

pub(crate) const SECRET: &str = "a-secret-for-tests-of-32-bytes-or-more";

/// A verifier of the tokens of one provider with these keys.
pub(crate) fn verifier(keys: VerificationKeys) -> TokenVerifier {
    let rules = ClaimRules::new("convene".to_owned(), "convene".to_owned());
    TokenVerifier::new(vec![IdentityProvider { rules, keys: KeySource::Fixed(keys) }])
}

/// The header of a valid token.
pub(crate) fn header() -> Value {
    json!({"alg": "HS256", "typ": "JWT"})
}

/// The claims of a valid token, with these changes.
pub(crate) fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": "convene", "aud": "convene", "sub": "alice", "org": "acme", "iat": NOW, "exp": NOW + 3600,
    });
    merge(&mut claims, changes);
    claims
}

/// A token that is valid except for these changes to its claims.
pub(crate) fn token(changes: &Value) -> String {
    sign(&header(), &claims(changes).to_string(), SECRET)
}

/// A token of these parts, signed with HS256.
pub(crate) fn sign(header: &Value, payload: &str, secret: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    signed_by(header, payload, |message| hmac::sign(&key, message).as_ref().to_vec())
}

/// A token of these parts, with the signature that `sign` makes.
pub(crate) fn signed_by(header: &Value, payload: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", encode(&header.to_string()), encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// A token as described by a case: `name=value`, or a name alone.
pub(crate) fn forged(recipe: &str) -> String {
    let (name, value) = recipe.split_once('=').unwrap_or((recipe, ""));
    let seconds = || json!(NOW + value.trim_start_matches('+').parse::<i64>().unwrap());
    let with_claim =
        |name: &str, value: Value| token(&Value::Object(Map::from_iter([(name.to_owned(), value)])));
    let with_header = |name: &str, value: Value| {
        let mut header = header();
        header[name] = value;
        sign(&header, &claims(&json!({})).to_string(), SECRET)
    };
    match (name, value) {
        ("crit", list) => with_header("crit", serde_json::from_str(list).unwrap()),
        ("alg", list) => with_header("alg", serde_json::from_str(list).unwrap()),
        ("x5u" | "jku", address) => with_header(name, json!(address)),
        ("jwk", _) => {
            let mut header = header();
            header["jwk"] = json!({"kty": "oct", "k": encode("attacker-attacker-attacker-attacker")});
            sign(&header, &claims(&json!({})).to_string(), "attacker-attacker-attacker-attacker")
        }
        ("key", "wrong") => {
            sign(&header(), &claims(&json!({})).to_string(), "another-secret-of-32-bytes-or-more")
        }
        ("key", weak) => sign(&header(), &claims(&json!({})).to_string(), weak),
        ("exp" | "nbf", _) => with_claim(name, seconds()),
        ("typ" | "aud", value) => with_claim(name, json!(value)),
        ("org", _) => with_claim("org", json!("other-organization")),
        ("noaud", _) => {
            let mut claims = claims(&json!({}));
            claims.as_object_mut().unwrap().remove("aud");
            sign(&header(), &claims.to_string(), SECRET)
        }
        // A member that was removed after the token was issued.
        ("revoked", _) => with_claim("sub", json!("mallory")),
        ("payload", _) => {
            let nested = format!("{{\"a\":{}{}}}", "[".repeat(2_900), "]".repeat(2_900));
            sign(&header(), &nested, SECRET)
        }
        ("sig", _) => {
            let token = token(&json!({}));
            let (message, _) = token.rsplit_once('.').unwrap();
            format!("{message}.")
        }
        ("nul", _) => with_claim("sub", json!("ali\u{0}ce")),
        other => panic!("no such recipe: {other:?}"),
    }
}

fn encode(part: &str) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

fn merge(target: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().unwrap() {
        target[name] = value.clone();
    }
}
