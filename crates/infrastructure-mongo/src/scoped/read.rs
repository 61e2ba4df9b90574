use bson::{Document, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::options::Hint;
use serde::{Deserialize, de::DeserializeOwned};

use super::{Execution, Query, ScopedCollection};
use crate::{
    deadline::{DATABASE_CALL, command},
    decode::decode_all,
    error::StorageError,
};

/// The stages that could read or write other collections, or documents outside the filter.
const FORBIDDEN_STAGES: [&str; 5] = ["$lookup", "$graphLookup", "$unionWith", "$out", "$merge"];

impl<E: Execution> ScopedCollection<E> {
    /// Finds the documents of the query.
    pub(crate) async fn find<D: DeserializeOwned + Send>(
        &mut self,
        query: impl Into<Query>,
    ) -> Result<Vec<D>, StorageError> {
        let query = query.into();
        let filter = self.within_scope(query.filter);
        let mut find = self.collection.find(filter).max_time(DATABASE_CALL);
        if let Some(sort) = query.sort {
            find = find.sort(sort);
        }
        if let Some(limit) = query.limit {
            find = find.limit(limit);
        }
        if let Some(projection) = query.projection {
            find = find.projection(projection);
        }
        if let Some(index) = query.hint {
            find = find.hint(Hint::Name(index.to_owned()));
        }
        let found: Vec<RawDocumentBuf> = match self.execution.session() {
            None => command("find", self.schema.name, async { find.await?.try_collect().await }).await?,
            Some(session) => {
                command("find", self.schema.name, async {
                    let mut cursor = find.session(&mut *session).await?;
                    cursor.stream(session).try_collect().await
                })
                .await?
            }
        };
        decode_all(self.schema, &found).await
    }

    /// Finds the first document of the query.
    pub(crate) async fn find_one<D: DeserializeOwned + Send>(
        &mut self,
        query: impl Into<Query>,
    ) -> Result<Option<D>, StorageError> {
        let found = self.find(query.into().limited(1)).await?;
        Ok(found.into_iter().next())
    }

    /// Finds the ids of the documents of the query, which must be texts.
    pub(crate) async fn ids(&mut self, query: impl Into<Query>) -> Result<Vec<String>, StorageError> {
        #[derive(Deserialize)]
        struct Identified {
            #[serde(rename = "_id")]
            id: String,
        }
        let found: Vec<Identified> = self.find(query.into().projected(doc! { "_id": 1 })).await?;
        Ok(found.into_iter().map(|document| document.id).collect())
    }

    /// Runs the stages on the documents that pass the filter.
    ///
    /// # Errors
    /// [`StorageError::ForbiddenStage`] for a stage that could access data of other organizations.
    pub(crate) async fn aggregate<D: DeserializeOwned + Send>(
        &mut self,
        filter: Document,
        stages: Vec<Document>,
    ) -> Result<Vec<D>, StorageError> {
        let forbidden =
            stages.iter().flat_map(Document::keys).find(|key| FORBIDDEN_STAGES.contains(&key.as_str()));
        if let Some(stage) = forbidden {
            return Err(StorageError::ForbiddenStage(stage.clone()));
        }
        self.run_stages(filter, stages).await
    }

    /// Runs stages that access documents of the organization only.
    pub(super) async fn run_stages<D: DeserializeOwned + Send>(
        &mut self,
        filter: Document,
        stages: Vec<Document>,
    ) -> Result<Vec<D>, StorageError> {
        let first = doc! { "$match": self.within_scope(filter) };
        let pipeline = std::iter::once(first).chain(stages);
        let aggregate =
            self.collection.aggregate(pipeline).max_time(DATABASE_CALL).with_type::<RawDocumentBuf>();
        let results: Vec<RawDocumentBuf> = match self.execution.session() {
            None => {
                command("aggregate", self.schema.name, async { aggregate.await?.try_collect().await }).await?
            }
            Some(session) => {
                command("aggregate", self.schema.name, async {
                    let mut cursor = aggregate.session(&mut *session).await?;
                    cursor.stream(session).try_collect().await
                })
                .await?
            }
        };
        decode_all(self.schema, &results).await
    }

    /// Counts the documents that pass the filter.
    pub(crate) async fn count(&mut self, filter: Document) -> Result<u64, StorageError> {
        let count = self.collection.count_documents(self.within_scope(filter)).max_time(DATABASE_CALL);
        match self.execution.session() {
            None => command("count", self.schema.name, async { count.await }).await,
            Some(session) => command("count", self.schema.name, async { count.session(session).await }).await,
        }
    }
}
