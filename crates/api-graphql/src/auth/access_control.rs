//! Authentication and rate limiting of a request.

use std::{sync::Arc, time::Duration};

use actix_web::http::header::HeaderMap;
use async_trait::async_trait;
use convene_application::{
    authentication::{Credentials, Deadline},
    failure::Fault,
};
use convene_domain::id::MemberId;

use super::{
    Authenticator,
    authenticator::Unverified,
    in_flight::{InFlight, InFlightLimits, Slot},
    rate_limit::{CallerKey, ClientKey, Exceeded, RateLimits},
    rejection::Rejection,
};
use crate::{
    allowance::Allowance,
    telemetry::{RequestRecord, SecurityEvent, record_rate_limited, record_security_event},
};

/// The result of looking up the caller of verified credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution<C> {
    Caller(C),
    /// The organization does not exist, or the user is not a member.
    Unknown,
    /// The user is a member of a suspended organization. The ids are for the log.
    Suspended {
        organization: String,
        member: Option<MemberId>,
    },
}

/// Looks up the caller that verified credentials stand for.
#[async_trait]
pub trait CallerResolver: Send + Sync + 'static {
    type Caller: Send + Sync + 'static;

    /// The caller of these credentials, who waits until the deadline. The cases of [`Resolution::Unknown`] are answered
    /// alike; only a caller with genuine credentials for an organization can tell by the duration whether it exists.
    ///
    /// # Errors
    /// A fault.
    async fn resolve(
        &self,
        credentials: Credentials,
        deadline: Deadline,
    ) -> Result<Resolution<Self::Caller>, Fault>;

    /// The id of the organization whose rate limit the request counts against; `None` for an operator without one.
    fn organization_key(&self, caller: &Self::Caller) -> Option<String>;

    /// The id of the caller as a member of that organization, for the log.
    fn member(&self, caller: &Self::Caller) -> Option<MemberId>;
}

/// The reason why access was denied.
#[derive(Debug)]
pub enum Denial {
    /// Invalid credentials, an unknown organization or not a member of it: 401.
    Unauthenticated,
    /// The organization is suspended: 403.
    Suspended,
    /// Too many requests of the caller or the organization: 429.
    Throttled {
        /// The time until the next request is allowed.
        retry_after: Duration,
    },
    /// Too many requests are in flight: 503.
    Overloaded,
    /// The keys of the identity provider are not known, so that its tokens cannot be verified: 503.
    KeysUnknown {
        /// The time until the provider has been asked again.
        retry_after: Duration,
    },
    /// The caller could not be looked up.
    Unavailable(Fault),
}

/// Authenticates requests, and enforces rate limits and the limits of requests in flight.
pub struct AccessControl<R: CallerResolver> {
    authenticator: Authenticator,
    limits: Option<Arc<RateLimits>>,
    in_flight: InFlight,
    resolver: Arc<R>,
}

impl<R: CallerResolver> AccessControl<R> {
    /// Access control over these parts. Without `limits`, callers are not throttled.
    #[must_use]
    pub fn new(authenticator: Authenticator, limits: Option<Arc<RateLimits>>, resolver: Arc<R>) -> Self {
        Self { authenticator, limits, in_flight: InFlight::default(), resolver }
    }

    /// The same access control with other limits of requests in flight.
    #[must_use]
    pub fn with_in_flight(self, limits: InFlightLimits) -> Self {
        Self { in_flight: InFlight::new(limits), ..self }
    }

    /// Authenticates a request with these headers from this client, which is answered by the deadline. It counts as in flight
    /// until the slot is dropped.
    ///
    /// The rate limit of the caller is charged before the lookup, so that a flood of requests causes no flood of
    /// queries. It is charged under the id of the organization as well, if the credentials name it by its slug. Rejected
    /// credentials are charged to the address of the client; that never affects valid ones, so nobody can lock out others
    /// behind the same address. Credentials that cannot be verified now are not charged. The limit of the organization is charged
    /// after the lookup, so that only its members can exhaust it.
    ///
    /// # Errors
    /// The reasons of [`Denial`].
    pub async fn authenticate(
        &self,
        headers: &HeaderMap,
        client: ClientKey,
        deadline: Deadline,
    ) -> Result<(R::Caller, Slot), Denial> {
        let credentials = match self.authenticator.authenticate(headers).await {
            Ok(credentials) => credentials,
            Err(Unverified::Invalid(rejection)) => {
                record_rejection(rejection);
                self.throttle(|limits| limits.charge_rejected(client))?;
                return Err(Denial::Unauthenticated);
            }
            // Nobody knows whether the token is valid. Such requests are cheap: they ask the provider no more often than one does.
            Err(Unverified::Unavailable { retry_after }) => return Err(Denial::KeysUnknown { retry_after }),
        };
        let key = CallerKey::from(&credentials);
        self.throttle(|limits| limits.charge_caller(&key))?;
        let mut slot = self.in_flight.enter(key.clone()).ok_or_else(overloaded)?;
        let caller = match self.resolver.resolve(credentials, deadline).await.map_err(Denial::Unavailable)? {
            Resolution::Caller(caller) => caller,
            Resolution::Unknown => {
                record_rejection(Rejection::UnknownCaller);
                // The response is the one to a forged token, also in its headers.
                RequestRecord::forget_allowance();
                return Err(Denial::Unauthenticated);
            }
            Resolution::Suspended { organization, member } => {
                RequestRecord::note_caller(Some(&organization), member);
                record_security_event(SecurityEvent::OrganizationSuspended);
                return Err(Denial::Suspended);
            }
        };
        let organization = self.resolver.organization_key(&caller);
        RequestRecord::note_caller(organization.as_ref(), self.resolver.member(&caller));
        if let Some(organization) = organization {
            if let Some(key) = key.with_id(&organization) {
                self.throttle(|limits| limits.charge_caller(&key))?;
            }
            self.throttle(|limits| limits.charge_organization(&organization))?;
            if !slot.enter_organization(organization) {
                return Err(overloaded());
            }
        }
        Ok((caller, slot))
    }

    /// The id of the organization of a caller.
    pub fn organization_key(&self, caller: &R::Caller) -> Option<String> {
        self.resolver.organization_key(caller)
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

    fn throttle(
        &self,
        charge: impl FnOnce(&RateLimits) -> Result<Option<Allowance>, Exceeded>,
    ) -> Result<(), Denial> {
        let Some(limits) = &self.limits else { return Ok(()) };
        match charge(limits) {
            Ok(allowance) => {
                note_allowance(allowance);
                Ok(())
            }
            Err(Exceeded { allowance, wait }) => {
                record_security_event(SecurityEvent::Throttled);
                record_rate_limited(allowance.limit);
                note_allowance(Some(allowance));
                Err(Denial::Throttled { retry_after: wait })
            }
        }
    }
}

/// Notes the allowance for the headers of the response: that of the caller, or the one that is used up. The allowance of an
/// organization would tell what others do.
fn note_allowance(allowance: Option<Allowance>) {
    if let Some(allowance) = allowance.filter(|it| it.limit == "caller" || it.remaining == 0) {
        RequestRecord::note_allowance(allowance);
    }
}

fn record_rejection(rejection: Rejection) {
    record_security_event(SecurityEvent::AuthenticationFailed);
    RequestRecord::note_rejection(rejection.as_str());
}

fn overloaded() -> Denial {
    record_security_event(SecurityEvent::TooManyInFlight);
    Denial::Overloaded
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::auth::Rate;

    /// Knows one organization, by its slug and by its id.
    struct OneOrganization;

    const ID: &str = "org_018f4e6b8c7a7c3e9f5d2b1a0c9e8d7f";

    #[async_trait]
    impl CallerResolver for OneOrganization {
        type Caller = ();

        async fn resolve(&self, _: Credentials, _: Deadline) -> Result<Resolution<()>, Fault> {
            Ok(Resolution::Caller(()))
        }

        fn organization_key(&self, (): &()) -> Option<String> {
            Some(String::from(ID))
        }

        fn member(&self, (): &()) -> Option<MemberId> {
            None
        }
    }

    async fn is_throttled(access: &AccessControl<OneOrganization>, organization: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in [("x-organization-id", organization), ("x-user-id", "alice")] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let denied = access.authenticate(&headers, ClientKey::of(None), Deadline::NONE).await;
        matches!(denied, Err(Denial::Throttled { .. }))
    }

    #[tokio::test]
    async fn slug_and_id_of_an_organization_share_the_allowance_of_a_caller() {
        let rate = |number| Rate::per_second(NonZeroU32::new(number).unwrap());
        let limits = Some(Arc::new(RateLimits::new(Some(rate(1)), Some(rate(1_000)))));
        let access = AccessControl::new(Authenticator::Headers, limits, Arc::new(OneOrganization));
        assert!(!is_throttled(&access, "acme").await);
        assert!(!is_throttled(&access, ID).await);
        assert!(is_throttled(&access, ID).await);
        assert!(is_throttled(&access, "acme").await);
    }
}
