//! Runs documents against a juniper schema.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_trait::async_trait;
use convene_application::failure::FaultKind;
use futures::FutureExt;
use juniper::{
    DefaultScalarValue, GraphQLError, GraphQLType, GraphQLTypeAsync, OperationType, RootNode, RuleError,
    Variables,
};

use super::{
    compiled::{CompiledDocument, Source},
    document_cache::{DocumentCache, MAX_DOCUMENT_BYTES},
    names::OperationNames,
    request::OperationReference,
    response::{ErrorEntry, Errors, operation_type_name},
};
use crate::{
    errors::RequestError,
    graphql::{
        limits::{self, DocumentLimits, Price},
        look_ahead::LookAhead,
    },
    request_id::RequestId,
    telemetry::{OperationRecord, RequestRecord, SecurityEvent, record_security_event},
};

/// The data of a request that resolvers use.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// The id for errors and for the activity log.
    pub request_id: RequestId,
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
pub struct Rejected {
    /// The reasons, of which there is at least one.
    pub errors: Errors,
    /// The cost; 0 if the document could not be parsed.
    pub cost: u64,
    /// True if the inspection itself failed.
    pub is_fault: bool,
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
pub trait GraphqlExecutor<Caller>: Send + Sync + 'static {
    /// Compares the document and its variables with the limits. A document that was not used lately is parsed and
    /// validated first; it is validated only if it is within the limits.
    ///
    /// # Errors
    ///
    /// The document cannot be parsed, exceeds a limit, uses disabled introspection, or does not have the operation, or a
    /// variable is null where a value is required.
    fn inspect(
        &self,
        document: &Arc<str>,
        operation: &OperationReference,
    ) -> Result<Inspected<Caller>, Box<Rejected>>;

    /// The maximum cost of a document.
    fn cost_limit(&self) -> u64;
}

/// Runs documents against a juniper schema, with a new context for each request.
pub struct SchemaExecutor<Q, M, S, F>
where
    Q: GraphQLType<DefaultScalarValue> + 'static,
    M: GraphQLType<DefaultScalarValue> + 'static,
    S: GraphQLType<DefaultScalarValue> + 'static,
{
    root: Arc<RootNode<Q, M, S, DefaultScalarValue>>,
    documents: DocumentCache<Q, M, S>,
    limits: DocumentLimits,
    introspection: bool,
    context: Arc<F>,
}

impl<Q, M, S, F> SchemaExecutor<Q, M, S, F>
where
    Q: GraphQLType<DefaultScalarValue, TypeInfo = ()> + Send + Sync + 'static,
    M: GraphQLType<DefaultScalarValue, TypeInfo = ()> + Send + Sync + 'static,
    S: GraphQLType<DefaultScalarValue, TypeInfo = ()> + Send + Sync + 'static,
{
    /// Creates an executor for a schema. `context` creates the context of a request from its caller, its
    /// [`RequestInfo`] and what its operation shows. The limits and `introspection`, which allows documents to query the schema, are set on the root
    /// node here, so that no caller can forget them.
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
            limits,
            introspection,
            context: Arc::new(context),
        }
    }

    fn compile(
        &self,
        text: &Arc<str>,
        operation_name: Option<&str>,
    ) -> Result<CompiledDocument<Q, M, S>, Errors> {
        let source = Source { root: Arc::clone(&self.root), text: Arc::clone(text) };
        CompiledDocument::new(Arc::new(source), operation_name, &self.limits)
    }

    fn judge(
        &self,
        operation_name: Option<&str>,
        inspection: limits::Inspection,
        misplaced_nulls: Vec<RuleError>,
    ) -> Result<(OperationType, Price), Box<Rejected>> {
        let limits::Inspection { price, operation, excesses, introspects, operations } = inspection;
        let reject = |errors| Err(Box::new(Rejected { errors, cost: price.cost, is_fault: false }));
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

impl<Q, M, S, F, Caller> GraphqlExecutor<Caller> for SchemaExecutor<Q, M, S, F>
where
    Q: GraphQLTypeAsync<DefaultScalarValue, TypeInfo = ()> + Send + Sync + 'static,
    Q::Context: Send + Sync + 'static,
    M: GraphQLTypeAsync<DefaultScalarValue, TypeInfo = (), Context = Q::Context> + Send + Sync + 'static,
    S: GraphQLType<DefaultScalarValue, TypeInfo = (), Context = Q::Context> + Send + Sync + 'static,
    F: Fn(Caller, &RequestInfo, LookAhead) -> Q::Context + Send + Sync + 'static,
    Caller: Send + 'static,
{
    fn inspect(
        &self,
        document: &Arc<str>,
        operation: &OperationReference,
    ) -> Result<Inspected<Caller>, Box<Rejected>> {
        let name = operation.name.as_deref();
        let unfit = |errors, is_fault| Box::new(Rejected { errors, cost: 0, is_fault });
        let inspection = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let compiled = self.documents.get_or_compile(document, name, || self.compile(document, name));
            let parsed = compiled.as_ref().as_ref().map_err(Clone::clone)?;
            let look_ahead = parsed.look_ahead(name, &operation.variables);
            let (inspection, nulls) = parsed.inspect(name, &operation.variables, &self.limits);
            if let Some(operation) = inspection.operation {
                note_operation(operation, parsed.names());
            }
            Ok((compiled, look_ahead, inspection, nulls))
        }));
        let (document, look_ahead, inspection, misplaced_nulls) = inspection
            .map_err(|_panic| unfit(ErrorEntry::new(FaultKind::Internal).into(), true))?
            .map_err(|errors| unfit(errors, false))?;
        let (operation, price) = self.judge(name, inspection, misplaced_nulls)?;
        let run = Box::new(CompiledOperation { document, context: Arc::clone(&self.context), look_ahead });
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
    context: Arc<F>,
    look_ahead: LookAhead,
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
                Ok(document) => document.execute(variables, &context).await,
                Err(errors) => Err(errors.clone()),
            }
        };
        match AssertUnwindSafe(run).catch_unwind().await {
            Ok(Ok((data, errors))) => {
                let entry = |error: &_| ErrorEntry::from_execution_error(error, &info.request_id);
                Execution::Done(data, Errors::of(&errors, entry))
            }
            Ok(Err(errors)) => Execution::Refused(errors),
            Err(_panic) => Execution::Crashed,
        }
    }
}

/// An executor that all handlers share.
pub type SharedExecutor<Caller> = Arc<dyn GraphqlExecutor<Caller>>;
