//! The definitions of collections that the database has.

use std::collections::HashMap;

use bson::Document;
use futures::TryStreamExt;
use mongodb::{
    Collection, Database, IndexModel,
    options::{CreateCollectionOptions, ValidationAction, ValidationLevel},
};

use super::{
    ACTIVITY, ALL, CollectionSchema,
    retention::{Retention, enforced},
};
use crate::{
    deadline::{SCHEMA_CALL, within},
    error::StorageError,
};

/// The server's code for a collection that does not exist.
const NAMESPACE_NOT_FOUND: i32 = 26;

/// The validation of a collection.
#[derive(Debug, PartialEq)]
pub(super) struct Validation {
    pub(super) validator: Document,
    /// Every invalid document is refused. The server can also be told to check some writes, or to log only.
    pub(super) is_strict: bool,
}

impl Validation {
    /// The validation of a collection with this definition.
    pub(super) fn of(schema: &CollectionSchema) -> Self {
        Self { validator: (schema.validator)(), is_strict: true }
    }
}

impl From<CreateCollectionOptions> for Validation {
    fn from(options: CreateCollectionOptions) -> Self {
        let CreateCollectionOptions { validator, validation_level, validation_action, .. } = options;
        let is_strict = matches!(validation_level, None | Some(ValidationLevel::Strict))
            && matches!(validation_action, None | Some(ValidationAction::Error));
        Self { validator: validator.unwrap_or_default(), is_strict }
    }
}

/// Reads the validation of every collection, by name.
pub(super) async fn validations(database: &Database) -> Result<HashMap<String, Validation>, StorageError> {
    within(SCHEMA_CALL, async {
        let collections = database.list_collections().await?;
        collections.map_ok(|collection| (collection.name, collection.options.into())).try_collect().await
    })
    .await
}

/// The names of the collections that do not exist.
pub(crate) async fn missing(database: &Database) -> Result<Vec<&'static str>, StorageError> {
    let stored = validations(database).await?;
    Ok(ALL.iter().map(|schema| schema.name).filter(|name| !stored.contains_key(*name)).collect())
}

/// Reads the indexes of a collection. One that does not exist has none.
pub(super) async fn indexes(
    database: &Database,
    schema: &'static CollectionSchema,
) -> Result<Vec<IndexModel>, StorageError> {
    #[expect(clippy::disallowed_methods, reason = "indexes belong to no organization")]
    let collection: Collection<Document> = database.collection(schema.name);
    match within(SCHEMA_CALL, async { collection.list_indexes().await?.try_collect().await }).await {
        Err(error) if error.is_refused_command(NAMESPACE_NOT_FOUND) => Ok(Vec::new()),
        indexes => indexes,
    }
}

/// Reads the retention of the activity log from the index that deletes expired entries. `None` if there are no indexes yet.
pub(crate) async fn activity_retention(database: &Database) -> Result<Option<Retention>, StorageError> {
    Ok(enforced(&indexes(database, &ACTIVITY).await?))
}
