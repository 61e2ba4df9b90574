//! Lists with conditions that no index answers.
//!
//! Few objects of a list may meet such a condition, so a request examines a bounded part of the list: the first query finds the
//! end of the part in an index; the second one compares the documents up to there.

use bson::{Bson, Document};
use convene_application::{
    limits::{COUNTED, EXAMINED_OBJECTS},
    page::PageSize,
};
use serde::de::DeserializeOwned;

use super::{Execution, Query, ScopedCollection, SearchResult, Sorting, both};
use crate::error::StorageError;

/// A part of a list.
pub(crate) struct Part {
    /// The index by organization, the fields of `key` and those of the sorting.
    pub(crate) index: &'static str,
    /// The conditions that the index answers: equal values of its first fields, and a range of the next one.
    pub(crate) key: Document,
    /// The conditions that no index answers.
    pub(crate) compared: Document,
    /// The objects that are compared: those of `key`, or those in a part of its range outside of which `compared` holds.
    pub(super) range: Document,
}

impl Part {
    /// A list whose objects are all compared.
    pub(crate) fn new(index: &'static str, key: Document, compared: Document) -> Self {
        Self { index, range: key.clone(), key, compared }
    }

    /// A list in which `compared` holds for all objects outside of a range.
    pub(crate) fn compared_in(
        index: &'static str,
        key: Document,
        compared: Document,
        range: Document,
    ) -> Self {
        Self { index, key, compared, range }
    }

    pub(super) fn conditions(&self) -> Document {
        match self.compared.is_empty() {
            true => self.key.clone(),
            false => both(self.compared.clone(), Some(self.key.clone()).filter(|key| !key.is_empty())),
        }
    }
}

impl<E: Execution> ScopedCollection<E> {
    /// Finds one document more than the page has, in the next part of the list from a position on.
    pub(crate) async fn find_in_part<D: DeserializeOwned + Send>(
        &mut self,
        part: &Part,
        sorting: Sorting,
        from: Option<&[Bson]>,
        size: PageSize,
        fields: Document,
    ) -> Result<SearchResult<D>, StorageError> {
        let examined = match part.compared.is_empty() {
            true => None,
            false => self.end_of_part(part, sorting, from).await?,
        };
        let query = sorting.query_between(part.conditions(), from, examined.as_deref());
        let query = query.probing(size).projected(fields).hinted(part.index);
        Ok(SearchResult { documents: self.find(query).await?, examined })
    }

    /// The number of documents that meet the conditions, up to [`COUNTED`]; `None` beyond, and if more must be compared than
    /// one request examines.
    pub(crate) async fn count_in_part(&mut self, part: &Part) -> Result<Option<u32>, StorageError> {
        if !part.compared.is_empty() {
            let most = u32::try_from(EXAMINED_OBJECTS).unwrap_or(u32::MAX);
            if self.count_up_to(part.range.clone(), most).await?.is_none() {
                return Ok(None);
            }
        }
        self.count_up_to(Query::from(part.conditions()).hinted(part.index), COUNTED).await
    }

    /// The position of the last object of the part; `None` if no more are compared.
    async fn end_of_part(
        &mut self,
        part: &Part,
        sorting: Sorting,
        from: Option<&[Bson]>,
    ) -> Result<Option<Vec<Bson>>, StorageError> {
        // MongoDB would skip positions by scanning all equal values of the first field.
        let next = sorting.query_between(part.range.clone(), from, None).limited(EXAMINED_OBJECTS + 1);
        let found: Vec<Document> = self.find(next.projected(sorting.projection()).hinted(part.index)).await?;
        let Some(last) = found.get(EXAMINED_OBJECTS - 1).filter(|_| found.len() > EXAMINED_OBJECTS) else {
            return Ok(None);
        };
        Ok(Some(sorting.values(last)))
    }
}
