//! From proven credentials to whoever may call.

use std::sync::Arc;

use async_trait::async_trait;
use convene_application::{
    authentication::{self, Authenticate},
    caller::{Identity, Principal},
    ports::{Directory, OrganizationReference},
};
use convene_domain::{member::Role, text::UserId};

use crate::auth::{self, CallerResolver, Credentials};

/// Looks callers up among the members of organizations.
pub struct Callers(Authenticate);

impl Callers {
    /// Callers in this directory.
    #[must_use]
    pub const fn new(directory: Arc<dyn Directory>) -> Self {
        Self(Authenticate::new(directory))
    }
}

#[async_trait]
impl CallerResolver for Callers {
    type Caller = Identity;

    async fn resolve(&self, credentials: Credentials) -> Result<Option<Identity>, auth::Fault> {
        let Some(credentials) = understood(&credentials) else { return Ok(None) };
        Ok(match self.0.execute(credentials).await? {
            Principal::Authenticated(identity) => Some(identity),
            Principal::Anonymous => None,
        })
    }

    fn organization_key(&self, identity: &Identity) -> Option<String> {
        identity.caller().map(|member| member.scope().organization().to_string())
    }
}

/// The credentials in the application's terms. `None` where they name what cannot exist: nobody is meant by a user
/// id or an organization that could never have been stored.
fn understood(credentials: &Credentials) -> Option<authentication::Credentials> {
    let organization = match credentials.organization.as_deref() {
        None => None,
        Some(text) => Some(OrganizationReference::parse(text)?),
    };
    let user = UserId::parse(&credentials.user_id).ok()?;
    // Cleaning a user id could make one user out of another.
    let user = Some(user).filter(|user| user.as_str() == credentials.user_id)?;
    let role = credentials.role_override.map(|role| match role {
        auth::Role::Admin => Role::Admin,
        auth::Role::Member => Role::Member,
    });
    Some(authentication::Credentials { organization, user, operator: credentials.operator, role })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(organization: Option<&str>, user: &str) -> Credentials {
        Credentials {
            organization: organization.map(str::to_owned),
            user_id: user.to_owned(),
            operator: false,
            role_override: None,
        }
    }

    #[test]
    fn what_cannot_exist_is_nobody() {
        assert!(understood(&credentials(Some("org-123"), "user-456")).is_some());
        assert!(understood(&credentials(Some("Not A Slug"), "user-456")).is_none());
        // The same name in another normalization form, and with white space around it.
        assert!(understood(&credentials(Some("org-123"), "e\u{301}va")).is_none());
        assert!(understood(&credentials(Some("org-123"), " user-456")).is_none());
    }
}
