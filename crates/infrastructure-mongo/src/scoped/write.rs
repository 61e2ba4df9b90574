use bson::{
    Document, RawDocumentBuf, doc,
    raw::{CStr, RawBsonRef},
};
use mongodb::options::{ReturnDocument, UpdateModifications};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{ScopedCollection, Within};
use crate::{deadline::command, decode::decode, error::StorageError};

/// The number of documents that one command inserts.
const INSERTED_AT_ONCE: usize = 1_000;

/// The counts of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Updated {
    /// The number of documents that passed the filter.
    pub(crate) matched: u64,
    /// The number of documents that were changed by it.
    pub(crate) modified: u64,
}

/// One of several updates that are sent as one command.
#[derive(Debug, Clone)]
pub(crate) struct UpdateStatement {
    pub(crate) filter: Document,
    pub(crate) update: UpdateModifications,
    /// Updates all documents that pass the filter instead of only the first one.
    pub(crate) many: bool,
}

/// The server's answer to an `update` command.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdateReply {
    n: i64,
    n_modified: i64,
    #[serde(default)]
    write_errors: Vec<StatementError>,
}

#[derive(Deserialize)]
struct StatementError {
    index: i32,
    code: i32,
    #[serde(default)]
    errmsg: String,
}

impl ScopedCollection<Within<'_>> {
    pub(crate) async fn insert(&mut self, document: &(impl Serialize + Sync)) -> Result<(), StorageError> {
        let document = self.encode(document)?;
        let insert = self.collection.insert_one(document);
        command("insert", self.schema.name, async { insert.session(&mut *self.execution.0).await })
            .await
            .map(drop)
    }

    /// Inserts the documents, if there are any, in commands that end well within the time limit of a call.
    pub(crate) async fn insert_all<D: Serialize + Sync>(
        &mut self,
        documents: &[D],
    ) -> Result<(), StorageError> {
        for documents in documents.chunks(INSERTED_AT_ONCE) {
            let documents =
                documents.iter().map(|document| self.encode(document)).collect::<Result<Vec<_>, _>>()?;
            let insert = self.collection.insert_many(documents);
            command("insert", self.schema.name, async { insert.session(&mut *self.execution.0).await })
                .await?;
        }
        Ok(())
    }

    /// Updates the first document that passes the filter. Never inserts one.
    pub(crate) async fn update_one(
        &mut self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Result<Updated, StorageError> {
        let call = self.collection.update_one(self.within_scope(filter), update);
        let result =
            command("update", self.schema.name, async { call.session(&mut *self.execution.0).await }).await?;
        Ok(Updated { matched: result.matched_count, modified: result.modified_count })
    }

    /// Updates every document that passes the filter. Never inserts one.
    pub(crate) async fn update_many(
        &mut self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Result<Updated, StorageError> {
        let call = self.collection.update_many(self.within_scope(filter), update);
        let result =
            command("update", self.schema.name, async { call.session(&mut *self.execution.0).await }).await?;
        Ok(Updated { matched: result.matched_count, modified: result.modified_count })
    }

    /// Runs several updates in order in one command. Never inserts a document.
    ///
    /// # Errors
    /// [`StorageError::Statement`] for the first statement that fails. Later statements were not run.
    pub(crate) async fn update_in_order(
        &mut self,
        statements: Vec<UpdateStatement>,
    ) -> Result<Updated, StorageError> {
        if statements.is_empty() {
            return Ok(Updated::default());
        }
        let updates: Vec<Document> = statements
            .into_iter()
            .map(|statement| {
                let mut update = doc! { "q": self.within_scope(statement.filter) };
                match statement.update {
                    UpdateModifications::Pipeline(stages) => update.insert("u", stages),
                    UpdateModifications::Document(document) => update.insert("u", document),
                    other => update.insert("u", bson::serialize_to_bson(&other)?),
                };
                update.insert("multi", statement.many);
                Ok(update)
            })
            .collect::<Result<_, StorageError>>()?;
        let update = doc! { "update": self.schema.name, "updates": updates, "ordered": true };
        let call = self.database.run_command(update);
        let reply =
            command("update", self.schema.name, async { call.session(&mut *self.execution.0).await }).await?;
        let reply: UpdateReply = bson::deserialize_from_document(reply)?;
        // A write command succeeds as a command even if its writes fail.
        if let Some(StatementError { index, code, errmsg }) = reply.write_errors.into_iter().next() {
            return Err(StorageError::Statement { index, code, message: errmsg });
        }
        Ok(Updated { matched: reply.n.unsigned_abs(), modified: reply.n_modified.unsigned_abs() })
    }

    /// Updates the first document that passes the filter, and returns the updated document.
    pub(crate) async fn find_one_and_update<D: DeserializeOwned>(
        &mut self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Result<Option<D>, StorageError> {
        let call = self
            .collection
            .find_one_and_update(self.within_scope(filter), update)
            .return_document(ReturnDocument::After);
        let after: Option<RawDocumentBuf> =
            command("findAndModify", self.schema.name, async { call.session(&mut *self.execution.0).await })
                .await?;
        after.map(|document| decode(self.schema, &document)).transpose()
    }

    /// Deletes the first document that passes the filter, and returns the number of deleted documents.
    pub(crate) async fn delete_one(&mut self, filter: Document) -> Result<u64, StorageError> {
        let call = self.collection.delete_one(self.within_scope(filter));
        let result =
            command("delete", self.schema.name, async { call.session(&mut *self.execution.0).await }).await?;
        Ok(result.deleted_count)
    }

    /// Deletes every document that passes the filter, and returns their number.
    pub(crate) async fn delete_many(&mut self, filter: Document) -> Result<u64, StorageError> {
        let call = self.collection.delete_many(self.within_scope(filter));
        let result =
            command("delete", self.schema.name, async { call.session(&mut *self.execution.0).await }).await?;
        Ok(result.deleted_count)
    }

    fn encode(&self, document: &impl Serialize) -> Result<RawDocumentBuf, StorageError> {
        let mut raw = bson::serialize_to_raw_document_buf(document)?;
        let field = self.schema.scope.field();
        match raw.get(field)? {
            Some(RawBsonRef::String(named)) if named == self.organization => Ok(raw),
            None => {
                raw.append(<&CStr>::try_from(field)?, self.organization.as_str());
                Ok(raw)
            }
            // Another organization in the document is never trusted.
            Some(_) => Ok(RawDocumentBuf::try_from(&self.marked(Document::try_from(raw)?))?),
        }
    }
}
