use bson::doc;

use super::{CollectionSchema, ScopeField, rules::id};

/// The occurrences.
pub(crate) static OCCURRENCES: CollectionSchema = CollectionSchema {
    name: "occurrences",
    scope: ScopeField::Organization,
    validator: || doc! { "$jsonSchema": { "bsonType": "object", "required": ["organization"], "properties": { "organization": id("org") } } },
    indexes: Vec::new,
};
