//! The names of an operation for logs, metrics and traces.

use std::{collections::BTreeSet, sync::Arc};

use juniper::{DefaultScalarValue, Document, Operation, Selection};

use crate::{graphql::document, http::limits::MAX_LOGGED_NAME_LENGTH};

type Scalar = DefaultScalarValue;

/// The field of an operation that selects several fields of the root.
const SEVERAL: &str = "several";

/// The names of an operation of a document that matches the schema.
pub(super) struct OperationNames {
    /// The field of the root, of which the schema has a limited number, or `several`.
    pub(super) field: Arc<str>,
    /// The name that the client gave the operation, shortened.
    pub(super) name: Option<Arc<str>>,
}

impl OperationNames {
    /// The names of the selected operation. The document must be valid, because fragments may not have cycles.
    pub(super) fn of(document: &Document<'_, Scalar>, operation_name: Option<&str>) -> Option<Self> {
        let operation = document::operation(document, operation_name)?;
        let mut fields = BTreeSet::new();
        add_fields(document, &operation.selection_set, &mut fields);
        let field = match fields.first() {
            Some(field) if fields.len() == 1 => *field,
            _ => SEVERAL,
        };
        Some(Self { field: field.into(), name: client_name(operation) })
    }
}

fn client_name(operation: &Operation<'_, Scalar>) -> Option<Arc<str>> {
    // Names have ASCII characters only.
    operation.name.as_ref().map(|name| name.item.get(..MAX_LOGGED_NAME_LENGTH).unwrap_or(name.item).into())
}

/// Adds the fields of a selection, those of fragments included.
fn add_fields<'d>(
    document: &'d Document<'d, Scalar>,
    selection: &'d [Selection<'d, Scalar>],
    fields: &mut BTreeSet<&'d str>,
) {
    for selection in selection {
        match selection {
            Selection::Field(field) => {
                fields.insert(field.item.name.item);
            }
            Selection::InlineFragment(fragment) => {
                add_fields(document, &fragment.item.selection_set, fields);
            }
            Selection::FragmentSpread(spread) => {
                add_fields(document, document::fragment(document, spread.item.name.item), fields);
            }
        }
    }
}
