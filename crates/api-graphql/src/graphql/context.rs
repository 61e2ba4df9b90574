//! What resolvers know of the request they run in.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use convene_application::{
    caller::{Admin, Caller, Identity, Operator},
    change::RequestMetadata,
    failure::{Failure, Fault, Refusal},
    idempotency::Idempotency,
    ports::Clock,
    use_cases::UseCases,
};
use convene_domain::time::Instant;

use super::{
    errors::{FieldProblem, ReportedFault},
    loaders::Loaders,
};
use crate::{request_id::RequestId, telemetry};

/// What every request shares.
#[derive(Clone)]
pub struct Services {
    /// What the platform does.
    pub use_cases: Arc<UseCases>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// One request: who calls, and what was read for them so far.
pub struct Context {
    identity: Identity,
    services: Services,
    request_id: RequestId,
    loaders: Option<Mutex<Arc<Loaders>>>,
}

impl juniper::Context for Context {}

impl Context {
    /// The context of a request.
    #[must_use]
    pub fn new(identity: Identity, request_id: RequestId, services: Services) -> Self {
        let loaders = identity.caller().map(|caller| {
            Mutex::new(Arc::new(Loaders::new(Arc::clone(&services.use_cases), caller, &request_id)))
        });
        Self { identity, services, request_id, loaders }
    }

    pub(crate) fn use_cases(&self) -> &UseCases {
        &self.services.use_cases
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Instant {
        self.services.clock.now()
    }

    /// The caller as a member of the organization that the request is for, if they are one.
    pub(crate) fn member(&self) -> Option<&Caller> {
        self.identity.caller()
    }

    /// The caller as a member, for a query.
    pub(crate) fn caller(&self) -> Result<&Caller, FieldProblem> {
        self.member().ok_or_else(|| {
            self.note_denied(&[Refusal::MembersOnly]);
            FieldProblem::NoOrganization
        })
    }

    /// The caller as a member, for a mutation. Whoever belongs to no organization has no role that would allow it.
    pub(crate) fn acting_member(&self) -> Result<&Caller, Refusal> {
        self.member().ok_or(Refusal::MembersOnly)
    }

    /// The caller as an admin, for a query.
    pub(crate) fn asking_admin(&self) -> Result<Admin<'_>, FieldProblem> {
        self.caller()?.admin().map_err(|refusal| self.problem(refusal.into()))
    }

    /// The caller as an admin, for a mutation.
    pub(crate) fn acting_admin(&self) -> Result<Admin<'_>, Refusal> {
        self.acting_member()?.admin()
    }

    /// The caller as the platform's operator.
    pub(crate) fn operator(&self) -> Result<&Operator, Refusal> {
        self.identity.operator().ok_or(Refusal::OperatorOnly)
    }

    /// What the use cases have to know of this request when it changes something.
    pub(crate) fn metadata(&self, idempotency: Option<Idempotency>) -> RequestMetadata {
        RequestMetadata { request_id: Some(self.request_id.as_str().to_owned()), idempotency }
    }

    /// Writes to the log, and counts, that the caller's role does not allow what was asked for, if that is why it
    /// was refused.
    pub(crate) fn note_denied(&self, refusals: &[Refusal]) {
        let by_role = |refusal: &Refusal| {
            matches!(refusal, Refusal::AdminOnly | Refusal::MembersOnly | Refusal::OperatorOnly)
        };
        if refusals.iter().any(by_role) {
            telemetry::report_forbidden("graphql", self.member(), &self.request_id);
        }
    }

    /// Turns the failure of a query into the error of its field. A fault is logged here, once.
    pub(crate) fn problem(&self, failure: Failure) -> FieldProblem {
        if let Failure::Refused(refusals) = &failure {
            self.note_denied(refusals);
        }
        FieldProblem::from_failure(failure, &self.request_id)
    }

    /// Logs that something is gone which something else names: a defect.
    pub(crate) fn missing(&self, what: &str, id: impl fmt::Display) -> FieldProblem {
        let fault = Fault::internal(format!("{what} {id} is named but gone"));
        ReportedFault::report(&fault, &self.request_id).into()
    }

    /// The loaders of the caller's organization.
    pub(crate) fn loaders(&self) -> Result<Arc<Loaders>, FieldProblem> {
        let loaders = self.loaders.as_ref().ok_or(FieldProblem::NoOrganization)?;
        Ok(Arc::clone(&lock(loaders)))
    }

    /// Forgets what was loaded, so that what follows a mutation is read as the mutation left it. Mutations run one
    /// after the other, so nothing else is being loaded meanwhile.
    pub(crate) fn forget_loaded(&self) {
        if let (Some(loaders), Some(caller)) = (&self.loaders, self.member()) {
            *lock(loaders) =
                Arc::new(Loaders::new(Arc::clone(&self.services.use_cases), caller, &self.request_id));
        }
    }
}

/// The value is replaced whole, so it is sound even if somebody panicked while holding the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
