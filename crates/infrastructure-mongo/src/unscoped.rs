//! Access without a tenant scope: for the lookup of memberships, the organizations that the operator creates and lists, the jobs of
//! all organizations, the record of realignments, and the probe.

use bson::{Document, RawDocumentBuf, doc};
use futures::{FutureExt, TryStreamExt};
use mongodb::Collection;
use serde::de::DeserializeOwned;

use crate::{
    command::Access,
    database::Database,
    decode::decode,
    error::StorageError,
    schema::{CollectionSchema, ORGANIZATIONS},
};

/// The comment of the command of the readiness probe, by which profiles and lists of operations show it.
const PROBE: &str = "readiness probe";

/// Finds the first document that passes the filter, in all organizations.
pub(crate) async fn find_one<D: DeserializeOwned>(
    database: &Database,
    schema: &CollectionSchema,
    filter: Document,
) -> Result<Option<D>, StorageError> {
    #[expect(clippy::disallowed_methods, reason = "there is no tenant scope yet")]
    let collection: Collection<RawDocumentBuf> = database.driver().collection(schema.name);
    let found = Access::of_program(&database.admission().lookups)
        .run("find", schema.name, |max_time| {
            async move { collection.find_one(filter).max_time(max_time).await }.boxed()
        })
        .await?;
    found.map(|document| decode(schema, &document)).transpose()
}

/// Reads the id of any organization, if there is one. A command that needs no right, such as `ping`, would not notice that the
/// database user may not read.
pub(crate) async fn probe(database: &Database) -> Result<(), StorageError> {
    let schema = &ORGANIZATIONS;
    #[expect(clippy::disallowed_methods, reason = "the probe belongs to no organization")]
    let collection: Collection<RawDocumentBuf> = database.driver().collection(schema.name);
    Access::of_program(&database.admission().probe)
        .run("find", schema.name, |max_time| {
            async move {
                let find = collection.find_one(doc! {}).projection(doc! { "_id": 1 });
                find.comment(PROBE).max_time(max_time).await
            }
            .boxed()
        })
        .await
        .map(drop)
}

/// Runs a pipeline on a collection, without decoding its results. Each of its stages MUST name the organization.
pub(crate) async fn aggregate(
    database: &Database,
    schema: &CollectionSchema,
    pipeline: Vec<Document>,
) -> Result<Vec<RawDocumentBuf>, StorageError> {
    #[expect(clippy::disallowed_methods, reason = "there is no tenant scope yet")]
    let collection: Collection<RawDocumentBuf> = database.driver().collection(schema.name);
    Access::of_program(&database.admission().lookups)
        .run("aggregate", schema.name, |max_time| {
            async move {
                let aggregate = collection.aggregate(pipeline).max_time(max_time);
                aggregate.with_type::<RawDocumentBuf>().await?.try_collect().await
            }
            .boxed()
        })
        .await
}

/// Finds some of the documents that pass the filter, in all organizations, in this order.
pub(crate) async fn find_some<D: DeserializeOwned>(
    database: &Database,
    schema: &CollectionSchema,
    filter: Document,
    sort: Document,
    limit: i64,
) -> Result<Vec<D>, StorageError> {
    #[expect(clippy::disallowed_methods, reason = "the platform reads what belongs to all organizations")]
    let collection: Collection<RawDocumentBuf> = database.driver().collection(schema.name);
    let found: Vec<RawDocumentBuf> = Access::of_program(&database.admission().lookups)
        .run("find", schema.name, move |max_time| {
            async move {
                let find = collection.find(filter).sort(sort).limit(limit).max_time(max_time);
                find.await?.try_collect().await
            }
            .boxed()
        })
        .await?;
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
    Access::of_program(&database.admission().lookups)
        .run("delete", schema.name, |_| async move { collection.delete_one(filter).await }.boxed())
        .await
        .map(drop)
}

/// Updates the document that passes the filter, or creates it.
pub(crate) async fn upsert(
    database: &Database,
    schema: &CollectionSchema,
    filter: Document,
    update: Document,
) -> Result<(), StorageError> {
    #[expect(clippy::disallowed_methods, reason = "the document belongs to no organization")]
    let collection: Collection<RawDocumentBuf> = database.driver().collection(schema.name);
    Access::of_program(&database.admission().lookups)
        .run("update", schema.name, |_| {
            async move { collection.update_one(filter, update).upsert(true).await }.boxed()
        })
        .await
        .map(drop)
}
