//! The differences between the collections of the database and their definitions: somebody has dropped or changed an index or
//! a validator, or another version of the program has prepared the database.

use std::time::Duration;

use bson::{Document, doc};
use mongodb::{Database, IndexModel};

use super::{
    ALL, CollectionSchema, SchemaSettings,
    stored::{Validation, indexes, validations},
};
use crate::error::StorageError;

/// The definitions of one kind that were compared, and those that differ.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    pub(crate) examined: u64,
    /// The differences, each with an `_id` that names the collection or the index.
    pub(crate) differences: Vec<Document>,
}

/// Compares the validators of all collections.
pub(crate) async fn validators(database: &Database) -> Result<Compared, StorageError> {
    let stored = validations(database).await?;
    let mut compared = Compared::default();
    for schema in ALL {
        compared.examined += 1;
        let found = match stored.get(schema.name) {
            None => "the collection does not exist",
            Some(stored) if *stored == Validation::of(schema) => continue,
            Some(Validation { validator, .. }) if validator.is_empty() => "no validator",
            Some(Validation { is_strict: false, .. }) => {
                "the validator does not refuse every invalid document"
            }
            Some(_) => "another validator",
        };
        compared.differences.push(doc! { "_id": schema.name, "found": found });
    }
    Ok(compared)
}

/// Compares the indexes of all collections. The retention of the activity log is a setting, and not compared.
pub(crate) async fn all_indexes(
    database: &Database,
    activity_retention: Duration,
) -> Result<Compared, StorageError> {
    let settings = SchemaSettings { activity_retention, ..SchemaSettings::default() };
    let mut compared = Compared::default();
    for schema in ALL {
        compare(schema, (schema.indexes)(&settings), indexes(database, schema).await?, &mut compared);
    }
    Ok(compared)
}

fn compare(
    schema: &CollectionSchema,
    wanted: Vec<IndexModel>,
    mut stored: Vec<IndexModel>,
    compared: &mut Compared,
) {
    let mut differs = |name: &str, found: Document| {
        let mut difference = doc! { "_id": format!("{}.{name}", schema.name) };
        difference.extend(found);
        compared.differences.push(difference);
    };
    for index in wanted {
        compared.examined += 1;
        let name = name(&index);
        let position = stored.iter().position(|stored| self::name(stored) == name);
        match position.map(|position| properties(&stored.swap_remove(position))) {
            None => differs(name, doc! { "found": "no index" }),
            Some(found) if found != properties(&index) => differs(name, found),
            Some(_) => {}
        }
    }
    // Others cost time only, unless they refuse or delete documents.
    for index in stored.iter().filter(|index| name(index) != "_id_") {
        let found = properties(index);
        if found.contains_key("unique") || found.contains_key("expireAfterSeconds") {
            differs(name(index), found);
        }
    }
}

fn name(index: &IndexModel) -> &str {
    index.options.as_ref().and_then(|options| options.name.as_deref()).unwrap_or_default()
}

/// Everything that decides what an index does. A property that an index does not have is left out.
fn properties(index: &IndexModel) -> Document {
    let mut properties = doc! { "keys": index.keys.clone() };
    let Some(options) = &index.options else { return properties };
    for (name, is_set) in [
        ("unique", options.unique == Some(true)),
        ("sparse", options.sparse == Some(true)),
        ("hidden", options.hidden == Some(true)),
        ("collation", options.collation.is_some()),
    ] {
        if is_set {
            properties.insert(name, true);
        }
    }
    if let Some(filter) = &options.partial_filter_expression {
        properties.insert("partialFilterExpression", filter.clone());
    }
    if let Some(after) = options.expire_after {
        properties.insert("expireAfterSeconds", i64::try_from(after.as_secs()).unwrap_or(i64::MAX));
    }
    properties
}
