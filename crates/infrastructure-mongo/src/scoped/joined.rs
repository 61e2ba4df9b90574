use bson::{Bson, Document, doc};
use serde::de::DeserializeOwned;

use super::{Execution, Query, ScopedCollection};
use crate::{error::StorageError, schema::CollectionSchema};

/// The documents of another collection that are joined to each document.
pub(crate) struct Joined {
    pub(crate) schema: &'static CollectionSchema,
    /// The field that contains the `_id` of the document that they are joined to.
    pub(crate) field: &'static str,
    /// Documents that they are joined to, with further ids of each.
    pub(crate) further: Vec<(String, Vec<String>)>,
    /// The filter, order and number of the joined documents.
    pub(crate) query: Query,
}

impl<E: Execution> ScopedCollection<E> {
    /// Finds the ids of the documents that pass the filter, each with its joined documents of the same organization as
    /// `joined`.
    pub(crate) async fn find_joined<D: DeserializeOwned + Send>(
        &mut self,
        filter: Document,
        joined: Joined,
    ) -> Result<Vec<D>, StorageError> {
        let Joined { schema, field, further, query } = joined;
        let mut pipeline = vec![doc! { "$match": self.within_scope_of(schema, query.filter) }];
        pipeline.extend(query.sort.map(|sort| doc! { "$sort": sort }));
        pipeline.extend(query.limit.map(|limit| doc! { "$limit": limit }));
        let lookup = doc! { "$lookup": {
            "from": schema.name,
            "localField": "ids",
            "foreignField": field,
            "pipeline": pipeline,
            "as": "joined",
        } };
        let ids = doc! { "$project": { "ids": { "$concatArrays": [["$_id"], further_ids(further)] } } };
        self.run_stages(filter, vec![ids, lookup]).await
    }
}

/// The number of filters that one command counts. A pipeline has at most a thousand stages.
const COUNTED_AT_ONCE: usize = 500;

impl<E: Execution> ScopedCollection<E> {
    /// Counts the documents that pass each filter, as the `number` of its `_id`. Nothing is returned for a filter that none passes.
    ///
    /// The filters have constant values: joined to documents of the collection, they would be compared with whole documents,
    /// and as alternatives of one query, they would be one range of the index from five alternatives on.
    pub(crate) async fn count_each<D: DeserializeOwned + Send>(
        &mut self,
        filters: Vec<(String, Document)>,
    ) -> Result<Vec<D>, StorageError> {
        let mut counted = Vec::new();
        for filters in filters.chunks(COUNTED_AT_ONCE) {
            let count = |id: &str| [doc! { "$count": "number" }, doc! { "$set": { "_id": id } }];
            let Some(((id, first), others)) = filters.split_first() else { break };
            let mut stages = count(id).to_vec();
            for (id, filter) in others {
                let mut pipeline = vec![doc! { "$match": self.within_scope(filter.clone()) }];
                pipeline.extend(count(id));
                stages.push(doc! { "$unionWith": { "coll": self.schema.name, "pipeline": pipeline } });
            }
            counted.extend(self.run_stages(first.clone(), stages).await?);
        }
        Ok(counted)
    }
}

/// The expression for the further ids of a document.
fn further_ids(further: Vec<(String, Vec<String>)>) -> Bson {
    let further: Vec<Document> = further.into_iter().map(|(id, ids)| doc! { "id": id, "ids": ids }).collect();
    if further.is_empty() {
        return Bson::Array(Vec::new());
    }
    let of_document =
        doc! { "$filter": { "input": { "$literal": further }, "cond": { "$eq": ["$$this.id", "$_id"] } } };
    let all = doc! { "$concatArrays": ["$$value", "$$this.ids"] };
    doc! { "$reduce": { "input": of_document, "initialValue": [], "in": all } }.into()
}
