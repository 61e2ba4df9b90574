//! The common steps of all requests: the deadline, authentication, the body, and the task of a change.

use std::{cell::Cell, future::Future, panic::AssertUnwindSafe};

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use convene_application::{
    caller::{Admin, Caller},
    change::RequestMetadata,
    failure::{Failure, FaultKind, Outcome, Refusal},
    use_cases::UseCases,
};
use convene_domain::text::Description;
use futures::FutureExt;
use juniper::OperationType;
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    Rest,
    failure::{http_error, incomplete},
    idempotency,
    input::{Body, Problems},
    precondition::Conditions,
};
use crate::{
    auth::{ClientKey, Owner, Slot},
    http::{
        body::{self, IncomingBody},
        error::HttpError,
        limits::HttpLimits,
        memory::{SharedMemory, Taken},
        mutations::MutationTasks,
        operation_type::operation_type_name,
        response_memory,
    },
    request_id::RequestId,
    telemetry::{self, OperationRecord, RequestRecord},
};

/// The memory of an issue in an answer: the object, its copy for the answer, and the text of the answer.
const ISSUE_BYTES: usize = 3 * 4 * Description::MAX_CHARACTERS;

/// The result of a request.
pub(super) type Answer = Result<HttpResponse, HttpError>;

/// The server's data for handlers.
pub(super) type Server =
    (web::Data<Rest>, web::Data<HttpLimits>, web::Data<MutationTasks>, web::Data<SharedMemory>);

/// A request in progress.
pub(super) struct Call<'a> {
    pub(super) http: &'a HttpRequest,
    request_id: RequestId,
    server: &'a Server,
    deadline: Instant,
    /// True once a change was started. The change is completed even if the request times out.
    begun: Cell<bool>,
    /// True once it was made.
    made: Cell<bool>,
    /// The place of the request in the limits of requests in flight.
    slot: Cell<Option<Slot>>,
    /// The memory of the body or the answer.
    memory: Cell<Taken>,
}

/// Responds with the result of `work`. A timeout or a panic becomes an error response.
pub(super) async fn answer(
    http: &HttpRequest,
    server: &Server,
    work: impl AsyncFnOnce(&Call<'_>) -> Answer,
) -> HttpResponse {
    let request_id = RequestId::current(http);
    let deadline = Instant::now() + server.1.request_time;
    let call = Call {
        http,
        request_id: request_id.clone(),
        server,
        deadline,
        begun: Cell::new(false),
        made: Cell::new(false),
        slot: Cell::default(),
        memory: Cell::default(),
    };
    let guarded = AssertUnwindSafe(work(&call)).catch_unwind();
    let answer = match timeout_at(deadline, guarded).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) | Err(_) if call.made.get() => Err(incomplete(HttpError::internal())),
        Ok(Err(_)) | Err(_) if call.begun.get() => Err(HttpError::new(FaultKind::OutcomeUnknown)),
        Ok(Err(_panic)) => Err(HttpError::internal()),
        Err(_elapsed) => Err(HttpError::new(FaultKind::Unavailable)),
    };
    answer
        .and_then(|response| response_memory::reserve(http, response, call.begun.get()))
        .unwrap_or_else(|error| error.response_with_id(&request_id))
}

impl Call<'_> {
    pub(super) fn use_cases(&self) -> &UseCases {
        &self.server.0.use_cases
    }

    /// The caller as a member. An attempt by the operator, who is not a member, is a security event.
    pub(super) async fn caller(&self, operation: &'static str) -> Result<Caller, HttpError> {
        let deadline = HttpLimits::work_deadline(self.deadline);
        let client = ClientKey::of(self.http.peer_addr().map(|address| address.ip()));
        let admitted = self.server.0.access_control.authenticate(self.http.headers(), client, deadline).await;
        let (identity, slot) = admitted.map_err(|denial| HttpError::from_denial(&denial))?;
        // Requests that are not admitted are no operations, as with GraphQL: their times would hide those of the others.
        let is_read = self.http.method().is_safe();
        let kind = operation_type_name(if is_read { OperationType::Query } else { OperationType::Mutation });
        RequestRecord::note_operation(OperationRecord { kind, field: Some(operation.into()), name: None });
        self.http.extensions_mut().insert(slot.owner());
        self.slot.set(Some(slot));
        identity.caller().cloned().ok_or_else(|| denied(None, Refusal::MembersOnly))
    }

    /// Waits for the memory of an answer with this number of issues.
    ///
    /// # Errors
    /// OVERLOADED after the longest wait.
    pub(super) async fn reserve_issues(&self, number: usize) -> Result<(), HttpError> {
        let owner = self.http.extensions().get::<Owner>().cloned();
        if let Some(owner) = owner {
            let memory = self.server.3.take(&owner, number.saturating_mul(ISSUE_BYTES));
            let taken = timeout(self.server.1.execution_wait, memory).await;
            self.memory.set(taken.map_err(|_elapsed| HttpError::new(FaultKind::Overloaded))?);
        }
        Ok(())
    }

    /// The caller as an admin. An attempt by another member is a security event.
    pub(super) fn admin<'c>(&self, caller: &'c Caller) -> Result<Admin<'c>, HttpError> {
        caller.admin().map_err(|refusal| denied(Some(caller), refusal))
    }

    /// The conditions of a request that has no parameters and no body.
    pub(super) fn conditions(&self) -> Result<Conditions, HttpError> {
        let mut problems = Problems::default();
        let conditions = self.read_conditions(&mut problems)?;
        problems.conclude(conditions)
    }

    /// Reads the headers of a change. A value is `None` if a problem was noted. `number` is the number in the path of an issue that
    /// is changed; a key is for one change of one issue under the same conditions.
    pub(super) fn read_headers(
        &self,
        operation: &'static str,
        number: Option<&str>,
        input: Map<String, Value>,
        problems: &mut Problems,
    ) -> Result<(Option<RequestMetadata>, Option<Conditions>), HttpError> {
        let conditions = self.read_conditions(problems)?;
        let operation = match number {
            Some(number) => {
                let condition = conditions.as_ref().map(Conditions::fingerprint).unwrap_or_default();
                format!("{operation} {number}{condition}")
            }
            None => operation.to_owned(),
        };
        let request =
            idempotency::metadata(self.http.headers(), &self.request_id, &operation, input, problems);
        Ok((request, conditions))
    }

    fn read_conditions(&self, problems: &mut Problems) -> Result<Option<Conditions>, HttpError> {
        problems.refuse_parameters(self.http.query_string())?;
        Ok(Conditions::read(self.http.headers(), problems))
    }

    pub(super) async fn body(&self, incoming: IncomingBody) -> Result<Body, HttpError> {
        body::check_kind(self.http.headers())?;
        let (body, memory) = body::read(self.http, incoming, &self.server.1).await?;
        self.memory.set(memory);
        Body::parse(&body)
    }

    /// Executes a change in a task of its own, so that it is completed even if the client disconnects.
    pub(super) async fn change<T, F>(&self, change: impl FnOnce(web::Data<Rest>) -> F) -> Result<T, HttpError>
    where
        F: Future<Output = Outcome<T>> + Send + 'static,
        T: Send + 'static,
    {
        self.begun.set(true);
        let (change, slot) = (change(self.server.0.clone()), self.slot.take());
        let change = async move {
            let _slot = slot;
            change.await
        };
        let task = self.server.2.spawn(change, |outcome| match outcome {
            Ok(_) => {}
            Err(Failure::Refused(refusals)) => {
                refusals.iter().for_each(|refusal| RequestRecord::note_error(refusal.code().into()));
            }
            Err(Failure::Fault(fault)) => RequestRecord::note_error(fault.kind().into()),
        });
        match task.await {
            Ok(outcome) => {
                self.made.set(outcome.is_ok());
                outcome.map_err(http_error)
            }
            // The task panicked, so the outcome is not known.
            Err(_panic) => Err(HttpError::new(FaultKind::OutcomeUnknown)),
        }
    }
}

/// The error for a caller who lacks the role, which is a security event.
fn denied(caller: Option<&Caller>, refusal: Refusal) -> HttpError {
    telemetry::report_forbidden(caller);
    http_error(refusal.into())
}
