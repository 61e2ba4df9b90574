//! The one door: headers in, a known caller out.

use std::{error::Error, sync::Arc, time::Duration};

use actix_web::http::header::HeaderMap;
use async_trait::async_trait;
use convene_application::authentication::Credentials;

use super::{
    Authenticator,
    rate_limit::{CallerKey, RateLimits},
};
use crate::telemetry::{SecurityEvent, record_security_event};

/// A failure that is not the caller's: a lost database, a time-out. Kept with its sources, for the log.
pub type Fault = Box<dyn Error + Send + Sync>;

/// Looks up who stands behind proven credentials.
///
/// Implemented where the application is wired up; the edge knows neither organizations nor memberships.
#[async_trait]
pub trait CallerResolver: Send + Sync + 'static {
    /// A caller whose organization and membership are known.
    type Caller: Send + Sync + 'static;

    /// The caller behind these credentials. `Ok(None)` where the organization does not exist or the user is no member
    /// of it: the two must not be told apart, neither here nor by the time they take.
    ///
    /// # Errors
    ///
    /// A fault on the way; the request is answered with 503 and may be repeated.
    async fn resolve(&self, credentials: Credentials) -> Result<Option<Self::Caller>, Fault>;

    /// The organization whose common rate limit the caller's requests count against; `None` for an operator that
    /// acts for none.
    fn organization_key(&self, caller: &Self::Caller) -> Option<String>;
}

/// Why a request was not let in.
#[derive(Debug)]
pub enum Denial {
    /// Missing or wrong credentials, an unknown organization, no member of it: 401.
    Unauthenticated,
    /// More requests than the caller, or its organization, may send: 429.
    Throttled {
        /// How long to wait before the next request.
        retry_after: Duration,
    },
    /// The caller could not be looked up: 503.
    Unavailable(Fault),
}

/// Lets requests in, or says why not.
pub struct Gate<R: CallerResolver> {
    authenticator: Authenticator,
    limits: Option<Arc<RateLimits>>,
    resolver: Arc<R>,
}

impl<R: CallerResolver> Gate<R> {
    /// A gate; without `limits`, callers are not throttled.
    #[must_use]
    pub fn new(authenticator: Authenticator, limits: Option<Arc<RateLimits>>, resolver: Arc<R>) -> Self {
        Self { authenticator, limits, resolver }
    }

    /// The caller of a request with these headers.
    ///
    /// The caller's own rate limit is charged before the look-up, so that a flood of requests does not become a flood
    /// of queries; the organization's after it, so that only its members can use it up.
    ///
    /// # Errors
    ///
    /// The reasons of [`Denial`].
    pub async fn admit(&self, headers: &HeaderMap) -> Result<R::Caller, Denial> {
        let Some(credentials) = self.authenticator.authenticate(headers) else {
            record_security_event(SecurityEvent::AuthenticationFailed);
            return Err(Denial::Unauthenticated);
        };
        self.throttle(|limits| limits.charge_caller(&CallerKey::from(&credentials)))?;
        let caller = self.resolver.resolve(credentials).await.map_err(Denial::Unavailable)?;
        let Some(caller) = caller else {
            record_security_event(SecurityEvent::AuthenticationFailed);
            return Err(Denial::Unauthenticated);
        };
        if let Some(organization) = self.resolver.organization_key(&caller) {
            self.throttle(|limits| limits.charge_organization(&organization))?;
        }
        Ok(caller)
    }

    /// Whether callers prove who they are with signed tokens, not with the plain headers of development.
    #[must_use]
    pub const fn takes_tokens(&self) -> bool {
        matches!(self.authenticator, Authenticator::Jwt { .. })
    }

    /// The rate limits, for the housekeeping of the server.
    #[must_use]
    pub fn limits(&self) -> Option<&Arc<RateLimits>> {
        self.limits.as_ref()
    }

    fn throttle(&self, charge: impl FnOnce(&RateLimits) -> Result<(), Duration>) -> Result<(), Denial> {
        let Some(limits) = &self.limits else { return Ok(()) };
        charge(limits).map_err(|retry_after| {
            record_security_event(SecurityEvent::Throttled);
            Denial::Throttled { retry_after }
        })
    }
}
