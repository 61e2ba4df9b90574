use std::collections::HashMap;

use bson::{Document, doc};
use futures::{StreamExt, TryStreamExt, stream};
use mongodb::{
    Database,
    error::ErrorKind,
    options::{ValidationAction, ValidationLevel},
};

use super::{ALL, CollectionSchema};
use crate::{
    deadline::{SCHEMA_CALL, within},
    error::StorageError,
};

/// The server's code for a collection that exists already.
const NAMESPACE_EXISTS: i32 = 48;

/// Makes whatever is missing and changes whatever is out of date. Doing it again changes nothing, and any number
/// of processes may do it at once.
///
/// # Errors
/// [`StorageError`] if the database can't be reached, does not let us, or has documents or indexes that stand
/// against it.
pub(crate) async fn ensure(database: &Database) -> Result<(), StorageError> {
    let existing = validators(database).await?;
    // A few at a time: the server takes locks for each, and other processes may be starting too.
    stream::iter(ALL.map(|schema| ensure_collection(database, schema, existing.get(schema.name))))
        .buffer_unordered(3)
        .try_collect()
        .await
}

/// The validators that the collections have now.
async fn validators(database: &Database) -> Result<HashMap<String, Document>, StorageError> {
    within(SCHEMA_CALL, async {
        let collections = database.list_collections().await?;
        collections
            .map_ok(|collection| (collection.name, collection.options.validator.unwrap_or_default()))
            .try_collect()
            .await
    })
    .await
}

async fn ensure_collection(
    database: &Database,
    schema: &'static CollectionSchema,
    existing: Option<&Document>,
) -> Result<(), StorageError> {
    let validator = (schema.validator)();
    let is_made = match existing {
        Some(_) => false,
        None => create(database, schema, &validator).await?,
    };
    if !is_made && existing != Some(&validator) {
        let change = doc! {
            "collMod": schema.name,
            "validator": validator,
            "validationLevel": "strict",
            "validationAction": "error",
        };
        within(SCHEMA_CALL, async { database.run_command(change).await }).await?;
        tracing::info!(collection = schema.name, "changed the validator");
    }
    let indexes = (schema.indexes)();
    if !indexes.is_empty() {
        #[expect(clippy::disallowed_methods, reason = "indexes belong to no organization")]
        let collection = database.collection::<Document>(schema.name);
        within(SCHEMA_CALL, async { collection.create_indexes(indexes).await }).await?;
    }
    Ok(())
}

/// Makes the collection; tells `false` if another process was faster.
async fn create(
    database: &Database,
    schema: &'static CollectionSchema,
    validator: &Document,
) -> Result<bool, StorageError> {
    let create = database
        .create_collection(schema.name)
        .validator(validator.clone())
        .validation_level(ValidationLevel::Strict)
        .validation_action(ValidationAction::Error);
    match within(SCHEMA_CALL, async { create.await }).await {
        Ok(()) => Ok(true),
        Err(StorageError::Driver(error)) if matches!(error.kind.as_ref(), ErrorKind::Command(command) if command.code == NAMESPACE_EXISTS) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
