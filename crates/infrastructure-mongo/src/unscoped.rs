//! Look-ups for those who have no scope: who calls, and whoever founds organizations.
//!
//! Reading is all that can be done here, one document at a time.

use bson::Document;
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
