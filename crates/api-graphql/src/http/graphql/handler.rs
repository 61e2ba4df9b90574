//! The handler of `/graphql`.

use std::{panic::AssertUnwindSafe, sync::Arc};

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    web,
};
use convene_application::failure::FaultKind;
use futures::FutureExt;
use juniper::{DefaultScalarValue, OperationType, Variables};
use tokio::time::{Instant, timeout_at};

use super::{
    accept::{self, MediaType},
    documents::Documents,
    executor::{Execution, Inspected, Rejected, RequestInfo, SharedExecutor},
    request::GraphqlRequest,
    response::{Cost, ErrorEntry, Errors, ResponseBody, approximate_bytes},
};
use crate::{
    auth::{AccessControl, CallerResolver, ClientKey, Slot},
    change_state::{ChangeState, Made},
    errors::{ErrorKind, INCOMPLETE, RequestError},
    graphql::limits::DocumentLimits,
    http::{
        body::{self, IncomingBody},
        error::{HttpError, RETRY_AFTER_SECONDS},
        health, json,
        limits::{HttpLimits, SMALL_RESPONSE_BYTES},
        memory::{SharedMemory, Taken},
        methods,
        mutations::MutationTasks,
        response_memory,
    },
    request_id::RequestId,
    telemetry::RequestRecord,
};

/// The dependencies of the handler.
pub struct GraphqlRoute<R: CallerResolver> {
    pub access_control: Arc<AccessControl<R>>,
    pub executor: SharedExecutor<R::Caller>,
    pub documents: Documents,
    /// Runs mutations to their end even if the client disconnects.
    pub mutations: MutationTasks,
    pub limits: HttpLimits,
    /// The memory of the requests that are executed.
    pub memory: Arc<SharedMemory>,
}

/// A request that is ready to run.
struct Prepared<Caller> {
    caller: Caller,
    slot: Slot,
    variables: Variables,
    /// The memory of the body and the values in it.
    body_memory: Taken,
    inspected: Inspected<Caller>,
}

/// A response before it is serialized.
struct Response {
    status: StatusCode,
    data: Option<juniper::Value<DefaultScalarValue>>,
    errors: Errors,
    cost: u64,
    is_mutation: bool,
    /// The error that determines the status and headers, if there is one.
    head: Option<HttpError>,
    /// The memory of the data, until it is serialized.
    memory: Taken,
}

pub(crate) fn routes<R: CallerResolver>(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/graphql")
            .route(methods::get().to(handle::<R>))
            .route(web::post().to(handle::<R>))
            .default_service(web::to(other_method)),
    );
}

async fn other_method(request: HttpRequest) -> HttpResponse {
    HttpError::method_not_allowed("GET, HEAD, POST").response(&request)
}

/// The route of a server that starts, which refuses every request.
pub(crate) fn starting_routes(config: &mut web::ServiceConfig, limits: &DocumentLimits) {
    let cost_limit = limits.cost;
    config.service(web::resource("/graphql").to(move |request: HttpRequest| async move {
        let media = accept::negotiate(&request).unwrap_or(MediaType::Json);
        let refusal = Response::from_http_error(health::starting(), &RequestId::current(&request));
        refusal.write(media, cost_limit).await
    }));
}

async fn handle<R: CallerResolver>(
    request: HttpRequest,
    payload: web::Payload,
    route: web::Data<GraphqlRoute<R>>,
) -> HttpResponse {
    let deadline = Instant::now() + route.limits.request_time;
    let media = accept::negotiate(&request);
    let info = RequestInfo { request_id: RequestId::current(&request), change: ChangeState::default() };

    let written_as = media.unwrap_or(MediaType::Json);
    let response = AssertUnwindSafe(async {
        match timeout_at(deadline, prepare(&request, payload, &route, media, deadline)).await {
            Ok(Ok(prepared)) => run(prepared, &route, &info, written_as, deadline).await,
            Ok(Err(refusal)) => *refusal,
            Err(_elapsed) => Response::failed(FaultKind::Unavailable, &info.request_id),
        }
    });
    // An unhandled panic would close the connection without a response.
    let response = response
        .catch_unwind()
        .await
        .unwrap_or_else(|_panic| Response::failed(FaultKind::Internal, &info.request_id));
    let is_mutation = response.is_mutation;
    let cost_limit = route.executor.cost_limit();
    match response_memory::reserve(&request, response.write(written_as, cost_limit).await, is_mutation) {
        Ok(response) => response,
        Err(refusal) => {
            Response::from_http_error(refusal, &info.request_id).write(written_as, cost_limit).await
        }
    }
}

/// Runs all steps before the execution.
async fn prepare<R: CallerResolver>(
    http: &HttpRequest,
    payload: web::Payload,
    route: &GraphqlRoute<R>,
    media: Option<MediaType>,
    deadline: Instant,
) -> Result<Prepared<R::Caller>, Box<Response>> {
    let request_id = RequestId::current(http);
    let refuse = |error: HttpError| Box::new(Response::from_http_error(error, &request_id));

    let deadline = HttpLimits::work_deadline(deadline);
    let client = ClientKey::of(http.peer_addr().map(|address| address.ip()));
    let mut body = IncomingBody::new(http, payload);
    let authentication = route.access_control.authenticate(http.headers(), client, deadline);
    let admitted = body.beside(authentication).await.map_err(refuse)?;
    let (caller, slot) = admitted.map_err(|denial| refuse(HttpError::from_denial(&denial)))?;
    http.extensions_mut().insert(slot.owner());
    let Some(media) = media else {
        return Err(refuse(HttpError::new(RequestError::NotAcceptable)));
    };
    let is_get = http.method() != Method::POST;
    let mut body_memory = Taken::default();
    let parsed = if is_get {
        GraphqlRequest::from_query_string(http.query_string())
    } else {
        body::check_kind(http.headers()).map_err(refuse)?;
        let (body, memory) = body::read(http, body, &route.limits).await.map_err(refuse)?;
        body_memory = memory;
        GraphqlRequest::from_json(&body)
    };
    let GraphqlRequest { document, operation } = parsed
        .map_err(|problem| refuse(HttpError::with_message(RequestError::BadRequest, problem.to_string())))?;

    let organization = || route.access_control.organization_key(&caller);
    let document = route.documents.find(document, organization).map_err(|error| {
        let status =
            if error == RequestError::PersistedQueryNotFound { StatusCode::OK } else { request_error(media) };
        Box::new(Response::refused(status, ErrorEntry::new(error).into()))
    })?;
    let inspected = route.executor.inspect(&document.text, &operation, &slot.owner()).await;
    let inspected = inspected.map_err(|rejected| {
        Box::new(match *rejected {
            Rejected::Refused { errors, cost } => {
                Response::refused(request_error(media), errors).costing(cost)
            }
            Rejected::Crashed => Response::failed(FaultKind::Internal, &request_id),
        })
    })?;
    if is_get && inspected.operation != OperationType::Query {
        let allow = HttpError::method_not_allowed("POST");
        let message = "Only queries may be sent with GET.".to_owned();
        return Err(refuse(HttpError { message, ..allow }));
    }
    route.documents.keep(document, organization);
    Ok(Prepared { caller, slot, variables: operation.variables, body_memory, inspected })
}

/// Runs the operation. A query is aborted if its client disconnects; a mutation runs to its end.
async fn run<R: CallerResolver>(
    prepared: Prepared<R::Caller>,
    route: &GraphqlRoute<R>,
    info: &RequestInfo,
    media: MediaType,
    deadline: Instant,
) -> Response {
    let Prepared { caller, slot, variables, body_memory, inspected } = prepared;
    let Inspected { operation, price, run } = inspected;
    let request_id = &info.request_id;
    let is_mutation = operation == OperationType::Mutation;

    let bytes = usize::try_from(price.bytes).unwrap_or(usize::MAX);
    let memory = if bytes <= SMALL_RESPONSE_BYTES {
        Taken::default()
    } else {
        let until = deadline.min(Instant::now() + route.limits.execution_wait);
        match timeout_at(until, route.memory.take(&slot.owner(), bytes)).await {
            Ok(taken) => taken,
            Err(_elapsed) => return Response::failed(FaultKind::Overloaded, request_id),
        }
    };
    let finished = if is_mutation {
        let info = info.clone();
        let mutation = async move {
            // The request is in flight until the mutation is completed, also without its client.
            let _held = (slot, body_memory);
            run.execute(&variables, caller, &info).await
        };
        let task = route.mutations.spawn(mutation, |execution| match execution {
            Execution::Done(_, errors) | Execution::Refused(errors) => errors.note(),
            Execution::Crashed => RequestRecord::note_error(FaultKind::OutcomeUnknown.into()),
        });
        timeout_at(deadline, task).await.map(|joined| joined.unwrap_or(Execution::Crashed))
    } else {
        let _held = (slot, body_memory);
        timeout_at(deadline, run.execute(&variables, caller, info)).await
    };
    let mut response = match finished {
        Ok(Execution::Done(data, errors)) => Response::done(data, errors),
        Ok(Execution::Refused(errors)) => Response::refused(request_error(media), errors),
        Ok(Execution::Crashed) if info.change.prevent() => Response::failed(FaultKind::Internal, request_id),
        Err(_elapsed) if info.change.prevent() => Response::failed(FaultKind::Unavailable, request_id),
        Ok(Execution::Crashed) | Err(_) => Response::undecided(info),
    };
    response.memory = memory;
    response.cost = price.cost;
    response.is_mutation = is_mutation;
    response
}

/// The status of a request that is well-formed but refused before its execution.
const fn request_error(media: MediaType) -> StatusCode {
    match media {
        MediaType::Json => StatusCode::OK,
        MediaType::GraphqlResponse => StatusCode::BAD_REQUEST,
    }
}

impl Response {
    /// The response to a request that was not executed.
    fn refused(status: StatusCode, errors: Errors) -> Self {
        let memory = Taken::default();
        Self { status, data: None, errors, cost: 0, is_mutation: false, head: None, memory }
    }

    fn done(data: juniper::Value<DefaultScalarValue>, errors: Errors) -> Self {
        Self { data: Some(data), ..Self::refused(StatusCode::OK, errors) }
    }

    fn failed(fault: FaultKind, request_id: &RequestId) -> Self {
        let error = ErrorEntry::fault(fault, request_id);
        Self::refused(ErrorKind::from(fault).status(), error.into())
    }

    /// The response to an operation that has begun a change and did not end, with the changes that are known to be made.
    fn undecided(info: &RequestInfo) -> Self {
        let kind = ErrorKind::from(FaultKind::OutcomeUnknown);
        let Made { ids, is_complete } = info.change.made();
        let message = if is_complete { INCOMPLETE } else { kind.message() };
        let error = ErrorEntry::of_request(kind, message, &info.request_id);
        let error = if ids.is_empty() { error } else { error.with("changedIds", ids) };
        Self::refused(kind.status(), error.into())
    }

    fn costing(self, cost: u64) -> Self {
        Self { cost, ..self }
    }

    fn from_http_error(error: HttpError, request_id: &RequestId) -> Self {
        let entry = ErrorEntry::of_request(error.kind, &error.message, request_id);
        let response = Self::refused(error.kind.status(), entry.into());
        Self { head: Some(error), ..response }
    }

    async fn write(self, media: MediaType, cost_limit: u64) -> HttpResponse {
        let Self { status, data, errors, cost, is_mutation: _, head, memory: _memory } = self;
        errors.note();
        RequestRecord::note_cost(cost);
        let body = ResponseBody { data, errors, cost: Cost { requested: cost, limit: cost_limit } };
        let mut response = match &head {
            Some(error) => error.head(),
            None => HttpResponse::build(status),
        };
        if head.is_none() && body.is_retryable() {
            response.insert_header((RETRY_AFTER, RETRY_AFTER_SECONDS));
        }
        response.insert_header((CONTENT_TYPE, media.content_type()));
        let bytes = body.data.as_ref().map_or(0, approximate_bytes);
        match json::write(body, bytes).await {
            Ok(text) => response.body(text),
            Err(error) => error.head().finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderMap;
    use rstest::rstest;

    use super::*;

    fn headers(response: Response) -> HeaderMap {
        let written = response.write(MediaType::Json, 1).now_or_never();
        written.expect("a small response is written at once").headers().clone()
    }

    #[rstest]
    #[case(FaultKind::Overloaded, true)]
    #[case(FaultKind::Unavailable, true)]
    #[case(FaultKind::OutcomeUnknown, true)]
    #[case(FaultKind::Internal, false)]
    fn a_response_with_a_retryable_fault_says_when_to_retry(
        #[case] fault: FaultKind,
        #[case] retryable: bool,
    ) {
        let id = RequestId::current(&actix_web::test::TestRequest::default().to_http_request());
        let of_field = Response::done(juniper::Value::null(), ErrorEntry::fault(fault, &id).into());
        for response in [Response::failed(fault, &id), of_field] {
            assert_eq!(headers(response).contains_key(RETRY_AFTER), retryable);
        }
    }
}
