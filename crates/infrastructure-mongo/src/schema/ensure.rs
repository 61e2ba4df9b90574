use std::{collections::HashMap, time::Duration};

use bson::{Document, doc};
use futures::{StreamExt, TryStreamExt, stream};
use mongodb::{
    Collection, Database, IndexModel,
    error::ErrorKind,
    options::{IndexOptions, ValidationAction, ValidationLevel},
};

use super::{ACTIVITY, ALL, CollectionSchema, SchemaSettings};
use crate::{
    deadline::{SCHEMA_CALL, within},
    error::StorageError,
};

/// The server's code for a collection that exists already.
const NAMESPACE_EXISTS: i32 = 48;

/// Makes whatever is missing and changes whatever is out of date. Doing it again changes nothing and needs no more
/// than the right to look, and any number of processes may do it at once; if their settings differ, the last wins.
///
/// # Errors
/// [`StorageError`] if the database can't be reached, does not let us, or has documents or indexes that stand
/// against it.
pub(crate) async fn ensure(database: &Database, settings: &SchemaSettings) -> Result<(), StorageError> {
    let existing = validators(database).await?;
    // A few at a time: the server takes locks for each, and other processes may be starting too.
    stream::iter(ALL.map(|schema| ensure_collection(database, schema, settings, existing.get(schema.name))))
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

/// How long entries of the activity log are kept, by the index that deletes them; the default where there is none.
pub(crate) async fn activity_retention(database: &Database) -> Result<Duration, StorageError> {
    let existing = indexes(database, &ACTIVITY).await?;
    let kept = existing.iter().find_map(|index| index.options.as_ref()?.expire_after);
    Ok(kept.unwrap_or(SchemaSettings::default().activity_retention))
}

async fn indexes(
    database: &Database,
    schema: &'static CollectionSchema,
) -> Result<Vec<IndexModel>, StorageError> {
    #[expect(clippy::disallowed_methods, reason = "indexes belong to no organization")]
    let collection: Collection<Document> = database.collection(schema.name);
    within(SCHEMA_CALL, async { collection.list_indexes().await?.try_collect().await }).await
}

async fn ensure_collection(
    database: &Database,
    schema: &'static CollectionSchema,
    settings: &SchemaSettings,
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
    ensure_indexes(database, schema, (schema.indexes)(settings)).await
}

/// Makes the indexes that are missing, and corrects how long documents are kept by those that delete.
async fn ensure_indexes(
    database: &Database,
    schema: &'static CollectionSchema,
    wanted: Vec<IndexModel>,
) -> Result<(), StorageError> {
    let existing = indexes(database, schema).await?;
    let mut missing = Vec::new();
    for index in wanted {
        match existing.iter().find(|existing| finds_the_same(existing, &index)) {
            None => missing.push(index),
            Some(existing) if kept(existing) == kept(&index) => {}
            Some(_) => keep_as_long_as(database, schema, &index).await?,
        }
    }
    if !missing.is_empty() {
        // One of the same name that finds something else is refused here.
        #[expect(clippy::disallowed_methods, reason = "indexes belong to no organization")]
        let collection: Collection<Document> = database.collection(schema.name);
        within(SCHEMA_CALL, async { collection.create_indexes(missing).await }).await?;
    }
    Ok(())
}

/// Whether two indexes differ in how long they keep documents at most.
fn finds_the_same(one: &IndexModel, other: &IndexModel) -> bool {
    fn traits(index: &IndexModel) -> Option<(&Option<String>, bool, &Option<Document>)> {
        let IndexOptions { name, unique, partial_filter_expression, .. } = index.options.as_ref()?;
        Some((name, unique.unwrap_or_default(), partial_filter_expression))
    }
    one.keys == other.keys && traits(one) == traits(other)
}

/// How long after the date in their field documents are deleted, in seconds.
fn kept(index: &IndexModel) -> Option<u64> {
    index.options.as_ref()?.expire_after.map(|after| after.as_secs())
}

/// Changes how long documents are kept by an index that deletes them.
async fn keep_as_long_as(
    database: &Database,
    schema: &'static CollectionSchema,
    index: &IndexModel,
) -> Result<(), StorageError> {
    let name = index.options.as_ref().and_then(|options| options.name.as_deref());
    let seconds = kept(index).map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
    let change = doc! {
        "collMod": schema.name,
        "index": { "name": name, "expireAfterSeconds": seconds },
    };
    within(SCHEMA_CALL, async { database.run_command(change).await }).await?;
    tracing::info!(collection = schema.name, seconds, "changed how long documents are kept");
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
