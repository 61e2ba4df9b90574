//! Access without a tenant scope: for authentication, and for the operator, who creates organizations.

use bson::{Document, RawDocumentBuf};
use futures::TryStreamExt;
use mongodb::Collection;
use serde::de::DeserializeOwned;

use crate::{
    database::Database,
    deadline::{DATABASE_CALL, command},
    decode::decode,
    error::StorageError,
    schema::CollectionSchema,
};

/// Finds the first document that passes the filter, in all organizations.
pub(crate) async fn find_one<D: DeserializeOwned>(
    database: &Database,
    schema: &CollectionSchema,
    filter: Document,
) -> Result<Option<D>, StorageError> {
    #[expect(clippy::disallowed_methods, reason = "there is no tenant scope yet")]
    let collection: Collection<RawDocumentBuf> = database.driver().collection(schema.name);
    let find = collection.find_one(filter).max_time(DATABASE_CALL);
    let found = command("find", schema.name, async { find.await }).await?;
    found.map(|document| decode(schema, &document)).transpose()
}

/// Finds all documents that pass the filter, in all organizations. The filter MUST name the organization.
pub(crate) async fn find_all<D: DeserializeOwned>(
    database: &Database,
    schema: &CollectionSchema,
    filter: Document,
) -> Result<Vec<D>, StorageError> {
    #[expect(clippy::disallowed_methods, reason = "there is no tenant scope yet")]
    let collection: Collection<RawDocumentBuf> = database.driver().collection(schema.name);
    let find = collection.find(filter).max_time(DATABASE_CALL);
    let found: Vec<RawDocumentBuf> =
        command("find", schema.name, async { find.await?.try_collect().await }).await?;
    found.iter().map(|document| decode(schema, document)).collect()
}

/// Finds some of the documents that pass the filter, in all organizations.
pub(crate) async fn find_some<D: DeserializeOwned>(
    database: &Database,
    schema: &CollectionSchema,
    filter: Document,
    limit: i64,
) -> Result<Vec<D>, StorageError> {
    #[expect(clippy::disallowed_methods, reason = "every process completes the changes of all organizations")]
    let collection: Collection<RawDocumentBuf> = database.driver().collection(schema.name);
    let find = collection.find(filter).limit(limit).max_time(DATABASE_CALL);
    let found: Vec<RawDocumentBuf> =
        command("find", schema.name, async { find.await?.try_collect().await }).await?;
    found.iter().map(|document| decode(schema, document)).collect()
}

/// Deletes the first document that passes the filter, in all organizations.
pub(crate) async fn delete_one(
    database: &Database,
    schema: &CollectionSchema,
    filter: Document,
) -> Result<(), StorageError> {
    #[expect(clippy::disallowed_methods, reason = "the operator belongs to no tenant")]
    let collection: Collection<RawDocumentBuf> = database.driver().collection(schema.name);
    let delete = collection.delete_one(filter);
    command("delete", schema.name, async { delete.await }).await.map(drop)
}
