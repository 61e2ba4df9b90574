//! The caller of the demo data that GraphiQL has filled in.

use std::{collections::BTreeMap, sync::Arc};

use convene_api_graphql::{
    auth::TokenRequest,
    config::{self, AuthConfig, Environment, ServeConfig},
    http::graphiql::DemoHeaders,
    system,
};
use convene_application::ports::OrganizationReference;
use convene_domain::text::UserId;

/// An admin in `seeds/org-123.yaml`.
const ORGANIZATION: &str = "org-123";
const USER: &str = "user-456";
const LIFETIME_SECONDS: u32 = 24 * 3_600;

/// Makes the headers of the demo admin; `None` if the server may not give them away, or cannot sign tokens.
pub(super) fn headers(config: &ServeConfig, environment: &Environment) -> Option<DemoHeaders> {
    if !config.has_demo_caller() {
        return None;
    }
    if matches!(config.auth, AuthConfig::Headers) {
        let headers = [("X-Organization-Id", ORGANIZATION), ("X-User-Id", USER)];
        let headers = BTreeMap::from(headers.map(|(name, value)| (name, value.to_owned())));
        return Some(Arc::new(move || headers.clone()));
    }
    let issuer = config::token_issuer(environment).ok()?;
    let request = TokenRequest {
        organization: OrganizationReference::parse(ORGANIZATION),
        user: UserId::parse(USER).ok()?,
        operator: false,
        lifetime_seconds: LIFETIME_SECONDS,
    };
    Some(Arc::new(move || {
        let token = issuer.issue(&request, system::unix_time()).unwrap_or_default();
        BTreeMap::from([("Authorization", format!("Bearer {token}"))])
    }))
}
