use bson::{Bson, Document, doc};
use serde::de::DeserializeOwned;

use super::{Execution, Query, ScopedCollection};
use crate::{error::StorageError, schema::CollectionSchema};

/// The documents of another collection that are joined to each document.
pub(crate) struct Joined {
    pub(crate) schema: &'static CollectionSchema,
    /// The field that contains the `_id` of the document that they are joined to.
    pub(crate) field: &'static str,
    /// The field of further ids of the document that they are joined to, if it has any.
    pub(crate) former: Option<&'static str>,
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
        let Joined { schema, field, former, query } = joined;
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
        let further = former.map(|former| doc! { "$ifNull": [format!("${former}"), []] });
        let all: Vec<Bson> = std::iter::once(vec!["$_id"].into()).chain(further.map(Into::into)).collect();
        let ids = doc! { "$project": { "ids": { "$concatArrays": all } } };
        self.run_stages(filter, vec![ids, lookup]).await
    }
}
