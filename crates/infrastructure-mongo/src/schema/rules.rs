//! Ways to say what a field must look like, in the server's dialect of JSON Schema.

use bson::{Bson, Document, doc};

/// A field's name and what it must look like.
pub(super) type Rule<'name> = (&'name str, Document);

/// An object with these fields and no others.
pub(super) fn object(required: &[Rule<'_>], optional: &[Rule<'_>]) -> Document {
    let names: Vec<&str> = required.iter().map(|&(name, _)| name).collect();
    let fields = required.iter().chain(optional);
    let properties: Document =
        fields.map(|(name, rule)| ((*name).to_owned(), Bson::from(rule.clone()))).collect();
    doc! { "bsonType": "object", "required": names, "properties": properties, "additionalProperties": false }
}

/// The validator of a collection whose documents have these fields and no others.
pub(super) fn documents(required: &[Rule<'_>], optional: &[Rule<'_>]) -> Document {
    doc! { "$jsonSchema": object(required, optional) }
}

/// The validator above, and an expression that must hold too.
pub(super) fn documents_where(
    required: &[Rule<'_>],
    optional: &[Rule<'_>],
    expression: Document,
) -> Document {
    doc! { "$jsonSchema": object(required, optional), "$expr": expression }
}

/// An id with this prefix.
pub(super) fn id(prefix: &str) -> Document {
    doc! { "bsonType": "string", "pattern": format!("^{prefix}_[0-9a-f]{{32}}$") }
}

/// An occurrence's key.
pub(super) fn occurrence_key() -> Document {
    doc! { "bsonType": "string", "pattern": "^evt_[0-9a-f]{32}_[0-9]{8}T[0-9]{6}Z$" }
}

/// A text of at least one and at most so many characters.
pub(super) fn text(most: usize) -> Document {
    doc! { "bsonType": "string", "minLength": 1, "maxLength": length(most) }
}

/// A text of at most so many characters.
pub(super) fn possibly_empty_text(most: usize) -> Document {
    doc! { "bsonType": "string", "maxLength": length(most) }
}

/// A wall-clock time.
pub(super) fn local_time() -> Document {
    doc! { "bsonType": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$" }
}

/// One of these texts.
pub(super) fn one_of(texts: &[&str]) -> Document {
    doc! { "bsonType": "string", "enum": texts.to_vec() }
}

/// A whole number of 32 bits.
pub(super) fn int(least: i32, most: i32) -> Document {
    doc! { "bsonType": "int", "minimum": least, "maximum": most }
}

/// A whole number of 64 bits.
pub(super) fn long(least: i64) -> Document {
    doc! { "bsonType": "long", "minimum": least }
}

/// An instant.
pub(super) fn date() -> Document {
    doc! { "bsonType": "date" }
}

/// True or false.
pub(super) fn boolean() -> Document {
    doc! { "bsonType": "bool" }
}

/// Bytes.
pub(super) fn bytes() -> Document {
    doc! { "bsonType": "binData" }
}

/// At most so many items that look alike.
pub(super) fn list(items: Document, most: usize) -> Document {
    doc! { "bsonType": "array", "items": items, "maxItems": length(most) }
}

/// What the rule says, or null.
pub(super) fn nullable(rule: Document) -> Document {
    doc! { "anyOf": [rule, { "bsonType": "null" }] }
}

fn length(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
