//! Builders of validators, in the server's dialect of JSON Schema.

use bson::{Bson, Document, doc};
use convene_domain::text::{Description, Title};

/// A field's name and its schema.
pub(super) type Rule<'name> = (&'name str, Document);

/// Allows an object with these fields and no others.
pub(super) fn object(required: &[Rule<'_>], optional: &[Rule<'_>]) -> Document {
    let names: Vec<&str> = required.iter().map(|&(name, _)| name).collect();
    let fields = required.iter().chain(optional);
    let properties: Document =
        fields.map(|(name, rule)| ((*name).to_owned(), Bson::from(rule.clone()))).collect();
    doc! { "bsonType": "object", "required": names, "properties": properties, "additionalProperties": false }
}

/// Makes the validator of documents with these fields and no others.
pub(super) fn documents(required: &[Rule<'_>], optional: &[Rule<'_>]) -> Document {
    doc! { "$jsonSchema": object(required, optional) }
}

/// Makes the validator of documents with these fields and no others, for which the expression is true.
pub(super) fn documents_where(
    required: &[Rule<'_>],
    optional: &[Rule<'_>],
    expression: Document,
) -> Document {
    doc! { "$jsonSchema": object(required, optional), "$expr": expression }
}

pub(super) fn id(prefix: &str) -> Document {
    doc! { "bsonType": "string", "pattern": format!("^{prefix}_[0-9a-f]{{32}}$") }
}

pub(super) fn occurrence_key() -> Document {
    doc! { "bsonType": "string", "pattern": "^evt_[0-9a-f]{32}_[0-9]{8}T[0-9]{6}Z$" }
}

/// Allows a text of 1 to `max` characters.
pub(super) fn text(max: usize) -> Document {
    doc! { "bsonType": "string", "minLength": 1, "maxLength": length(max) }
}

pub(super) fn possibly_empty_text(max: usize) -> Document {
    doc! { "bsonType": "string", "maxLength": length(max) }
}

/// The longest folded text of an object: case folding makes up to three characters of one.
const MAX_SEARCH: usize = 3 * (Title::MAX_CHARACTERS + Description::MAX_CHARACTERS) + 1;

/// Allows the folded text of an object, and its length.
pub(super) fn search() -> [Rule<'static>; 2] {
    [("search", text(MAX_SEARCH)), ("searchBytes", int(1, i32::MAX))]
}

/// Makes the expression that `searchBytes` is the length of `search`.
pub(super) fn search_is_measured() -> Document {
    doc! { "$eq": ["$searchBytes", { "$strLenBytes": "$search" }] }
}

pub(super) fn local_time() -> Document {
    doc! { "bsonType": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$" }
}

pub(super) fn one_of(texts: &[&str]) -> Document {
    doc! { "bsonType": "string", "enum": texts.to_vec() }
}

pub(super) fn int(min: i32, max: i32) -> Document {
    doc! { "bsonType": "int", "minimum": min, "maximum": max }
}

pub(super) fn long(min: i64) -> Document {
    doc! { "bsonType": "long", "minimum": min }
}

pub(super) fn date() -> Document {
    doc! { "bsonType": "date" }
}

pub(super) fn boolean() -> Document {
    doc! { "bsonType": "bool" }
}

pub(super) fn bytes() -> Document {
    doc! { "bsonType": "binData" }
}

/// Allows an array of at most `max` items.
pub(super) fn list(items: Document, max: usize) -> Document {
    doc! { "bsonType": "array", "items": items, "maxItems": length(max) }
}

pub(super) fn nullable(rule: Document) -> Document {
    doc! { "anyOf": [rule, { "bsonType": "null" }] }
}

fn length(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}
