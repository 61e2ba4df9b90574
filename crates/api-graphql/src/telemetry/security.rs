//! Security events.

use convene_application::caller::Caller;

use super::{names::SECURITY_EVENTS, record::RequestRecord};

/// An event that is counted as a possible attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecurityEvent {
    /// The credentials are missing or wrong.
    AuthenticationFailed,
    /// A caller or an organization exceeds its rate limit.
    Throttled,
    /// A body or headers exceed the limit.
    OversizedRequest,
    /// A request is not valid HTTP.
    MalformedRequest,
    /// A request arrives too slowly.
    SlowRequest,
    /// Too many requests of a caller, of an organization or of all are in flight.
    TooManyInFlight,
    /// A client does not read its response.
    SlowReader,
    /// There are too many connections.
    ConnectionRefused,
    /// There are too many connections, and one without a request gave way to a new one.
    ConnectionReplaced,
    /// A document exceeds a limit.
    DocumentLimit,
    /// A document asks for the schema although introspection is disabled.
    IntrospectionRefused,
    /// A request contains several operations.
    BatchRefused,
    /// The caller's role does not allow the request.
    Forbidden,
    /// The caller's organization is suspended.
    OrganizationSuspended,
}

impl SecurityEvent {
    const ALL: [Self; 14] = [
        Self::AuthenticationFailed,
        Self::Throttled,
        Self::OversizedRequest,
        Self::MalformedRequest,
        Self::SlowRequest,
        Self::TooManyInFlight,
        Self::SlowReader,
        Self::ConnectionRefused,
        Self::ConnectionReplaced,
        Self::DocumentLimit,
        Self::IntrospectionRefused,
        Self::BatchRefused,
        Self::Forbidden,
        Self::OrganizationSuspended,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::AuthenticationFailed => "authentication_failed",
            Self::Throttled => "throttled",
            Self::OversizedRequest => "oversized_request",
            Self::MalformedRequest => "malformed_request",
            Self::SlowRequest => "slow_request",
            Self::TooManyInFlight => "too_many_in_flight",
            Self::SlowReader => "slow_reader",
            Self::ConnectionRefused => "connection_refused",
            Self::ConnectionReplaced => "connection_replaced",
            Self::DocumentLimit => "document_limit",
            Self::IntrospectionRefused => "introspection_refused",
            Self::BatchRefused => "batch_refused",
            Self::Forbidden => "forbidden",
            Self::OrganizationSuspended => "organization_suspended",
        }
    }
}

/// Counts and logs a caller's attempt at something that their role does not allow. Such attempts are not entries of
/// the activity log, which records changes. The target of the line is always `security`,
/// so that log filters and collectors can select it.
pub(crate) fn report_forbidden(caller: Option<&Caller>) {
    record_security_event(SecurityEvent::Forbidden);
    let operation = RequestRecord::with_current(|record| record.operation()?.field.clone()).flatten();
    let organization = caller.map(|caller| caller.scope().organization().to_string());
    let member = caller.map(|caller| caller.member().to_string());
    tracing::warn!(
        target: "security",
        operation = operation.as_deref(),
        organization,
        member,
        "the caller's role does not allow this"
    );
}

pub fn record_security_event(event: SecurityEvent) {
    metrics::counter!(SECURITY_EVENTS, "kind" => event.label()).increment(1);
}

/// Starts the counters of all events with zero. An alert on the increase of a counter does not see its first value.
pub(super) fn start_security_events() {
    for event in SecurityEvent::ALL {
        metrics::counter!(SECURITY_EVENTS, "kind" => event.label()).absolute(0);
    }
}
