use bson::{Document, doc};
use convene_application::failure::Fault;
use futures::{StreamExt, TryStreamExt, stream};
use mongodb::{
    Collection, Database, IndexModel,
    options::{IndexOptions, ValidationAction, ValidationLevel},
};

use super::{
    ALL, CollectionSchema, SchemaSettings,
    retention::{Retention, RetentionConflict},
    stored::{Validation, activity_retention, indexes, validations},
};
use crate::{
    deadline::{SCHEMA_CALL, within},
    error::StorageError,
};

/// The server's code for a collection that already exists.
const NAMESPACE_EXISTS: i32 = 48;

/// Creates collections, validators and indexes that are missing, and updates those that are out of date. A repeat changes
/// nothing and needs read access only. Any number of processes may do it at once. Returns the changes, a sentence each.
///
/// # Errors
/// [`PrepareError::Retention`] before anything is changed; a fault if the database can't be reached, does not allow the changes,
/// or has documents or indexes that conflict with the schema.
pub(crate) async fn ensure(
    database: &Database,
    settings: &SchemaSettings,
) -> Result<Vec<String>, PrepareError> {
    let existing = validations(database).await?;
    let wanted = Retention::For(settings.activity_retention);
    let conflict = activity_retention(database).await?.map(|stored| RetentionConflict { stored, wanted });
    if let Some(conflict) = conflict.filter(RetentionConflict::deletes)
        && !settings.may_shorten_retention
    {
        return Err(conflict.into());
    }
    // A few at a time: the server takes locks for each, and other processes may be starting too.
    stream::iter(ALL.map(|schema| ensure_collection(database, schema, settings, existing.get(schema.name))))
        .buffer_unordered(3)
        .try_concat()
        .await
        .map_err(|error: StorageError| match conflict {
            // Of all changes, only this one depends on a setting.
            Some(conflict) if error.is_unauthorized() && conflict.stored != conflict.wanted => {
                conflict.into()
            }
            _ => error.into(),
        })
}

/// The reason why a database could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    #[error(transparent)]
    Fault(Fault),
    /// Log entries are kept for another time than the settings have.
    #[error("the database keeps entries of the activity log for {}, and the settings for {}", .0.stored, .0.wanted)]
    Retention(RetentionConflict),
}

impl From<StorageError> for PrepareError {
    fn from(error: StorageError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<RetentionConflict> for PrepareError {
    fn from(conflict: RetentionConflict) -> Self {
        Self::Retention(conflict)
    }
}

async fn ensure_collection(
    database: &Database,
    schema: &'static CollectionSchema,
    settings: &SchemaSettings,
    existing: Option<&Validation>,
) -> Result<Vec<String>, StorageError> {
    let wanted = Validation::of(schema);
    let is_created = match existing {
        Some(_) => false,
        None => create(database, schema, &wanted.validator).await?,
    };
    let mut changes = Vec::new();
    if is_created {
        changes.push(format!("{}: created the collection", schema.name));
    }
    if !is_created && existing != Some(&wanted) {
        let change = doc! {
            "collMod": schema.name,
            "validator": wanted.validator,
            "validationLevel": "strict",
            "validationAction": "error",
        };
        within(SCHEMA_CALL, async { database.run_command(change).await }).await?;
        tracing::info!(collection = schema.name, "changed the validator");
        changes.push(format!("{}: changed the validator", schema.name));
    }
    changes.extend(ensure_indexes(database, schema, (schema.indexes)(settings)).await?);
    Ok(changes)
}

/// Creates the indexes that are missing, and updates the retention of those that delete expired documents. Returns the changes.
async fn ensure_indexes(
    database: &Database,
    schema: &'static CollectionSchema,
    wanted: Vec<IndexModel>,
) -> Result<Vec<String>, StorageError> {
    let mut changes = Vec::new();
    let existing = indexes(database, schema).await?;
    let mut missing = Vec::new();
    for index in wanted {
        match existing.iter().find(|existing| is_same_index(existing, &index)) {
            None => missing.push(index),
            Some(existing) if retention(existing) == retention(&index) => {}
            Some(_) => changes.push(update_retention(database, schema, &index).await?),
        }
    }
    if !missing.is_empty() {
        // An index of the same name with other keys is refused here.
        #[expect(clippy::disallowed_methods, reason = "indexes belong to no organization")]
        let collection: Collection<Document> = database.collection(schema.name);
        let created = within(SCHEMA_CALL, async { collection.create_indexes(missing).await }).await?;
        let names = created.index_names.into_iter();
        changes.extend(names.map(|name| format!("{}: created the index {name}", schema.name)));
    }
    Ok(changes)
}

/// Tests whether two indexes are the same, except perhaps for their retention.
fn is_same_index(one: &IndexModel, other: &IndexModel) -> bool {
    fn options(index: &IndexModel) -> Option<(&Option<String>, bool, &Option<Document>)> {
        let IndexOptions { name, unique, partial_filter_expression, .. } = index.options.as_ref()?;
        Some((name, unique.unwrap_or_default(), partial_filter_expression))
    }
    one.keys == other.keys && options(one) == options(other)
}

/// Returns the time after which the index deletes documents, in seconds.
fn retention(index: &IndexModel) -> Option<u64> {
    index.options.as_ref()?.expire_after.map(|after| after.as_secs())
}

/// Updates the retention, and returns the change.
async fn update_retention(
    database: &Database,
    schema: &'static CollectionSchema,
    index: &IndexModel,
) -> Result<String, StorageError> {
    let name = index.options.as_ref().and_then(|options| options.name.as_deref());
    let seconds = retention(index).map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
    let change = doc! {
        "collMod": schema.name,
        "index": { "name": name, "expireAfterSeconds": seconds },
    };
    within(SCHEMA_CALL, async { database.run_command(change).await }).await?;
    tracing::info!(collection = schema.name, seconds, "changed the retention of documents");
    Ok(format!(
        "{}: changed the retention of documents to {} seconds",
        schema.name,
        seconds.unwrap_or_default()
    ))
}

/// Creates the collection. Returns `false` if another process was faster.
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
        Err(error) if error.is_refused_command(NAMESPACE_EXISTS) => Ok(false),
        Err(error) => Err(error),
    }
}
