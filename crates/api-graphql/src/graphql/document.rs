//! The operations and fragments of a parsed document.

use juniper::{DefaultScalarValue, Definition, Document, InputValue, Operation, Selection, Variables};

type Scalar = DefaultScalarValue;

pub(crate) fn operations<'d, 'a>(
    document: &'d Document<'a, Scalar>,
) -> impl Iterator<Item = &'d Operation<'a, Scalar>> {
    document.iter().filter_map(|definition| match definition {
        Definition::Operation(operation) => Some(&operation.item),
        Definition::Fragment(_) => None,
    })
}

/// The first operation of this name, or the first one if no name is given.
pub(crate) fn operation<'d, 'a>(
    document: &'d Document<'a, Scalar>,
    name: Option<&str>,
) -> Option<&'d Operation<'a, Scalar>> {
    operations(document).find(|operation| name.is_none() || has_name(operation, name))
}

pub(crate) fn has_name(operation: &Operation<'_, Scalar>, name: Option<&str>) -> bool {
    operation.name.as_ref().map(|name| name.item) == name
}

/// The selections of the fragment of this name; none if there is no such fragment.
pub(crate) fn fragment<'d, 'a>(
    document: &'d Document<'a, Scalar>,
    name: &str,
) -> &'d [Selection<'a, Scalar>] {
    let found = document.iter().find_map(|definition| match definition {
        Definition::Fragment(fragment) if fragment.item.name.item == name => {
            Some(fragment.item.selection_set.as_slice())
        }
        Definition::Fragment(_) | Definition::Operation(_) => None,
    });
    found.unwrap_or_default()
}

/// The type of the fragment of this name.
pub(crate) fn fragment_type<'d>(document: &'d Document<'_, Scalar>, name: &str) -> Option<&'d str> {
    document.iter().find_map(|definition| match definition {
        Definition::Fragment(fragment) if fragment.item.name.item == name => {
            Some(fragment.item.type_condition.item)
        }
        Definition::Fragment(_) | Definition::Operation(_) => None,
    })
}

/// The given variables, completed with the defaults of the operation.
pub(crate) fn with_defaults(
    given: &Variables<Scalar>,
    operation: &Operation<'_, Scalar>,
) -> Variables<Scalar> {
    let mut variables = given.clone();
    for (name, definition) in operation.variables_definition.iter().flat_map(|all| &all.item.items) {
        if let Some(default) = &definition.default_value
            && !variables.contains_key(name.item)
        {
            variables.insert(name.item.into(), default.item.clone());
        }
    }
    variables
}

/// Returns true if a directive leaves out the selection with these variables, which are [completed](with_defaults). An invalid
/// directive does not.
pub(crate) fn is_excluded(selection: &Selection<'_, Scalar>, variables: &Variables<Scalar>) -> bool {
    let directives = match selection {
        Selection::Field(field) => &field.item.directives,
        Selection::FragmentSpread(spread) => &spread.item.directives,
        Selection::InlineFragment(fragment) => &fragment.item.directives,
    };
    directives.iter().flatten().any(|directive| {
        let excluding = match directive.item.name.item {
            "skip" => true,
            "include" => false,
            _ => return false,
        };
        let mut arguments = directive.item.arguments.iter().flat_map(|it| it.item.iter());
        let value = match arguments.find(|(name, _)| name.item == "if").map(|(_, value)| &value.item) {
            Some(InputValue::Variable(name)) => variables.get(name.as_str()),
            value => value,
        };
        matches!(value, Some(InputValue::Scalar(Scalar::Boolean(given))) if *given == excluding)
    })
}
