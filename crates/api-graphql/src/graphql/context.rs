//! The context of a request, for resolvers.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use convene_application::{
    caller::{Admin, Caller, Identity, Operator},
    change::RequestMetadata,
    failure::{Failure, Fault, Outcome, Refusal, RefusalCode, Refusals},
    idempotency::Idempotency,
    ports::Clock,
    use_cases::UseCases,
};
use convene_domain::{organization::OrganizationStatus, time::Instant};

use juniper::ID;

use super::{
    errors::{FaultReporter, FieldProblem, ListedRefusals},
    loaders::Loaders,
    look_ahead::LookAhead,
};
use crate::{
    change_state::ChangeState,
    errors::limits::{MAX_PROBLEMS, keep_first_of_each},
    request_id::RequestId,
    telemetry::{self, RequestRecord},
};

/// The services that all requests share.
#[derive(Clone)]
pub struct Services {
    pub use_cases: Arc<UseCases>,
    pub clock: Arc<dyn Clock>,
}

/// The caller of a request, and the objects that were read for them so far.
pub struct Context {
    identity: Identity,
    services: Services,
    request_id: RequestId,
    change: ChangeState,
    /// True if the current mutation may have begun a change.
    has_begun: AtomicBool,
    faults: FaultReporter,
    loaders: Option<Mutex<Arc<Loaders>>>,
    look_ahead: LookAhead,
    /// The number of problems that may still be listed beyond the first one of each field.
    further_problems: AtomicUsize,
}

impl juniper::Context for Context {}

impl Context {
    #[must_use]
    pub fn new(
        identity: Identity,
        request_id: RequestId,
        change: ChangeState,
        services: Services,
        look_ahead: LookAhead,
    ) -> Self {
        let faults = FaultReporter::new(request_id.clone());
        let loaders = identity.caller().map(|caller| {
            let use_cases = Arc::clone(&services.use_cases);
            Mutex::new(Arc::new(Loaders::new(use_cases, caller, &faults, look_ahead)))
        });
        let further_problems = AtomicUsize::new(MAX_PROBLEMS);
        let has_begun = AtomicBool::new(false);
        Self {
            identity,
            services,
            request_id,
            change,
            has_begun,
            faults,
            loaders,
            look_ahead,
            further_problems,
        }
    }

    pub(crate) fn use_cases(&self) -> &UseCases {
        &self.services.use_cases
    }

    pub(crate) fn now(&self) -> Instant {
        self.services.clock.now()
    }

    /// The data that the operation shows.
    pub(crate) fn look_ahead(&self) -> LookAhead {
        self.look_ahead
    }

    /// The caller as a member of the request's organization, if they are one.
    pub(crate) fn member(&self) -> Option<&Caller> {
        self.identity.caller()
    }

    /// The caller as a member, for a query.
    pub(crate) fn caller(&self) -> Result<&Caller, FieldProblem> {
        self.member().ok_or_else(|| {
            self.note_refused(&[Refusal::MembersOnly]);
            Refusal::MembersOnly.into()
        })
    }

    /// The caller as a member, for a mutation. A caller who is not a member has no role that allows it.
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

    /// The caller as the platform's operator, for a query.
    pub(crate) fn asking_operator(&self) -> Result<&Operator, FieldProblem> {
        self.operator().map_err(|refusal| self.problem(refusal.into()))
    }

    /// The metadata of this request for a change, which begins unless it is a dry run.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if the response has been sent and says that nothing was changed.
    pub(crate) fn metadata(
        &self,
        idempotency: Option<Idempotency>,
        is_dry_run: bool,
    ) -> Result<RequestMetadata, Fault> {
        if !is_dry_run {
            if !self.change.begin() {
                return Err(Fault::Unavailable("the request timed out before the change began".into()));
            }
            self.has_begun.store(true, Ordering::Release);
        }
        Ok(RequestMetadata { request_id: Some(self.request_id.as_str().to_owned()), idempotency, is_dry_run })
    }

    /// Notes refusals for the log line of the request. If the caller's role is the reason, that is a security event.
    pub(crate) fn note_refused(&self, refusals: &[Refusal]) {
        let note = match self.faults.is_in_payload() {
            true => RequestRecord::note_refused_below_payload,
            false => RequestRecord::note_error,
        };
        refusals.iter().for_each(|refusal| note(refusal.code().into()));
        if refusals.iter().any(|refusal| refusal.code() == RefusalCode::Forbidden) {
            telemetry::report_forbidden(self.member());
        }
    }

    /// The result of a query. Its failure becomes the error of its field; a fault is logged here, once.
    pub(crate) fn found<T>(&self, outcome: Outcome<T>) -> Result<T, FieldProblem> {
        outcome.map_err(|failure| self.problem(failure))
    }

    /// Converts the failure of a query to the error of its field. A fault is logged here, once.
    pub(crate) fn problem(&self, failure: Failure) -> FieldProblem {
        match failure {
            Failure::Refused(refusals) => {
                self.note_refused(&refusals);
                FieldProblem::Refused(self.listed(refusals))
            }
            Failure::Fault(fault) => self.faults.report(&fault).into(),
        }
    }

    /// Keeps the first refusal of each field of an input, and as many further ones as all inputs of the request may list together.
    pub(crate) fn listed(&self, refusals: Refusals) -> ListedRefusals {
        let mut refusals = Vec::from_iter(refusals);
        let further = refusals.len().saturating_sub(1);
        let update = |left: usize| Some(left.saturating_sub(further));
        let left = self.further_problems.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
        let field = |refusal: &Refusal| refusal.code_and_field().1.map(|path| path.outermost_list());
        let left_out = keep_first_of_each(&mut refusals, 1 + left.unwrap_or_default(), field);
        ListedRefusals { refusals, left_out }
    }

    /// The problem of a reference to an object that does not exist. It is a defect, unless the organization is being deleted: then
    /// the refusal is that of the next request.
    pub(crate) async fn missing(&self, what: &str, id: impl fmt::Display) -> FieldProblem {
        let organization = match self.member() {
            Some(caller) => self.use_cases().get_organization.execute(caller).await,
            None => Err(Refusal::MembersOnly.into()),
        };
        match organization {
            Ok(organization) if organization.status == OrganizationStatus::Active => {
                let fault = Fault::internal(format!("{what} {id} is named but gone"));
                self.faults.report(&fault).into()
            }
            Ok(_suspended) => self.problem(Refusal::OrganizationSuspended.into()),
            Err(failure) => self.problem(failure),
        }
    }

    /// The loaders of the caller's organization.
    pub(crate) fn loaders(&self) -> Result<Arc<Loaders>, FieldProblem> {
        let loaders = self.loaders.as_ref().ok_or(Refusal::MembersOnly)?;
        Ok(Arc::clone(&lock(loaders)))
    }

    /// A mutation begins. Mutations run one after the other, with their payloads.
    pub(crate) fn begin_mutation(&self) {
        self.has_begun.store(false, Ordering::Release);
        self.change.begin_next();
        self.faults.begin_mutation();
    }

    /// The payload of a mutation is read from now on. A mutation that did not succeed has changed nothing that its payload shows.
    pub(crate) fn begin_payload(&self, has_succeeded: bool) {
        self.faults.begin_payload(has_succeeded && self.has_begun.load(Ordering::Acquire));
    }

    /// A mutation has succeeded, and its payload shows this object. A dry run has changed nothing.
    pub(crate) fn note_made(&self, object: Option<ID>) {
        if self.has_begun.load(Ordering::Acquire) {
            self.change.note_made(object.map(|id| id.to_string()));
        }
    }

    /// Discards the loaded objects, so that the payload of a mutation shows its changes. Mutations run one
    /// after the other, so nothing else is loaded at the same time.
    pub(crate) fn forget_loaded(&self) {
        if let (Some(loaders), Some(caller)) = (&self.loaders, self.member()) {
            let use_cases = Arc::clone(&self.services.use_cases);
            *lock(loaders) = Arc::new(Loaders::new(use_cases, caller, &self.faults, self.look_ahead));
        }
    }
}

/// The value is only replaced as a whole, so it is valid even if a thread panicked while it held the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
