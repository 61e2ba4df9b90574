//! Several lists or numbers with one command: each has a pipeline of its own.
//!
//! The filters have constant values: joined to documents of the collection, they would be compared with whole documents, and
//! as alternatives of one query, they would be one range of the index from five alternatives on.

use std::{collections::HashMap, fmt::Display, hash::Hash, str::FromStr};

use bson::{Bson, Document, doc};
use convene_application::{limits::COUNTED, page::PageSize};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Execution, Part, Query, ScopedCollection, SearchResult, Sorting};
use crate::{documents::ids::read_id, error::StorageError};

/// The number of pipelines of one command. A pipeline has at most a thousand stages.
const PIPELINES: usize = 500;

/// The key of a list or a number in the results.
pub(crate) trait Key: Display + FromStr<Err: Display> + Eq + Hash + Clone + Send {}

impl<K: Display + FromStr<Err: Display> + Eq + Hash + Clone + Send> Key for K {}

/// The next documents of a list that meet its conditions.
#[derive(Deserialize)]
#[serde(bound = "K: Key, D: DeserializeOwned")]
struct Found<K, D> {
    #[serde(rename = "_id", deserialize_with = "read_id")]
    key: K,
    documents: Vec<D>,
    /// The last document that was compared, and the next one; fewer at the end of the list.
    end: Vec<Document>,
}

#[derive(Deserialize)]
#[serde(bound = "K: Key")]
struct Number<K> {
    #[serde(rename = "_id", deserialize_with = "read_id")]
    key: K,
    number: u32,
}

impl<E: Execution> ScopedCollection<E> {
    /// Finds in each list one document more than the page has, from one position on. A list with conditions that no index
    /// answers is `examined` up to this number of documents.
    pub(crate) async fn find_each<K: Key, D: DeserializeOwned + Send>(
        &mut self,
        lists: &[(K, Part)],
        sorting: Sorting,
        from: Option<&[Bson]>,
        size: PageSize,
        examined: usize,
    ) -> Result<Vec<(K, SearchResult<D>)>, StorageError> {
        let probe = size.get() + 1;
        let pipeline = |(key, part): &(K, Part)| {
            let examined = if part.compared.is_empty() { probe } else { examined };
            let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
            let stages = vec![
                doc! { "$sort": sorting.sort() },
                doc! { "$limit": number(examined + 1) },
                doc! { "$facet": {
                    "documents": [
                        { "$limit": number(examined) }, { "$match": &part.compared }, { "$limit": number(probe) },
                    ],
                    "end": [
                        { "$skip": number(examined.saturating_sub(1)) }, { "$project": sorting.projection() },
                    ],
                } },
            ];
            (key.clone(), sorting.query_between(part.key.clone(), from, None), stages)
        };
        let found: Vec<Found<K, D>> = self.run_each(lists.iter().map(pipeline).collect()).await?;
        let result = |Found { key, documents, end }| {
            let examined = end.first().filter(|_| end.len() > 1).map(|last| sorting.values(last));
            (key, SearchResult { documents, examined })
        };
        Ok(found.into_iter().map(result).collect())
    }

    /// The number of documents of each list that meet the conditions, up to [`COUNTED`]; `None` beyond, and if more must be
    /// compared than are `examined`.
    pub(crate) async fn count_each_part<K: Key>(
        &mut self,
        lists: Vec<(K, Part)>,
        examined: usize,
    ) -> Result<HashMap<K, Option<u32>>, StorageError> {
        let examined = u32::try_from(examined).unwrap_or(u32::MAX);
        let compared = lists.iter().filter(|(_, part)| !part.compared.is_empty());
        let compared = compared.map(|(key, part)| (key.clone(), part.range.clone())).collect();
        let compared = self.count_each(compared, Some(examined)).await?;
        let (long, lists): (Vec<_>, Vec<_>) = lists
            .into_iter()
            .partition(|(key, _)| compared.get(key).is_some_and(|number| *number > examined));
        let counted = lists.iter().map(|(key, part)| (key.clone(), part.conditions())).collect();
        let counted = self.count_each(counted, Some(COUNTED)).await?;
        let number = |(key, _): (K, Part)| {
            let number = counted.get(&key).copied().unwrap_or(0);
            (key, Some(number).filter(|number| *number <= COUNTED))
        };
        let long = long.into_iter().map(|(key, _)| (key, None));
        Ok(lists.into_iter().map(number).chain(long).collect())
    }

    /// Counts the documents that pass each filter, up to one more than `max`. The number is left out for a filter that none
    /// passes.
    pub(crate) async fn count_each<K: Key>(
        &mut self,
        filters: Vec<(K, Document)>,
        max: Option<u32>,
    ) -> Result<HashMap<K, u32>, StorageError> {
        let pipeline = |(key, filter)| {
            let limit = max.map(|max| doc! { "$limit": i64::from(max) + 1 });
            (key, Query::from(filter), limit.into_iter().chain([doc! { "$count": "number" }]).collect())
        };
        let counted: Vec<Number<K>> = self.run_each(filters.into_iter().map(pipeline).collect()).await?;
        Ok(counted.into_iter().map(|Number { key, number }| (key, number)).collect())
    }

    /// Runs the stages of each key on the documents of its query. The results have the key as `_id`.
    async fn run_each<K: Key, D: DeserializeOwned + Send>(
        &mut self,
        mut pipelines: Vec<(K, Query, Vec<Document>)>,
    ) -> Result<Vec<D>, StorageError> {
        let mut results = Vec::new();
        while !pipelines.is_empty() {
            let mut some = pipelines.drain(..pipelines.len().min(PIPELINES));
            let keyed = |key: K| doc! { "$set": { "_id": key.to_string() } };
            let Some((key, first, mut stages)) = some.next() else { break };
            stages.push(keyed(key));
            for (key, Query { filter, ranges, .. }, others) in some {
                let mut pipeline = vec![doc! { "$match": self.within_scope_and_ranges(filter, ranges) }];
                pipeline.extend(others);
                pipeline.push(keyed(key));
                stages.push(doc! { "$unionWith": { "coll": self.schema.name, "pipeline": pipeline } });
            }
            results.extend(self.run_stages(first, stages).await?);
        }
        Ok(results)
    }
}
