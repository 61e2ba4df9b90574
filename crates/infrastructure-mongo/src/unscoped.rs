//! Look-ups for those who have no scope: who calls, and whoever founds organizations.
//!
//! Reading is all that can be done here.

use bson::Document;
use futures::TryStreamExt;
use mongodb::Collection;
use serde::de::DeserializeOwned;

use crate::{
    database::Database,
    deadline::{DATABASE_CALL, within},
    error::StorageError,
    schema::CollectionSchema,
};

/// The first document that passes the filter, of any organization.
pub(crate) async fn find_one<D: DeserializeOwned + Send + Sync>(
    database: &Database,
    schema: &CollectionSchema,
    filter: Document,
) -> Result<Option<D>, StorageError> {
    #[expect(clippy::disallowed_methods, reason = "who asks here has no scope")]
    let collection: Collection<D> = database.driver().collection(schema.name);
    within(DATABASE_CALL, async { collection.find_one(filter).max_time(DATABASE_CALL).await }).await
}

/// All documents that pass the filter, of any organization. The filter must not let more pass than was asked for.
pub(crate) async fn find_all_of_any<D: DeserializeOwned + Send + Sync>(
    database: &Database,
    schema: &CollectionSchema,
    filter: Document,
) -> Result<Vec<D>, StorageError> {
    #[expect(clippy::disallowed_methods, reason = "who asks here has no scope")]
    let collection: Collection<D> = database.driver().collection(schema.name);
    let find = collection.find(filter).max_time(DATABASE_CALL);
    within(DATABASE_CALL, async { find.await?.try_collect().await }).await
}
