//! Builders of validators, in the server's dialect of JSON Schema.

use bson::{Bson, Document, doc};

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
