//! Checks of variables that the engine lacks.
//!
//! A variable that is null must not be used where the schema requires a value.
//!
//! Validation allows a nullable variable in such a position if it has a default other than null (GraphQL spec 5.8.5), because
//! the value is not known yet. An explicit null is then an error (6.4.1). The engine accepts a default of null, and would only
//! notice a null in the middle of the execution, so that both are checked before.

use std::collections::{HashMap, HashSet};

use juniper::{
    DefaultScalarValue, Definition, Document, InputValue, Operation, RuleError, SchemaType, Selection, Span,
    Spanning, Variables,
    validation::{MultiVisitorNil, ValidatorContext, Visitor, visit},
};

use crate::graphql::document::{self, operations};

type Scalar = DefaultScalarValue;

/// Finds the variables whose type the schema does not have. The engine's validation panics at the default of such a variable.
pub(super) fn unknown_types(document: &Document<'_, Scalar>, schema: &SchemaType<Scalar>) -> Vec<RuleError> {
    let definitions = operations(document).filter_map(|operation| operation.variables_definition.as_ref());
    let types = definitions.flat_map(|variables| &variables.item.items).map(|(_, one)| &one.var_type);
    let unknown = types.filter(|one| schema.concrete_type_by_name(one.item.innermost_name()).is_none());
    let error = |unknown: &Spanning<juniper::Type<&str>>| {
        let message = format!("Unknown type \"{}\"", unknown.item.innermost_name());
        RuleError::new(&message, &[unknown.span.start])
    };
    unknown.map(error).collect()
}

/// Finds the null variables of the selected operation that are used where a value is required.
///
/// Takes time linear in the length of the document, and none if no variable is null.
#[must_use]
pub fn misplaced_nulls(
    document: &Document<'_, Scalar>,
    schema: &SchemaType<Scalar>,
    operation_name: Option<&str>,
    variables: &Variables<Scalar>,
) -> Vec<RuleError> {
    document::operation(document, operation_name).map_or_else(Vec::new, |operation| {
        let nulls = nulls(operation, variables);
        uses(document, schema, operation, &MisplacedNulls { nulls, reason: "is null" })
    })
}

/// Finds the variables whose default is null, and which are used where a value is required. Only another default allows a
/// nullable variable there (GraphQL spec 5.8.5).
pub(super) fn misplaced_null_defaults(
    document: &Document<'_, Scalar>,
    schema: &SchemaType<Scalar>,
) -> Vec<RuleError> {
    let none = Variables::new();
    let misplaced = operations(document).flat_map(|operation| {
        let nulls = nulls(operation, &none);
        uses(document, schema, operation, &MisplacedNulls { nulls, reason: "is null by default" })
    });
    misplaced.collect()
}

/// The variables whose value, or whose default in the absence of a value, is null.
fn nulls(operation: &Operation<'_, Scalar>, variables: &Variables<Scalar>) -> HashSet<String> {
    let definitions = operation.variables_definition.iter().flat_map(|definitions| definitions.item.iter());
    let is_null = definitions.filter(|(name, definition)| {
        let default = definition.default_value.as_ref().map(|default| &default.item);
        variables.get(name.item).or(default).is_some_and(InputValue::is_null)
    });
    is_null.map(|(name, _)| name.item.to_owned()).collect()
}

/// Finds the misplaced uses in an operation and its fragments.
fn uses(
    document: &Document<'_, Scalar>,
    schema: &SchemaType<Scalar>,
    operation: &Operation<'_, Scalar>,
    nulls: &MisplacedNulls,
) -> Vec<RuleError> {
    if nulls.nulls.is_empty() {
        return Vec::new();
    }
    let used = with_fragments(document, operation);
    let mut context = ValidatorContext::new(schema, &used);
    visit(&mut MultiVisitorNil.with(nulls), &mut context, &used);
    context.into_errors()
}

/// The operation with the fragments that it uses: others may use variables of the same names for other operations.
fn with_fragments<'a>(
    document: &Document<'a, Scalar>,
    operation: &Operation<'a, Scalar>,
) -> Vec<Definition<'a, Scalar>> {
    let mut unused = HashMap::new();
    let mut used = Vec::new();
    for definition in document {
        match definition {
            Definition::Fragment(fragment) => {
                unused.insert(fragment.item.name.item, definition);
            }
            Definition::Operation(candidate) if std::ptr::eq(&candidate.item, operation) => {
                used.push(definition.clone());
            }
            Definition::Operation(_) => {}
        }
    }
    let mut open: Vec<&Selection<'a, Scalar>> = operation.selection_set.iter().collect();
    while let Some(selection) = open.pop() {
        match selection {
            Selection::Field(field) => open.extend(field.item.selection_set.iter().flatten()),
            Selection::InlineFragment(fragment) => open.extend(&fragment.item.selection_set),
            Selection::FragmentSpread(spread) => {
                if let Some(definition) = unused.remove(spread.item.name.item) {
                    used.push(definition.clone());
                    if let Definition::Fragment(fragment) = definition {
                        open.extend(&fragment.item.selection_set);
                    }
                }
            }
        }
    }
    used
}

/// Reports each use of a null variable in a position that requires a value.
struct MisplacedNulls {
    nulls: HashSet<String>,
    reason: &'static str,
}

impl<'a> Visitor<'a, Scalar> for &MisplacedNulls {
    fn enter_variable_value(
        &mut self,
        context: &mut ValidatorContext<'a, Scalar>,
        variable: Spanning<&'a String, &'a Span>,
    ) {
        let name = variable.item;
        if let Some(expected) = context.current_input_type_literal()
            && expected.is_non_null()
            && self.nulls.contains(name)
        {
            let reason = self.reason;
            let message =
                format!("Variable \"${name}\" {reason} where a value of type \"{expected}\" is required.");
            context.report_error(&message, &[variable.span.start]);
        }
    }
}

#[cfg(test)]
mod tests {
    use juniper::parser::parse_document_source;

    use super::*;
    use crate::graphql::schema::schema;

    fn messages(document: &str, operation: Option<&str>) -> Vec<String> {
        let root = schema();
        let document = parse_document_source(document, &root.schema).unwrap();
        let variables = Variables::from_iter([("v".to_owned(), InputValue::Null)]);
        let errors = misplaced_nulls(&document, &root.schema, operation, &variables);
        errors.iter().map(|error| error.message().to_owned()).collect()
    }

    #[test]
    fn each_misplaced_use_is_reported_with_its_type() {
        let document = "query($v: ID = \"x\") { a: node(id: $v) { id } nodes(ids: [$v]) { id } }";
        let message = r#"Variable "$v" is null where a value of type "ID!" is required."#;
        assert_eq!(messages(document, None), [message, message]);
    }

    #[test]
    fn fragments_of_other_operations_do_not_count() {
        let document = "query A($v: ID = \"x\") { ...F } query B($v: String) { events(after: $v) { nodes { id } } } \
                        fragment F on Query { node(id: $v) { id } }";
        assert_eq!(messages(document, Some("A")).len(), 1);
        assert!(messages(document, Some("B")).is_empty());
    }
}
