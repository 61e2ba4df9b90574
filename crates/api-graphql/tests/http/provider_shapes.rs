//! Tokens and key sets in the shapes of Keycloak, Auth0 and Entra, with the settings that `docs/operations/identity-providers.md` gives for each.

use std::sync::Arc;

use convene_api_graphql::{
    auth::TokenVerifier,
    config::{AuthConfig, ConfigError, Environment, ServeConfig},
};
use convene_application::{authentication::Credentials, ports::OrganizationReference};
use rstest::rstest;
use serde_json::{Value, json};

use super::support::{NOW, signer::Signer};

const PROVIDERS: &str = include_str!("../../../../docs/operations/identity-providers.md");

/// The lines of the code block after this heading.
fn documented(heading: &str) -> &'static str {
    let (_, section) = PROVIDERS.split_once(&format!("\n## {heading}\n")).unwrap();
    let (_, block) = section.split_once("```").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    block.split_once('\n').unwrap().1
}

fn verifier(settings: &[(&str, &str)]) -> Result<Arc<TokenVerifier>, ConfigError> {
    let database = ("CONVENE_MONGODB_URI", "mongodb://localhost/?replicaSet=rs0");
    let variables = settings.iter().chain([&database]).map(|&(name, value)| (name.into(), value.into()));
    let environment = Environment::of(variables, |_| Ok(()));
    match ServeConfig::read(&environment)?.auth {
        AuthConfig::Jwt(verifier) => Ok(verifier),
        AuthConfig::Headers => unreachable!(),
    }
}

/// The documented settings of a provider.
fn settings(heading: &str) -> Vec<(&'static str, &'static str)> {
    documented(heading).lines().map(|line| line.split_once('=').unwrap()).collect()
}

struct Shape {
    settings: Vec<(&'static str, &'static str)>,
    shape: Value,
}

impl Shape {
    fn of(heading: &'static str) -> Self {
        let shape = match heading {
            "Keycloak" => include_str!("../data/providers/keycloak.json"),
            "Auth0" => include_str!("../data/providers/auth0.json"),
            _ => include_str!("../data/providers/entra.json"),
        };
        Self { settings: settings(heading), shape: serde_json::from_str(shape).unwrap() }
    }

    fn verify(&self, header: &Value, claims: &Value) -> Option<Credentials> {
        let keys = self.shape["jwks"].to_string();
        let mut settings = self.settings.clone();
        settings.push(("CONVENE_JWT_JWKS", &keys));
        let token = Signer::rsa("unused", "RS256").sign(header, claims);
        verifier(&settings).unwrap().verify(&token, NOW).ok()
    }

    fn claims(&self, changes: &Value) -> Value {
        let mut claims = self.shape["claims"].clone();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }
}

#[rstest]
#[case("Keycloak")]
#[case("Auth0")]
#[case("Entra")]
fn a_token_gives_the_documented_credentials(#[case] provider: &'static str) {
    let shape = Shape::of(provider);
    let credentials = shape.verify(&shape.shape["header"], &shape.claims(&json!({}))).unwrap();
    assert_eq!(credentials.user.as_str(), shape.shape["user"].as_str().unwrap());
    assert_eq!(
        credentials.organization,
        OrganizationReference::parse(shape.shape["organization"].as_str().unwrap())
    );
    assert!(credentials.operator);

    let with_roles = |roles: Value| {
        let mut claims = shape.claims(&json!({}));
        let names = shape.shape["operator"].as_array().unwrap();
        let place = names.iter().fold(&mut claims, |place, name| &mut place[name.as_str().unwrap()]);
        *place = roles;
        shape.verify(&shape.shape["header"], &claims)
    };
    assert!(!with_roles(json!(["user"])).unwrap().operator);
    assert_eq!(with_roles(json!({"user": true})), None);
}

#[rstest]
#[case("Keycloak")]
#[case("Auth0")]
#[case("Entra")]
fn other_tokens_of_the_provider_are_refused(#[case] provider: &'static str) {
    let shape = Shape::of(provider);
    let header = &shape.shape["header"];
    let verify = |changes: &Value| shape.verify(header, &shape.claims(changes));
    assert_eq!(verify(&shape.shape["idToken"]), None, "an ID token");
    assert_eq!(verify(&json!({"aud": "another-application"})), None);
    assert_eq!(verify(&json!({"iss": format!("{}x", shape.shape["claims"]["iss"].as_str().unwrap())})), None);
    assert_eq!(verify(&json!({"exp": NOW - 5})), None);
    assert!(verify(&json!({"exp": NOW - 4})).is_some(), "within the leeway");
    assert_eq!(verify(&json!({"nbf": NOW + 6})), None);
    let mut other = header.clone();
    other["kid"] = json!("unknown");
    assert_eq!(shape.verify(&other, &shape.claims(&json!({}))), None);
    // The encryption key of Keycloak, and the other signing keys.
    for entry in shape.shape["jwks"]["keys"].as_array().unwrap() {
        if entry["kid"] != header["kid"] {
            other["kid"] = entry["kid"].clone();
            assert_eq!(shape.verify(&other, &shape.claims(&json!({}))), None);
        }
    }
}

#[rstest]
#[case("Keycloak")]
#[case("Auth0")]
#[case("Entra")]
fn the_documented_settings_find_the_keys_by_the_issuer(#[case] provider: &'static str) {
    let verifier = verifier(&settings(provider)).unwrap();
    assert_eq!(verifier.remote_keys().count(), 1);
    assert!(!verifier.has_keys());
}

#[test]
fn the_documented_list_of_providers_can_be_used() {
    let verifier = verifier(&[("CONVENE_JWT_PROVIDERS", documented("Several providers"))]).unwrap();
    assert_eq!(verifier.remote_keys().count(), 2);
}
