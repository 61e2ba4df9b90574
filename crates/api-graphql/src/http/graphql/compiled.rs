//! Documents that were parsed and validated, with the text that they borrow from.

use std::sync::Arc;

use juniper::{
    DefaultScalarValue, Definition, ExecutionError, GraphQLError, GraphQLType, GraphQLTypeAsync, Operation,
    OperationType, RootNode, RuleError, ValidatedOperation, Value, Variables,
};
use yoke::{Yoke, Yokeable};

use super::{
    names::OperationNames,
    response::{ErrorEntry, Errors},
};
use crate::{
    errors::RequestError,
    graphql::{
        arguments::{FieldCall, calls_below_payloads},
        document,
        limits::{self, DocumentLimits, Inspection},
        look_ahead::LookAhead,
        validation::{misplaced_nulls, mistakes, parse},
    },
};

type Scalar = DefaultScalarValue;

type SharedSource<Q, M, S> = Arc<Source<Q, M, S>>;

/// The schema and the text of a document.
pub(super) struct Source<Q, M, S>
where
    Q: GraphQLType<Scalar>,
    M: GraphQLType<Scalar>,
    S: GraphQLType<Scalar>,
{
    pub(super) root: Arc<RootNode<Q, M, S, Scalar>>,
    pub(super) text: Arc<str>,
}

/// A document, and the operation that a request selects in it.
#[derive(Yokeable)]
struct Parsed<'a, Q, M, S>
where
    Q: GraphQLType<Scalar>,
    M: GraphQLType<Scalar>,
    S: GraphQLType<Scalar>,
{
    definitions: Vec<Definition<'a, Scalar>>,
    operation: Validation<'a, Q, M, S>,
}

/// The result of the validation of a document.
enum Validation<'a, Q, M, S>
where
    Q: GraphQLType<Scalar>,
    M: GraphQLType<Scalar>,
    S: GraphQLType<Scalar>,
{
    /// The document exceeds a limit, or the request selects no operation. It cannot run with any variables.
    Omitted,
    Failed(Errors),
    Passed(Box<ValidatedOperation<'a, Q, M, S, Scalar>>),
}

/// A document that was parsed and validated for one of its operations.
pub struct CompiledDocument<Q, M, S>
where
    Q: GraphQLType<Scalar> + 'static,
    M: GraphQLType<Scalar> + 'static,
    S: GraphQLType<Scalar> + 'static,
{
    parsed: Yoke<Parsed<'static, Q, M, S>, SharedSource<Q, M, S>>,
    /// The names of the operation; `None` if the document does not match the schema.
    names: Option<OperationNames>,
}

impl<Q, M, S> CompiledDocument<Q, M, S>
where
    Q: GraphQLType<Scalar, TypeInfo = ()> + 'static,
    M: GraphQLType<Scalar, TypeInfo = ()> + 'static,
    S: GraphQLType<Scalar, TypeInfo = ()> + 'static,
{
    /// Parses the document, and validates it if it is within those limits that do not depend on variables. Validation
    /// takes more than linear time.
    ///
    /// # Errors
    ///
    /// The errors of the parser.
    pub(super) fn new(
        source: SharedSource<Q, M, S>,
        operation_name: Option<&str>,
        document_limits: &DocumentLimits,
    ) -> Result<Self, Errors> {
        let parsed: Result<Yoke<Parsed<'static, Q, M, S>, _>, Errors> =
            Yoke::try_attach_to_cart(source, |Source { root, text }| {
                let (definitions, is_typed) = parse(text, &root.schema, document_limits)
                    .map_err(|error| Errors::from_graphql_error(&error))?;
                let any_cost = of_any_cost(document_limits);
                let none = Variables::new();
                let inspection =
                    limits::inspect(&definitions, &root.schema, operation_name, &none, &any_cost);
                let operation = if inspection.operation.is_none() || !inspection.excesses.is_empty() {
                    Validation::Omitted
                } else {
                    let mistakes = mistakes(&definitions, &root.schema, is_typed);
                    let validated = if !mistakes.is_empty() {
                        Err(mistakes.into())
                    } else if inspection.operation == Some(OperationType::Subscription) {
                        // The rules check no field of a root type that the schema does not have.
                        Err(GraphQLError::IsSubscription)
                    } else {
                        ValidatedOperation::new(text, operation_name, root)
                    };
                    match validated {
                        Ok(operation) => Validation::Passed(Box::new(operation)),
                        Err(error) => Validation::Failed(Errors::from_graphql_error(&error)),
                    }
                };
                Ok(Parsed { definitions, operation })
            });
        let parsed = parsed?;
        let Parsed { definitions, operation } = parsed.get();
        let is_valid = matches!(operation, Validation::Passed(_));
        let names = is_valid.then(|| OperationNames::of(definitions, operation_name)).flatten();
        Ok(Self { parsed, names })
    }

    /// The names of the operation for logs; `None` if the document does not match the schema.
    pub(super) fn names(&self) -> Option<&OperationNames> {
        self.names.as_ref()
    }

    /// Checks that each operation of the document may run with some variables.
    ///
    /// # Errors
    ///
    /// The document cannot be parsed, exceeds a limit, or does not match the schema.
    pub fn check(
        root: &Arc<RootNode<Q, M, S, Scalar>>,
        text: &Arc<str>,
        document_limits: &DocumentLimits,
    ) -> Result<(), Errors> {
        let source = Arc::new(Source { root: Arc::clone(root), text: Arc::clone(text) });
        let document = Self::new(Arc::clone(&source), None, document_limits)?;
        let names = document.operation_names();
        if names.is_empty() {
            return document.check_operation(None, document_limits);
        }
        for name in names {
            let document = Self::new(Arc::clone(&source), Some(&name), document_limits)?;
            document.check_operation(Some(&name), document_limits)?;
        }
        Ok(())
    }

    /// Checks that the operation for which the document was validated may run with some variables.
    fn check_operation(&self, name: Option<&str>, document_limits: &DocumentLimits) -> Result<(), Errors> {
        let limits = if self.takes_variables(name) { of_any_cost(document_limits) } else { *document_limits };
        let (inspection, nulls) = self.inspect(name, &Variables::new(), &limits);
        if !inspection.excesses.is_empty() {
            return Err(Errors::of(&inspection.excesses, ErrorEntry::from_excess));
        }
        match &self.parsed.get().operation {
            Validation::Passed(_) if !nulls.is_empty() => Err(Errors::from_graphql_error(&nulls.into())),
            Validation::Passed(_) => Ok(()),
            Validation::Failed(errors) => Err(errors.clone()),
            Validation::Omitted if inspection.operations == 0 => {
                Err(Errors::from_graphql_error(&GraphQLError::NoOperationProvided))
            }
            // It has no name either, so the advice for requests, to name one, would not help.
            Validation::Omitted => Err(ErrorEntry::with_message(
                RequestError::ValidationFailed,
                "An operation without a name must be the only one of its document",
            )
            .into()),
        }
    }

    /// The names of the operations; empty if none has one.
    fn operation_names(&self) -> Vec<String> {
        self.operations().filter_map(|it| it.name.as_ref()).map(|name| name.item.to_owned()).collect()
    }

    /// Returns true if the cost of the operation depends on variables.
    fn takes_variables(&self, name: Option<&str>) -> bool {
        self.operations()
            .any(|operation| document::has_name(operation, name) && operation.variables_definition.is_some())
    }

    fn operations(&self) -> impl Iterator<Item = &Operation<'_, Scalar>> {
        document::operations(&self.parsed.get().definitions)
    }

    /// Returns true if the document was validated.
    pub(super) fn is_validated(&self) -> bool {
        !matches!(self.parsed.get().operation, Validation::Omitted)
    }

    /// Compares the document, with these variables, with the limits. The second value has the null variables that are
    /// used where a value is required.
    pub(super) fn inspect(
        &self,
        operation_name: Option<&str>,
        variables: &Variables<Scalar>,
        document_limits: &DocumentLimits,
    ) -> (Inspection, Vec<RuleError>) {
        let definitions = &self.parsed.get().definitions;
        let schema = &self.parsed.backing_cart().root.schema;
        let inspection = limits::inspect(definitions, schema, operation_name, variables, document_limits);
        (inspection, misplaced_nulls(definitions, schema, operation_name, variables))
    }

    /// The data that the operation shows with these variables.
    pub(super) fn look_ahead(
        &self,
        operation_name: Option<&str>,
        variables: &Variables<Scalar>,
    ) -> LookAhead {
        LookAhead::of(&self.parsed.get().definitions, operation_name, variables)
    }

    /// The fields with arguments below the root fields of a mutation; none for another operation.
    pub(super) fn calls_below_payloads(
        &self,
        operation_name: Option<&str>,
        variables: &Variables<Scalar>,
    ) -> Vec<FieldCall<'_>> {
        let Parsed { definitions, operation } = self.parsed.get();
        match operation {
            Validation::Passed(_) => {
                let schema = &self.parsed.backing_cart().root.schema;
                calls_below_payloads(definitions, schema, operation_name, variables)
            }
            Validation::Omitted | Validation::Failed(_) => Vec::new(),
        }
    }

    /// Runs the operation.
    ///
    /// # Errors
    ///
    /// The document or its variables do not match the schema.
    pub(super) async fn execute(
        &self,
        variables: &Variables<Scalar>,
        context: &Q::Context,
    ) -> Result<(Value<Scalar>, Vec<ExecutionError<Scalar>>), Errors>
    where
        Q: GraphQLTypeAsync<Scalar, Context: Sync>,
        M: GraphQLTypeAsync<Scalar, Context = Q::Context>,
        S: GraphQLType<Scalar, Context = Q::Context> + Sync,
    {
        match &self.parsed.get().operation {
            Validation::Passed(operation) => operation
                .execute(variables, context)
                .await
                .map_err(|error| Errors::from_graphql_error(&error)),
            Validation::Failed(errors) => Err(errors.clone()),
            Validation::Omitted => Err(Errors::from_graphql_error(&GraphQLError::UnknownOperationName)),
        }
    }
}

/// The limits that do not depend on variables.
const fn of_any_cost(limits: &DocumentLimits) -> DocumentLimits {
    DocumentLimits { cost: u64::MAX, bytes: u64::MAX, ..*limits }
}
