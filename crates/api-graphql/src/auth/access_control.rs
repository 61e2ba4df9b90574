//! Authentication and rate limiting of a request.

use std::{error::Error, sync::Arc, time::Duration};

use actix_web::http::header::HeaderMap;
use async_trait::async_trait;
use convene_application::authentication::Credentials;

use super::{
    Authenticator,
    rate_limit::{CallerKey, RateLimits},
};
use crate::telemetry::{SecurityEvent, record_security_event};

/// A technical failure with its sources, for the log.
pub type Fault = Box<dyn Error + Send + Sync>;

/// Looks up the caller that verified credentials stand for.
#[async_trait]
pub trait CallerResolver: Send + Sync + 'static {
    type Caller: Send + Sync + 'static;

    /// The caller of these credentials. `Ok(None)` if the organization does not exist or the user is not a member; the
    /// two cases must not differ, not even in duration.
    ///
    /// # Errors
    /// A fault. The response has the status 503, and the request may be repeated.
    async fn resolve(&self, credentials: Credentials) -> Result<Option<Self::Caller>, Fault>;

    /// The organization whose rate limit the request counts against; `None` for an operator without one.
    fn organization_key(&self, caller: &Self::Caller) -> Option<String>;
}

/// The reason why access was denied.
#[derive(Debug)]
pub enum Denial {
    /// Invalid credentials, an unknown organization or not a member of it: 401.
    Unauthenticated,
    /// Too many requests of the caller or the organization: 429.
    Throttled {
        /// The time until the next request is allowed.
        retry_after: Duration,
    },
    /// The caller could not be looked up: 503.
    Unavailable(Fault),
}

/// Authenticates requests and enforces rate limits.
pub struct AccessControl<R: CallerResolver> {
    authenticator: Authenticator,
    limits: Option<Arc<RateLimits>>,
    resolver: Arc<R>,
}

impl<R: CallerResolver> AccessControl<R> {
    /// Access control over these parts. Without `limits`, callers are not throttled.
    #[must_use]
    pub fn new(authenticator: Authenticator, limits: Option<Arc<RateLimits>>, resolver: Arc<R>) -> Self {
        Self { authenticator, limits, resolver }
    }

    /// Authenticates a request with these headers.
    ///
    /// The rate limit of the caller is charged before the lookup, so that a flood of requests causes no flood of
    /// queries. The limit of the organization is charged after the lookup, so that only its members can exhaust it.
    ///
    /// # Errors
    /// The reasons of [`Denial`].
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<R::Caller, Denial> {
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

    /// Returns true if credentials are signed tokens, false for the plain headers of the development mode.
    #[must_use]
    pub const fn takes_tokens(&self) -> bool {
        matches!(self.authenticator, Authenticator::Jwt { .. })
    }

    /// The rate limits, for the maintenance by the server.
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
