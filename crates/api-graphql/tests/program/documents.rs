//! Documents that are derived from the schema: one for each list, with all fields of its items.

use std::fmt::Write as _;

use convene_api_graphql::graphql::schema::{Schema, schema};
use juniper::{
    DefaultScalarValue,
    meta::{Field, MetaType},
};

/// The list that members cannot read. It has tests of its own.
const FOR_OPERATOR: &str = "organizations";

/// The nested objects whose fields are selected.
const LEVELS: usize = 2;

/// The sizes of a page and of the pages inside it.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) first: u32,
    pub(crate) inner: u32,
}

/// The lists of the schema that are not inside others: for each object or list that their items have, a document that shows it
/// with all its fields. Objects of one type on several paths would be read together only if they are found at the same time.
pub(crate) fn lists(window: &str, sizes: Sizes) -> Vec<(String, String)> {
    let schema = schema();
    let mut documents = Vec::new();
    for (root, begin, end) in [("Query", "{", "}"), ("Viewer", "{ viewer {", "} }")] {
        for field in fields(&schema, root).iter().filter(|field| is_list(field) && field.name != FOR_OPERATOR)
        {
            let all = fields(&schema, item(field));
            let leaves = leaves(&schema, all).join(" ");
            let nested = all.iter().filter(|field| !is_leaf(&schema, field));
            let nested = nested.map(|field| nested_in(&schema, field, window, sizes.inner, LEVELS - 1));
            for nested in nested.chain(std::iter::once(String::new())) {
                let list = list(field, window, sizes.first, &format!("{leaves} {nested}"));
                documents.push((format!("{root}.{} {nested}", field.name), format!("{begin} {list} {end}")));
            }
        }
    }
    documents
}

/// A page of a list.
fn list(field: &Field<DefaultScalarValue>, window: &str, first: u32, item: &str) -> String {
    let mut arguments = format!("first: {first}");
    for argument in field.arguments.iter().flatten().filter(|argument| argument.arg_type.is_non_null()) {
        match argument.name.as_str() {
            "from" => write!(arguments, ", {window}").unwrap(),
            "to" => {}
            name => panic!("{} requires {name}, which has no value here", field.name),
        }
    }
    format!("{}({arguments}) {{ nodes {{ {item} }} pageInfo {{ endCursor }} }}", field.name)
}

/// An object or a list with its fields.
fn nested_in(
    schema: &Schema,
    field: &Field<DefaultScalarValue>,
    window: &str,
    inner: u32,
    levels: usize,
) -> String {
    let body = body(schema, item(field), window, inner, levels);
    match is_list(field) {
        true => list(field, window, inner, &body),
        false => format!("{} {{ {body} }}", field.name),
    }
}

/// The fields of an object. On the last level it is the first one only.
fn body(schema: &Schema, kind: &str, window: &str, inner: u32, levels: usize) -> String {
    let all = fields(schema, kind);
    let mut selected = leaves(schema, all);
    if levels == 0 {
        selected.truncate(1);
        return selected.join(" ");
    }
    let nested = all.iter().filter(|field| !is_leaf(schema, field));
    selected.extend(nested.map(|field| nested_in(schema, field, window, inner, levels - 1)));
    selected.join(" ")
}

fn leaves(schema: &Schema, all: &[Field<DefaultScalarValue>]) -> Vec<String> {
    all.iter().filter(|field| is_leaf(schema, field)).map(|field| field.name.to_string()).collect()
}

fn is_leaf(schema: &Schema, field: &Field<DefaultScalarValue>) -> bool {
    schema.schema.concrete_type_by_name(field.field_type.innermost_name()).is_some_and(MetaType::is_leaf)
}

/// The type of an object, or of the items of a list.
fn item(field: &Field<DefaultScalarValue>) -> &str {
    field.field_type.innermost_name().trim_end_matches("Connection")
}

fn fields<'s>(schema: &'s Schema, kind: &str) -> &'s [Field<DefaultScalarValue>] {
    match schema.schema.concrete_type_by_name(kind) {
        Some(MetaType::Object(object)) => &object.fields,
        Some(MetaType::Interface(interface)) => &interface.fields,
        other => panic!("{kind} has no fields: {}", other.is_some()),
    }
}

fn is_list(field: &Field<DefaultScalarValue>) -> bool {
    field.field_type.innermost_name().ends_with("Connection")
}
