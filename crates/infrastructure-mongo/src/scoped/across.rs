use bson::{Document, RawDocumentBuf, doc};
use futures::{FutureExt, TryStreamExt};
use mongodb::options::ReadConcern;
use serde::Deserialize;

use super::{Execution, Outside, ScopedCollection, read::FETCHED_AT_ONCE};
use crate::{decode::decode_all, error::StorageError, schema::CollectionSchema};

/// A document, and the name of its collection.
#[derive(Deserialize)]
pub(crate) struct Located {
    pub(crate) collection: String,
    pub(crate) document: RawDocumentBuf,
}

impl ScopedCollection<Outside> {
    /// Finds the documents that pass the filter, of this collection and of others, in one snapshot and with one command. The
    /// field of this name is left out.
    pub(crate) async fn find_across(
        &mut self,
        others: [&'static CollectionSchema; 2],
        filter: Document,
        without: &str,
    ) -> Result<Vec<Located>, StorageError> {
        let of = |schema: &'static CollectionSchema| {
            vec![
                doc! { "$match": self.within_scope_of(schema, filter.clone()) },
                doc! { "$project": { without: 0 } },
                doc! { "$project": { "_id": 0, "collection": schema.name, "document": "$$ROOT" } },
            ]
        };
        let mut pipeline = of(self.schema);
        pipeline
            .extend(others.map(|other| doc! { "$unionWith": { "coll": other.name, "pipeline": of(other) } }));
        let collection = self.collection.clone();
        let aggregate = self.execution.run("aggregate", self.schema.name, move |_, max_time| {
            async move {
                let aggregate = collection
                    .aggregate(pipeline)
                    .batch_size(FETCHED_AT_ONCE)
                    .max_time(max_time)
                    .read_concern(ReadConcern::snapshot())
                    .with_type::<RawDocumentBuf>();
                aggregate.await?.try_collect().await
            }
            .boxed()
        });
        let found: Vec<RawDocumentBuf> = aggregate.await?;
        decode_all(self.schema, found).await
    }
}
