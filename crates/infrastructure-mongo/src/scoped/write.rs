use std::{fmt::Display, str::FromStr};

use bson::{
    Document, RawArrayBuf, RawDocumentBuf, doc,
    raw::{CStr, RawBsonRef, cstr},
};
use convene_application::pace::Pace;
use futures::FutureExt;
use mongodb::options::{ReturnDocument, UpdateModifications};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Query, ScopedCollection, Within};
use crate::{decode::decode, documents::ids::texts, error::StorageError};

/// The size of an `insert` command from which on further documents go into another one. The server accepts 16 MB, but to
/// copy and send so much takes a thread some ten milliseconds.
const INSERT_BYTES: usize = 2 * 1024 * 1024;

/// The bytes of a document that are encoded in one step.
const ENCODED_IN_A_STEP: usize = 128;

/// The steps of making a statement.
const STATEMENT: usize = 5;

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

/// The server's answer to a write command.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WriteReply {
    n: i64,
    #[serde(default)]
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
        self.insert_all(std::slice::from_ref(document)).await
    }

    /// Inserts the documents, if there are any, in commands that end well within the time limit of a call.
    pub(crate) async fn insert_all<D: Serialize + Sync>(
        &mut self,
        documents: &[D],
    ) -> Result<(), StorageError> {
        for documents in documents.chunks(INSERTED_AT_ONCE) {
            let (mut batch, mut bytes, mut pace) = (RawArrayBuf::new(), 0, Pace::default());
            for document in documents {
                let document = self.encode(document)?;
                pace.steps(1 + document.as_bytes().len() / ENCODED_IN_A_STEP).await;
                if bytes > 0 && bytes + document.as_bytes().len() > INSERT_BYTES {
                    self.insert_batch(std::mem::take(&mut batch)).await?;
                    bytes = 0;
                }
                bytes += document.as_bytes().len();
                batch.push(document);
            }
            self.insert_batch(batch).await?;
        }
        Ok(())
    }

    async fn insert_batch(&mut self, documents: RawArrayBuf) -> Result<(), StorageError> {
        let mut insert = RawDocumentBuf::new();
        insert.append(cstr!("insert"), self.schema.name);
        insert.append(cstr!("documents"), documents);
        self.write("insert", insert).await.map(drop)
    }

    /// Updates the first document that passes the filter. Never inserts one.
    pub(crate) async fn update_one(
        &mut self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Result<Updated, StorageError> {
        self.update_in_order(vec![UpdateStatement { filter, update: update.into(), many: false }]).await
    }

    /// Updates every document that passes the filter. Never inserts one.
    pub(crate) async fn update_many(
        &mut self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Result<Updated, StorageError> {
        self.update_in_order(vec![UpdateStatement { filter, update: update.into(), many: true }]).await
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
        let (mut updates, mut pace) = (RawArrayBuf::new(), Pace::default());
        for statement in statements {
            let mut update = doc! { "q": self.within_scope(statement.filter) };
            match statement.update {
                UpdateModifications::Pipeline(stages) => update.insert("u", stages),
                UpdateModifications::Document(document) => update.insert("u", document),
                other => update.insert("u", bson::serialize_to_bson(&other)?),
            };
            update.insert("multi", statement.many);
            let update = RawDocumentBuf::try_from(&update)?;
            pace.steps(STATEMENT + update.as_bytes().len() / ENCODED_IN_A_STEP).await;
            updates.push(update);
        }
        let mut update = RawDocumentBuf::new();
        update.append(cstr!("update"), self.schema.name);
        update.append(cstr!("updates"), updates);
        let reply = self.write("update", update).await?;
        Ok(Updated { matched: reply.n.unsigned_abs(), modified: reply.n_modified.unsigned_abs() })
    }

    /// Updates the first document that passes the filter, and returns the updated document.
    pub(crate) async fn find_one_and_update<D: DeserializeOwned>(
        &mut self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Result<Option<D>, StorageError> {
        let (filter, update) = (self.within_scope(filter), update.into());
        let collection = self.collection.clone();
        let call = self.execution.0.run("findAndModify", self.schema.name, move |session, max_time| {
            async move {
                collection
                    .find_one_and_update(filter, update)
                    .return_document(ReturnDocument::After)
                    .max_time(max_time)
                    .session(session)
                    .await
            }
            .boxed()
        });
        let after: Option<RawDocumentBuf> = call.await?;
        after.map(|document| decode(self.schema, &document)).transpose()
    }

    /// Deletes the first document that passes the filter, and returns the number of deleted documents.
    pub(crate) async fn delete_one(&mut self, filter: Document) -> Result<u64, StorageError> {
        self.delete(filter, 1).await
    }

    /// Deletes every document that passes the filter, and returns their number.
    pub(crate) async fn delete_many(&mut self, filter: Document) -> Result<u64, StorageError> {
        // No limit, to the server.
        self.delete(filter, 0).await
    }

    /// Deletes the documents that the query finds, which may be limited, and returns their ids.
    pub(crate) async fn delete_found<T>(&mut self, query: Query) -> Result<Vec<T>, StorageError>
    where
        T: Display + FromStr<Err: Display> + Send + Sync,
    {
        let ids = self.ids(query).await?;
        if !ids.is_empty() {
            self.delete_many(doc! { "_id": { "$in": texts(&ids) } }).await?;
        }
        Ok(ids)
    }

    async fn delete(&mut self, filter: Document, limit: i32) -> Result<u64, StorageError> {
        let delete = doc! { "q": self.within_scope(filter), "limit": limit };
        let delete = doc! { "delete": self.schema.name, "deletes": [delete] };
        let reply = self.write("delete", RawDocumentBuf::try_from(&delete)?).await?;
        Ok(reply.n.unsigned_abs())
    }

    /// Runs a write command. The driver's own methods for writes have no time limit for the server.
    async fn write(
        &mut self,
        name: &'static str,
        mut command: RawDocumentBuf,
    ) -> Result<WriteReply, StorageError> {
        let database = self.database.clone();
        let call = self.execution.0.run(name, self.schema.name, move |session, max_time| {
            async move {
                let max_time = i64::try_from(max_time.as_millis()).unwrap_or(i64::MAX);
                command.append(cstr!("maxTimeMS"), max_time);
                database.run_raw_command(command).session(session).await
            }
            .boxed()
        });
        let reply: WriteReply = bson::deserialize_from_document(call.await?)?;
        // A write command succeeds as a command even if its writes fail.
        match reply.write_errors.first() {
            Some(StatementError { index, code, errmsg }) => {
                Err(StorageError::Statement { index: *index, code: *code, message: errmsg.clone() })
            }
            None => Ok(reply),
        }
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
