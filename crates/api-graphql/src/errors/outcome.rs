use convene_application::failure::{FaultKind, RefusalCode};

use super::{ErrorKind, RequestError};

/// The outcome of an operation as operators see it, the least grave first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The operation was executed.
    Done,
    /// The client went away before the response.
    Abandoned,
    /// The request has a mistake, which its client can correct.
    Invalid,
    /// The rules do not allow it.
    Refused,
    /// The caller is not known, lacks the role, or has sent too many requests: 401, 403 and 429.
    Denied,
    /// The server did not do it, for a technical reason.
    Failed,
}

impl Outcome {
    /// The name in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Abandoned => "abandoned",
            Self::Invalid => "invalid",
            Self::Refused => "refused",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

impl ErrorKind {
    /// The outcome of an operation with this error.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Refusal(RefusalCode::InvalidInput) => Outcome::Invalid,
            Self::Refusal(RefusalCode::Forbidden) => Outcome::Denied,
            Self::Refusal(_) => Outcome::Refused,
            Self::Fault(_) => Outcome::Failed,
            Self::Request(error) => match error {
                RequestError::Unauthenticated
                | RequestError::OrganizationSuspended
                | RequestError::RateLimited => Outcome::Denied,
                RequestError::NotReady => Outcome::Failed,
                RequestError::NotFound
                | RequestError::Gone
                | RequestError::PreconditionFailed
                | RequestError::IntrospectionDisabled
                | RequestError::PersistedQueryNotFound
                | RequestError::DocumentNotTrusted => Outcome::Refused,
                RequestError::BadRequest
                | RequestError::MethodNotAllowed
                | RequestError::NotAcceptable
                // The body did not arrive in time.
                | RequestError::RequestTimeout
                | RequestError::PayloadTooLarge
                | RequestError::UnsupportedMediaType
                | RequestError::HeadersTooLarge
                | RequestError::ParseFailed
                | RequestError::ValidationFailed
                | RequestError::OperationNotFound
                | RequestError::QueryLimitExceeded
                | RequestError::PersistedQueryMismatch => Outcome::Invalid,
            },
        }
    }

    /// The refusal or the fault with this code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        let refusal = RefusalCode::ALL.iter().find(|refusal| refusal.as_str() == code);
        let fault = || FaultKind::ALL.into_iter().find(|fault| fault.code() == code);
        refusal.map(|refusal| Self::from(*refusal)).or_else(|| fault().map(Self::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_failed_and_no_refusal_is() {
        assert!(FaultKind::ALL.into_iter().all(|kind| ErrorKind::from(kind).outcome() == Outcome::Failed));
        let refusals = RefusalCode::ALL.iter().map(|code| ErrorKind::from(*code));
        assert!(refusals.clone().all(|kind| kind.outcome() < Outcome::Failed));
        for kind in refusals.chain(FaultKind::ALL.into_iter().map(ErrorKind::from)) {
            assert_eq!(ErrorKind::of_code(kind.code()), Some(kind));
        }
    }

    #[test]
    fn denied_operations_have_the_statuses_401_403_and_429() {
        let requests = [RequestError::Unauthenticated, RequestError::RateLimited].map(ErrorKind::from);
        let denied = requests.into_iter().chain([RefusalCode::Forbidden.into()]);
        let statuses =
            denied.filter(|kind| kind.outcome() == Outcome::Denied).map(|kind| kind.status().as_u16());
        assert_eq!(statuses.collect::<Vec<_>>(), [401, 429, 403]);
    }
}
