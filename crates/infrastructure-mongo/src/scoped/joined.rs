use bson::{Bson, Document, doc};
use serde::de::DeserializeOwned;

use super::{Execution, Query, ScopedCollection, both};
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

/// The documents of the same collection that are counted for each document.
pub(crate) struct JoinedCount {
    /// The field in which they are equal to the document.
    pub(crate) equal: &'static str,
    /// The field in which they do not exceed the document.
    pub(crate) up_to: &'static str,
    pub(crate) filter: Document,
}

impl<E: Execution> ScopedCollection<E> {
    /// Finds the ids of the documents that pass the filter, each with the `number` of those counted for it.
    ///
    /// The ranges of all documents as alternatives of one query would be one range of the index from five alternatives on.
    pub(crate) async fn count_joined<D: DeserializeOwned + Send>(
        &mut self,
        filter: Document,
        counted: JoinedCount,
    ) -> Result<Vec<D>, StorageError> {
        let JoinedCount { equal, up_to, filter: counted } = counted;
        let is_counted = doc! { "$expr": { "$and": [
            { "$eq": [format!("${equal}"), "$$equal"] },
            { "$lte": [format!("${up_to}"), "$$upTo"] },
        ] } };
        let lookup = doc! { "$lookup": {
            "from": self.schema.name,
            "let": { "equal": format!("${equal}"), "upTo": format!("${up_to}") },
            "pipeline": [
                { "$match": self.within_scope(both(counted, Some(is_counted))) },
                { "$count": "number" },
            ],
            "as": "counted",
        } };
        let number = doc! { "$project": { "number": { "$first": "$counted.number" } } };
        self.run_stages(filter, vec![lookup, number]).await
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
