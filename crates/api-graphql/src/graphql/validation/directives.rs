//! Directives that may not be repeated (GraphQL spec 5.7.3).

use std::collections::HashSet;

use juniper::{DefaultScalarValue, Definition, Document, RuleError, SchemaType, Selection};

type Scalar = DefaultScalarValue;

/// The names and positions of the directives of an element.
macro_rules! directives {
    ($element:expr) => {
        $element.directives.iter().flatten().map(|one| (one.item.name.item, one.span.start)).collect()
    };
}

/// Finds the directives that an element has more than once, although they are not repeatable.
pub(super) fn repeated(document: &Document<'_, Scalar>, schema: &SchemaType<Scalar>) -> Vec<RuleError> {
    let mut elements: Vec<Vec<_>> = Vec::new();
    let mut open: Vec<&Selection<'_, Scalar>> = Vec::new();
    for definition in document {
        match definition {
            Definition::Operation(operation) => {
                elements.push(directives!(operation.item));
                let variables = operation.item.variables_definition.iter().flat_map(|all| &all.item.items);
                elements.extend(variables.map(|(_, variable)| directives!(variable)));
                open.extend(&operation.item.selection_set);
            }
            Definition::Fragment(fragment) => {
                elements.push(directives!(fragment.item));
                open.extend(&fragment.item.selection_set);
            }
        }
    }
    while let Some(selection) = open.pop() {
        match selection {
            Selection::Field(field) => {
                elements.push(directives!(field.item));
                open.extend(field.item.selection_set.iter().flatten());
            }
            Selection::InlineFragment(fragment) => {
                elements.push(directives!(fragment.item));
                open.extend(&fragment.item.selection_set);
            }
            Selection::FragmentSpread(spread) => elements.push(directives!(spread.item)),
        }
    }

    let mut mistakes = Vec::new();
    for element in elements {
        let mut known = HashSet::new();
        for (name, position) in element {
            let is_repeatable =
                schema.directive_by_name(name).is_none_or(|directive| directive.is_repeatable);
            if !is_repeatable && !known.insert(name) {
                let message = format!("There can only be one directive \"{name}\" in the same place");
                mistakes.push(RuleError::new(&message, &[position]));
            }
        }
    }
    mistakes
}
