//! The identity behind verified credentials.

use std::sync::Arc;

use async_trait::async_trait;
use convene_application::{
    authentication::{Authenticate, Credentials, Deadline},
    caller::{Caller, Identity, Principal},
    failure::Fault,
    ports::Directory,
};
use convene_domain::id::MemberId;

use crate::auth::{CallerResolver, Resolution};

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

    async fn resolve(
        &self,
        credentials: Credentials,
        deadline: Deadline,
    ) -> Result<Resolution<Identity>, Fault> {
        Ok(match self.0.execute(credentials, deadline).await? {
            Principal::Authenticated(identity) => Resolution::Caller(identity),
            Principal::Anonymous => Resolution::Unknown,
            Principal::Suspended { organization, member } => {
                Resolution::Suspended { organization: organization.to_string(), member: Some(member) }
            }
        })
    }

    fn organization_key(&self, identity: &Identity) -> Option<String> {
        identity.caller().map(|member| member.scope().organization().to_string())
    }

    fn member(&self, identity: &Identity) -> Option<MemberId> {
        identity.caller().map(Caller::member)
    }
}
