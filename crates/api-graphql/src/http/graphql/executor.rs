//! Runs documents against a juniper schema.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_trait::async_trait;
use futures::FutureExt;
use juniper::{
    DefaultScalarValue, FieldError, GraphQLError, GraphQLType, GraphQLTypeAsync, OperationType, RootNode,
    RuleError, Variables,
};
use tokio::task::{JoinError, spawn_blocking};

use super::{
    compiled::{CompiledDocument, Source},
    document_cache::{Compiled, DocumentCache, MAX_DOCUMENT_BYTES},
    names::OperationNames,
    request::OperationReference,
    response::{ErrorEntry, Errors},
};
use crate::{
    auth::Owner,
    change_state::ChangeState,
    errors::RequestError,
    graphql::{
        arguments::FieldCall,
        limits::{self, DocumentLimits, Price},
        look_ahead::LookAhead,
    },
    http::{
        limits::{COMPILED_BYTES, COMPILING_BYTES},
        memory::SharedMemory,
        operation_type::operation_type_name,
    },
    request_id::RequestId,
    telemetry::{OperationRecord, RequestRecord, SecurityEvent, record_security_event},
};

/// The data of a request that resolvers use.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// The id for errors and for the activity log.
    pub request_id: RequestId,
    /// The state of the change that the operation makes.
    pub change: ChangeState,
}

/// A request whose document may run.
pub struct Inspected<Caller> {
    /// The type of the operation.
    pub operation: OperationType,
    pub price: Price,
    /// The operation, which is ready to run with the variables of the request.
    pub run: Box<dyn Run<Caller>>,
}

/// An operation that is ready to run.
#[async_trait]
pub trait Run<Caller>: Send + Sync {
    /// Runs the operation. Never panics.
    async fn execute(&self, variables: &Variables, caller: Caller, info: &RequestInfo) -> Execution;
}

/// A request whose document may not run.
#[derive(Clone, Debug)]
pub enum Rejected {
    /// For these reasons, of which there is at least one. The cost is 0 if the document could not be parsed.
    Refused { errors: Errors, cost: u64 },
    /// The inspection panicked.
    Crashed,
}

/// The result of an execution.
#[derive(Debug)]
pub enum Execution {
    /// The operation ran; the result may still contain errors.
    Done(juniper::Value<DefaultScalarValue>, Errors),
    /// The operation did not run because the document or its variables do not match the schema.
    Refused(Errors),
    /// The execution panicked.
    Crashed,
}

/// An executor of GraphQL documents. [`SchemaExecutor`] implements it for any juniper schema.
#[async_trait]
pub trait GraphqlExecutor<Caller>: Send + Sync + 'static {
    /// Compares the document and its variables with the limits. A document that was not used lately is parsed and
    /// validated first, on another thread and in turn with others of its owner; it is validated only if it is within the
    /// limits.
    ///
    /// # Errors
    ///
    /// The document cannot be parsed, exceeds a limit, uses disabled introspection, or does not have the operation, or a
    /// variable is null where a value is required.
    async fn inspect(
        &self,
        document: &Arc<str>,
        operation: &OperationReference,
        owner: &Owner,
    ) -> Result<Inspected<Caller>, Box<Rejected>>;

    /// The maximum cost of a document.
    fn cost_limit(&self) -> u64;
}

/// The error that a field would report for its arguments, if there is one.
pub type ArgumentCheck<Context> = fn(&Context, &FieldCall<'_>) -> Option<FieldError<DefaultScalarValue>>;

/// Runs documents against a juniper schema, with a new context for each request.
pub struct SchemaExecutor<Q, M, S, F>
where
    Q: GraphQLType<DefaultScalarValue> + 'static,
    M: GraphQLType<DefaultScalarValue> + 'static,
    S: GraphQLType<DefaultScalarValue> + 'static,
{
    root: Arc<RootNode<Q, M, S, DefaultScalarValue>>,
    documents: DocumentCache<Q, M, S>,
    /// The memory of documents that are being compiled, which limits their number.
    compiling: SharedMemory,
    limits: DocumentLimits,
    introspection: bool,
    context: Arc<F>,
    argument_check: Option<ArgumentCheck<Q::Context>>,
}

impl<Q, M, S, F> SchemaExecutor<Q, M, S, F>
where
    Q: GraphQLType<DefaultScalarValue, TypeInfo = ()> + Send + Sync + 'static,
    M: GraphQLType<DefaultScalarValue, TypeInfo = ()> + Send + Sync + 'static,
    S: GraphQLType<DefaultScalarValue, TypeInfo = ()> + Send + Sync + 'static,
{
    /// Creates an executor for a schema. `context` creates the context of a request from its caller, its
    /// [`RequestInfo`] and the data that its operation shows. The limits and `introspection`, which allows documents to query the
    /// schema, are set on the root node here, so that no caller can forget them.
    #[must_use]
    pub fn new(
        root: RootNode<Q, M, S, DefaultScalarValue>,
        limits: DocumentLimits,
        introspection: bool,
        context: F,
    ) -> Self {
        let root = limits.apply(root);
        let root = if introspection { root.enable_introspection() } else { root.disable_introspection() };
        Self {
            root: Arc::new(root),
            documents: DocumentCache::new(MAX_DOCUMENT_BYTES),
            compiling: SharedMemory::new(COMPILING_BYTES),
            limits,
            introspection,
            context: Arc::new(context),
            argument_check: None,
        }
    }

    /// Checks the arguments of the fields below the root fields of a mutation before it runs.
    #[must_use]
    pub fn with_argument_check(self, check: ArgumentCheck<Q::Context>) -> Self {
        Self { argument_check: Some(check), ..self }
    }

    /// The compiled document, from the cache or new.
    ///
    /// The validation of one of the largest documents takes a processor for many milliseconds. It would keep all requests of a
    /// thread waiting, and documents of one caller would keep all threads busy.
    ///
    /// # Errors
    /// The compilation panicked.
    async fn compiled(
        &self,
        text: &Arc<str>,
        operation_name: Option<&str>,
        owner: &Owner,
    ) -> Result<Compiled<Q, M, S>, JoinError> {
        let organization = owner.organization.as_deref();
        if let Some(known) = self.documents.get(organization, text, operation_name) {
            return Ok(known);
        }
        let turn = self.compiling.take(owner, COMPILED_BYTES).await;
        // Another request may have compiled it meanwhile.
        if let Some(known) = self.documents.get(organization, text, operation_name) {
            return Ok(known);
        }
        let source = Arc::new(Source { root: Arc::clone(&self.root), text: Arc::clone(text) });
        let (name, limits) = (operation_name.map(str::to_owned), self.limits);
        let compiled = spawn_blocking(move || {
            // Until the end, also if nobody waits for it any more.
            let _turn = turn;
            CompiledDocument::new(source, name.as_deref(), &limits)
        });
        Ok(self.documents.keep(organization, text, operation_name, compiled.await?))
    }

    fn judge(
        &self,
        operation_name: Option<&str>,
        inspection: limits::Inspection,
        misplaced_nulls: Vec<RuleError>,
    ) -> Result<(OperationType, Price), Box<Rejected>> {
        let limits::Inspection { price, operation, excesses, introspects, operations } = inspection;
        let reject = |errors| Err(Box::new(Rejected::Refused { errors, cost: price.cost }));
        if introspects && !self.introspection {
            record_security_event(SecurityEvent::IntrospectionRefused);
            return reject(ErrorEntry::new(RequestError::IntrospectionDisabled).into());
        }
        if !excesses.is_empty() {
            record_security_event(SecurityEvent::DocumentLimit);
            return reject(Errors::of(&excesses, ErrorEntry::from_excess));
        }
        if !misplaced_nulls.is_empty() {
            return reject(Errors::from_graphql_error(&misplaced_nulls.into()));
        }
        let Some(operation) = operation else {
            let problem = match operation_name {
                _ if operations == 0 => GraphQLError::NoOperationProvided,
                Some(_) => GraphQLError::UnknownOperationName,
                None => GraphQLError::MultipleOperationsProvided,
            };
            return reject(Errors::from_graphql_error(&problem));
        };
        if operation == OperationType::Subscription {
            return reject(Errors::from_graphql_error(&GraphQLError::IsSubscription));
        }
        Ok((operation, price))
    }
}

#[async_trait]
impl<Q, M, S, F, Caller> GraphqlExecutor<Caller> for SchemaExecutor<Q, M, S, F>
where
    Q: GraphQLTypeAsync<DefaultScalarValue, TypeInfo = ()> + Send + Sync + 'static,
    Q::Context: Send + Sync + 'static,
    M: GraphQLTypeAsync<DefaultScalarValue, TypeInfo = (), Context = Q::Context> + Send + Sync + 'static,
    S: GraphQLType<DefaultScalarValue, TypeInfo = (), Context = Q::Context> + Send + Sync + 'static,
    F: Fn(Caller, &RequestInfo, LookAhead) -> Q::Context + Send + Sync + 'static,
    Caller: Send + 'static,
{
    async fn inspect(
        &self,
        document: &Arc<str>,
        operation: &OperationReference,
        owner: &Owner,
    ) -> Result<Inspected<Caller>, Box<Rejected>> {
        let name = operation.name.as_deref();
        let unfit = |errors: Errors| {
            // The parser has limits, too.
            if errors.kinds().any(|kind| kind == RequestError::QueryLimitExceeded.into()) {
                record_security_event(SecurityEvent::DocumentLimit);
            }
            Box::new(Rejected::Refused { errors, cost: 0 })
        };
        let crashed = || Box::new(Rejected::Crashed);
        let document = self.compiled(document, name, owner).await.map_err(|_panic| crashed())?;
        let inspection = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let parsed = document.as_ref().as_ref().map_err(Clone::clone)?;
            let look_ahead = parsed.look_ahead(name, &operation.variables);
            let (inspection, nulls) = parsed.inspect(name, &operation.variables, &self.limits);
            if let Some(operation) = inspection.operation {
                note_operation(operation, parsed.names());
            }
            Ok((look_ahead, inspection, nulls))
        }));
        let (look_ahead, inspection, misplaced_nulls) =
            inspection.map_err(|_panic| crashed())?.map_err(unfit)?;
        let (operation, price) = self.judge(name, inspection, misplaced_nulls)?;
        let run = Box::new(CompiledOperation {
            document,
            name: name.map(str::to_owned),
            is_mutation: operation == OperationType::Mutation,
            context: Arc::clone(&self.context),
            argument_check: self.argument_check,
            look_ahead,
        });
        Ok(Inspected { operation, price, run })
    }

    fn cost_limit(&self) -> u64 {
        self.limits.cost
    }
}

fn note_operation(operation: OperationType, names: Option<&OperationNames>) {
    RequestRecord::note_operation(OperationRecord {
        kind: operation_type_name(operation),
        field: names.map(|names| Arc::clone(&names.field)),
        name: names.and_then(|names| names.name.clone()),
    });
}

/// An operation of a compiled document, and the source of contexts.
struct CompiledOperation<Q, M, S, F>
where
    Q: GraphQLType<DefaultScalarValue> + 'static,
    M: GraphQLType<DefaultScalarValue> + 'static,
    S: GraphQLType<DefaultScalarValue> + 'static,
{
    document: Arc<Result<CompiledDocument<Q, M, S>, Errors>>,
    /// The name by which the operation is selected.
    name: Option<String>,
    is_mutation: bool,
    context: Arc<F>,
    argument_check: Option<ArgumentCheck<Q::Context>>,
    look_ahead: LookAhead,
}

impl<Q, M, S, F> CompiledOperation<Q, M, S, F>
where
    Q: GraphQLType<DefaultScalarValue, TypeInfo = ()> + 'static,
    M: GraphQLType<DefaultScalarValue, TypeInfo = ()> + 'static,
    S: GraphQLType<DefaultScalarValue, TypeInfo = ()> + 'static,
{
    /// The errors of the arguments that are checked before the operation runs.
    fn wrong_arguments(
        &self,
        document: &CompiledDocument<Q, M, S>,
        variables: &Variables,
        context: &Q::Context,
        request_id: &RequestId,
    ) -> Errors {
        let Some(check) = self.argument_check.filter(|_| self.is_mutation) else { return Errors::default() };
        let calls = document.calls_below_payloads(self.name.as_deref(), variables);
        let wrong = calls.iter().filter_map(|call| Some((check(context, call)?, call.position())));
        let entry =
            |(error, position): &(_, _)| ErrorEntry::from_argument_error(error, *position, request_id);
        Errors::of(&wrong.collect::<Vec<_>>(), entry)
    }
}

#[async_trait]
impl<Q, M, S, F, Caller> Run<Caller> for CompiledOperation<Q, M, S, F>
where
    Q: GraphQLTypeAsync<DefaultScalarValue, TypeInfo = ()> + Send + Sync + 'static,
    Q::Context: Send + Sync + 'static,
    M: GraphQLTypeAsync<DefaultScalarValue, TypeInfo = (), Context = Q::Context> + Send + Sync + 'static,
    S: GraphQLType<DefaultScalarValue, TypeInfo = (), Context = Q::Context> + Send + Sync + 'static,
    F: Fn(Caller, &RequestInfo, LookAhead) -> Q::Context + Send + Sync + 'static,
    Caller: Send + 'static,
{
    async fn execute(&self, variables: &Variables, caller: Caller, info: &RequestInfo) -> Execution {
        let run = async {
            let context = (self.context)(caller, info, self.look_ahead);
            match &*self.document {
                Ok(document) => {
                    let errors = self.wrong_arguments(document, variables, &context, &info.request_id);
                    if errors.is_empty() { document.execute(variables, &context).await } else { Err(errors) }
                }
                Err(errors) => Err(errors.clone()),
            }
        };
        match AssertUnwindSafe(run).catch_unwind().await {
            Ok(Ok((data, errors))) => {
                let change = self.is_mutation.then_some(&info.change);
                let entry = |error: &_| ErrorEntry::from_execution_error(error, &info.request_id, change);
                Execution::Done(data, Errors::of(&errors, entry))
            }
            Ok(Err(errors)) => Execution::Refused(errors),
            Err(_panic) => Execution::Crashed,
        }
    }
}

/// An executor that all handlers share.
pub type SharedExecutor<Caller> = Arc<dyn GraphqlExecutor<Caller>>;
