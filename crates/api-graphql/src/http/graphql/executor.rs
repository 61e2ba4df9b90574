//! Runs documents against a juniper schema.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_trait::async_trait;
use convene_application::failure::FaultKind;
use futures::FutureExt;
use juniper::{
    DefaultScalarValue, GraphQLError, GraphQLType, GraphQLTypeAsync, OperationType, RootNode, RuleError,
    ValidatedOperation, parser::parse_document_source,
};

use super::{
    request::GraphqlRequest,
    response::{ErrorEntry, Errors},
};
use crate::{
    errors::RequestError,
    graphql::{
        limits::{self, DocumentLimits, Price, SelectedOperation},
        variables::misplaced_nulls,
    },
    request_id::RequestId,
    telemetry::{SecurityEvent, record_security_event},
};

/// The data of a request that resolvers use.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// The id for errors and for the activity log.
    pub request_id: RequestId,
}

/// The result of the inspection of a document that may run.
#[derive(Clone, Debug)]
pub struct Inspected {
    pub operation: SelectedOperation,
    pub price: Price,
}

/// The result of the inspection of a document that may not run.
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
#[async_trait]
pub trait GraphqlExecutor<Caller>: Send + Sync + 'static {
    /// Parses the document and checks its limits, in time linear in its length. Does not validate it.
    ///
    /// # Errors
    ///
    /// The document cannot be parsed, exceeds a limit, uses disabled introspection, or does not have the operation, or a
    /// variable is null where a value is required.
    fn inspect(&self, request: &GraphqlRequest) -> Result<Inspected, Box<Rejected>>;

    /// Validates and runs an inspected document. Never panics.
    async fn execute(&self, request: &GraphqlRequest, caller: Caller, info: &RequestInfo) -> Execution;

    /// The maximum cost of a document.
    fn cost_limit(&self) -> u64;
}

/// Runs documents against a juniper schema, with a new context for each request.
pub struct SchemaExecutor<Q, M, S, F>
where
    Q: GraphQLType<DefaultScalarValue>,
    M: GraphQLType<DefaultScalarValue>,
    S: GraphQLType<DefaultScalarValue>,
{
    root: RootNode<Q, M, S, DefaultScalarValue>,
    limits: DocumentLimits,
    introspection: bool,
    context: F,
}

impl<Q, M, S, F> SchemaExecutor<Q, M, S, F>
where
    Q: GraphQLType<DefaultScalarValue>,
    M: GraphQLType<DefaultScalarValue>,
    S: GraphQLType<DefaultScalarValue>,
{
    /// Creates an executor for a schema. `context` creates the context of a request from its caller and its
    /// [`RequestInfo`]. The limits and `introspection`, which allows documents to query the schema, are set on the root
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
        Self { root, limits, introspection, context }
    }

    fn parse_and_measure(
        &self,
        request: &GraphqlRequest,
    ) -> Result<(limits::Inspection, Vec<RuleError>), Box<Rejected>> {
        let parsed = parse_document_source(&request.query, &self.root.schema);
        let document = parsed.map_err(|error| {
            let entry = ErrorEntry::from_parse_error(&error);
            Box::new(Rejected { errors: entry.into(), cost: 0, is_fault: false })
        })?;
        let name = request.operation_name.as_deref();
        let inspection =
            limits::inspect(&document, &self.root.schema, name, &request.variables, &self.limits);
        let nulls = misplaced_nulls(&document, &self.root.schema, name, &request.variables);
        Ok((inspection, nulls))
    }

    fn judge(
        &self,
        request: &GraphqlRequest,
        inspection: limits::Inspection,
        misplaced_nulls: Vec<RuleError>,
    ) -> Result<Inspected, Box<Rejected>> {
        let limits::Inspection { price, operation, excesses, introspects } = inspection;
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
            let problem = match request.operation_name {
                Some(_) => GraphQLError::UnknownOperationName,
                None => GraphQLError::MultipleOperationsProvided,
            };
            return reject(Errors::from_graphql_error(&problem));
        };
        if operation.kind == OperationType::Subscription {
            return reject(Errors::from_graphql_error(&GraphQLError::IsSubscription));
        }
        Ok(Inspected { operation, price })
    }
}

#[async_trait]
impl<Q, M, S, F, Caller> GraphqlExecutor<Caller> for SchemaExecutor<Q, M, S, F>
where
    Q: GraphQLTypeAsync<DefaultScalarValue, TypeInfo = ()> + Send + Sync + 'static,
    Q::Context: Send + Sync + 'static,
    M: GraphQLTypeAsync<DefaultScalarValue, TypeInfo = (), Context = Q::Context> + Send + Sync + 'static,
    S: GraphQLType<DefaultScalarValue, TypeInfo = (), Context = Q::Context> + Send + Sync + 'static,
    F: Fn(Caller, &RequestInfo) -> Q::Context + Send + Sync + 'static,
    Caller: Send + 'static,
{
    fn inspect(&self, request: &GraphqlRequest) -> Result<Inspected, Box<Rejected>> {
        let inspection = std::panic::catch_unwind(AssertUnwindSafe(|| self.parse_and_measure(request)));
        let (inspection, misplaced_nulls) = inspection.unwrap_or_else(|_| {
            let entry = ErrorEntry::new(FaultKind::Internal);
            Err(Box::new(Rejected { errors: entry.into(), cost: 0, is_fault: true }))
        })?;
        self.judge(request, inspection, misplaced_nulls)
    }

    async fn execute(&self, request: &GraphqlRequest, caller: Caller, info: &RequestInfo) -> Execution {
        let run = async {
            let name = request.operation_name.as_deref();
            let context = (self.context)(caller, info);
            let operation = ValidatedOperation::new(&request.query, name, &self.root)?;
            operation.execute(&request.variables, &context).await
        };
        match AssertUnwindSafe(run).catch_unwind().await {
            Ok(Ok((data, errors))) => {
                let entry = |error: &_| ErrorEntry::from_execution_error(error, &info.request_id);
                Execution::Done(data, Errors::of(&errors, entry))
            }
            Ok(Err(error)) => Execution::Refused(Errors::from_graphql_error(&error)),
            Err(_panic) => Execution::Crashed,
        }
    }

    fn cost_limit(&self) -> u64 {
        self.limits.cost
    }
}

/// An executor that all handlers share.
pub type SharedExecutor<Caller> = Arc<dyn GraphqlExecutor<Caller>>;
