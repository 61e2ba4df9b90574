//! Look-ups for those who have no scope: who calls, and whoever founds organizations.
//!
//! Reading is all that can be done here.

use bson::{Document, RawDocumentBuf};
use futures::TryStreamExt;
use mongodb::Collection;
use serde::de::DeserializeOwned;

use crate::{
    database::Database,
    deadline::{DATABASE_CALL, within},
    decode::decode,
    error::StorageError,
    schema::CollectionSchema,
};

/// The first document that passes the filter, of any organization.
pub(crate) async fn find_one<D: DeserializeOwned>(
    database: &Database,
    schema: &CollectionSchema,
    filter: Document,
) -> Result<Option<D>, StorageError> {
    #[expect(clippy::disallowed_methods, reason = "who asks here has no scope")]
    let collection: Collection<RawDocumentBuf> = database.driver().collection(schema.name);
    let found =
        within(DATABASE_CALL, async { collection.find_one(filter).max_time(DATABASE_CALL).await }).await?;
    found.map(|document| decode(schema, &document)).transpose()
}

/// All documents that pass the filter, of any organization. The filter must not let more pass than was asked for.
pub(crate) async fn find_all_of_any<D: DeserializeOwned>(
    database: &Database,
    schema: &CollectionSchema,
    filter: Document,
) -> Result<Vec<D>, StorageError> {
    #[expect(clippy::disallowed_methods, reason = "who asks here has no scope")]
    let collection: Collection<RawDocumentBuf> = database.driver().collection(schema.name);
    let find = collection.find(filter).max_time(DATABASE_CALL);
    let found: Vec<RawDocumentBuf> = within(DATABASE_CALL, async { find.await?.try_collect().await }).await?;
    found.iter().map(|document| decode(schema, document)).collect()
}
