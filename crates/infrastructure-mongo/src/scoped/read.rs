use std::{fmt::Display, str::FromStr};

use bson::{Document, RawDocumentBuf, doc};
use futures::{FutureExt, TryStreamExt};
use mongodb::options::Hint;
use serde::{Deserialize, de::DeserializeOwned};

use super::{Execution, Query, ScopedCollection};
use crate::{decode::decode_all, documents::ids::read_id, error::StorageError};

/// The stages that could read or write other collections, or documents outside the filter.
const FORBIDDEN_STAGES: [&str; 5] = ["$lookup", "$graphLookup", "$unionWith", "$out", "$merge"];

/// The number of documents that are fetched at once, one more than most commands look for. By default, the server sends up to 16 MB,
/// which take a thread some ten milliseconds.
pub(super) const FETCHED_AT_ONCE: u32 = 501;

/// The number of documents that are fetched at once, of this number at most. The server closes a cursor at once only if it could send
/// more.
fn fetched(limit: Option<i64>) -> u32 {
    let limit = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(u32::MAX);
    limit.saturating_add(1).min(FETCHED_AT_ONCE)
}

impl<E: Execution> ScopedCollection<E> {
    /// Finds the documents of the query.
    pub(crate) async fn find<D: DeserializeOwned + Send>(
        &mut self,
        query: impl Into<Query>,
    ) -> Result<Vec<D>, StorageError> {
        let Query { filter, ranges, sort, limit, projection, hint } = query.into();
        let is_by_id = sort.as_ref().and_then(|sort| sort.keys().next()).is_some_and(|field| field == "_id");
        debug_assert!(hint.is_some() || !is_by_id, "MongoDB could read the ids of all organizations");
        let filter = self.within_scope_and_ranges(filter, ranges);
        let collection = self.collection.clone();
        let find = self.execution.run("find", self.schema.name, move |session, max_time| {
            async move {
                let mut find = collection.find(filter).batch_size(fetched(limit)).max_time(max_time);
                if let Some(sort) = sort {
                    find = find.sort(sort);
                }
                if let Some(limit) = limit {
                    find = find.limit(limit);
                }
                if let Some(projection) = projection {
                    find = find.projection(projection);
                }
                if let Some(index) = hint {
                    find = find.hint(Hint::Name(index.to_owned()));
                }
                match session {
                    None => find.await?.try_collect().await,
                    Some(session) => {
                        let mut cursor = find.session(&mut *session).await?;
                        cursor.stream(session).try_collect().await
                    }
                }
            }
            .boxed()
        });
        let found: Vec<RawDocumentBuf> = find.await?;
        decode_all(self.schema, found).await
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
    pub(crate) async fn ids<T>(&mut self, query: impl Into<Query>) -> Result<Vec<T>, StorageError>
    where
        T: FromStr<Err: Display> + Send,
    {
        #[derive(Deserialize)]
        #[serde(bound = "T: FromStr, T::Err: Display")]
        struct Identified<T> {
            #[serde(rename = "_id", deserialize_with = "read_id")]
            id: T,
        }
        let found: Vec<Identified<T>> = self.find(query.into().projected(doc! { "_id": 1 })).await?;
        Ok(found.into_iter().map(|document| document.id).collect())
    }

    /// Runs the stages on the documents that pass the filter of the query, which may have ranges and a hint, and nothing else.
    ///
    /// # Errors
    /// [`StorageError::ForbiddenStage`] for a stage that could access data of other organizations.
    pub(crate) async fn aggregate<D: DeserializeOwned + Send>(
        &mut self,
        query: impl Into<Query>,
        stages: Vec<Document>,
    ) -> Result<Vec<D>, StorageError> {
        let forbidden =
            stages.iter().flat_map(Document::keys).find(|key| FORBIDDEN_STAGES.contains(&key.as_str()));
        if let Some(stage) = forbidden {
            return Err(StorageError::ForbiddenStage(stage.clone()));
        }
        self.run_stages(query, stages).await
    }

    /// Runs stages that access documents of the organization only.
    pub(super) async fn run_stages<D: DeserializeOwned + Send>(
        &mut self,
        query: impl Into<Query>,
        stages: Vec<Document>,
    ) -> Result<Vec<D>, StorageError> {
        let Query { filter, ranges, hint, .. } = query.into();
        let first = doc! { "$match": self.within_scope_and_ranges(filter, ranges) };
        let pipeline: Vec<Document> = std::iter::once(first).chain(stages).collect();
        let collection = self.collection.clone();
        let aggregate = self.execution.run("aggregate", self.schema.name, move |session, max_time| {
            async move {
                let mut aggregate =
                    collection.aggregate(pipeline).batch_size(FETCHED_AT_ONCE).max_time(max_time);
                if let Some(index) = hint {
                    aggregate = aggregate.hint(Hint::Name(index.to_owned()));
                }
                let aggregate = aggregate.with_type::<RawDocumentBuf>();
                match session {
                    None => aggregate.await?.try_collect().await,
                    Some(session) => {
                        let mut cursor = aggregate.session(&mut *session).await?;
                        cursor.stream(session).try_collect().await
                    }
                }
            }
            .boxed()
        });
        let results: Vec<RawDocumentBuf> = aggregate.await?;
        decode_all(self.schema, results).await
    }

    /// Counts the documents that pass the filter of the query, which may have a hint and nothing else; `None` if there are more
    /// than `max`.
    pub(crate) async fn count_up_to(
        &mut self,
        query: impl Into<Query>,
        max: u32,
    ) -> Result<Option<u32>, StorageError> {
        let Query { filter, hint, .. } = query.into();
        let filter = self.within_scope(filter);
        let collection = self.collection.clone();
        let count = self.execution.run("count", self.schema.name, move |_, max_time| {
            let limit = u64::from(max) + 1;
            async move {
                let mut count = collection.count_documents(filter).limit(limit).max_time(max_time);
                if let Some(index) = hint {
                    count = count.hint(Hint::Name(index.to_owned()));
                }
                count.await
            }
            .boxed()
        });
        Ok(u32::try_from(count.await?).ok().filter(|count| *count <= max))
    }

    /// Counts the documents that pass the filter.
    pub(crate) async fn count(&mut self, filter: Document) -> Result<u64, StorageError> {
        let filter = self.within_scope(filter);
        let collection = self.collection.clone();
        let count = self.execution.run("count", self.schema.name, move |session, max_time| {
            async move {
                let count = collection.count_documents(filter).max_time(max_time);
                match session {
                    None => count.await,
                    Some(session) => count.session(session).await,
                }
            }
            .boxed()
        });
        count.await
    }
}
