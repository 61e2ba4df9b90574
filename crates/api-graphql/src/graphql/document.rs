//! The operations and fragments of a parsed document.

use juniper::{DefaultScalarValue, Definition, Document, Operation, Selection};

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
