use bson::doc;

use super::{CollectionSchema, ScopeField, rules::id};

/// The agendas.
pub(crate) static AGENDAS: CollectionSchema = CollectionSchema {
    name: "agendas",
    scope: ScopeField::Organization,
    validator: || doc! { "$jsonSchema": { "bsonType": "object", "required": ["organization"], "properties": { "organization": id("org") } } },
    indexes: Vec::new,
};
