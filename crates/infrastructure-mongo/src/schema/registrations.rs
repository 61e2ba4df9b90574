use bson::doc;

use super::{CollectionSchema, ScopeField, rules::id};

/// The registrations.
pub(crate) static REGISTRATIONS: CollectionSchema = CollectionSchema {
    name: "registrations",
    scope: ScopeField::Organization,
    validator: || doc! { "$jsonSchema": { "bsonType": "object", "required": ["organization"], "properties": { "organization": id("org") } } },
    indexes: Vec::new,
};
