//! Searches in the folded texts of events and issues.
//!
//! No index finds a text within a text for every corpus, so a search examines a bounded part of the list: the first query
//! reads the lengths of the next texts from an index and ends where the bound is reached; the second one examines their
//! documents.

use bson::{Bson, Document, doc};
use convene_application::{
    limits::{COUNTED, SEARCHED_BYTES, SEARCHED_OBJECTS},
    page::PageSize,
};
use convene_domain::text::FoldedText;
use serde::de::DeserializeOwned;

use super::{Execution, ScopedCollection, Sorting};
use crate::{
    error::{CorruptDocument, StorageError},
    schema::CollectionSchema,
};

/// A search in a list.
pub(crate) struct Search<'t> {
    pub(crate) text: &'t FoldedText,
    pub(crate) sorting: Sorting,
    /// The index by organization, the fields of the sorting and `searchBytes`.
    pub(crate) index: &'static str,
    /// The position at which the page begins: the values of the fields.
    pub(crate) from: Option<Vec<Bson>>,
    /// The other conditions.
    pub(crate) filter: Document,
    pub(crate) size: PageSize,
    /// The fields of the results.
    pub(crate) fields: Document,
}

/// The found documents in the direction of the search, at most one more than the page has.
pub(crate) struct SearchResult<D> {
    pub(crate) documents: Vec<D>,
    /// The position at which the search stopped before the end of the list.
    pub(crate) examined: Option<Vec<Bson>>,
}

/// Reads the position at which a search or a list stopped.
///
/// # Errors
/// [`StorageError::Corrupt`] if it cannot be read: without it, the page would be the last one, and hide the rest of the list.
pub(crate) fn stopped_at<P>(
    schema: &CollectionSchema,
    examined: Option<Vec<Bson>>,
    read: impl FnOnce(&[Bson]) -> Option<P>,
) -> Result<Option<P>, StorageError> {
    let Some(values) = examined else { return Ok(None) };
    let position = read(&values).ok_or_else(|| CorruptDocument {
        collection: schema.name,
        id: values.last().map_or_else(String::new, ToString::to_string),
        field: "document",
        reason: "a value by which the list is sorted has another type".to_owned(),
    })?;
    Ok(Some(position))
}

/// The position of a document, and the length of its text.
struct Length {
    position: Vec<Bson>,
    bytes: i32,
}

impl<E: Execution> ScopedCollection<E> {
    /// Searches the next part of a list.
    pub(crate) async fn search<D: DeserializeOwned + Send>(
        &mut self,
        search: Search<'_>,
    ) -> Result<SearchResult<D>, StorageError> {
        let Search { text, sorting, index, from, filter, size, fields } = search;
        let examined = self.examined(sorting, index, from.as_deref()).await?;
        let query = sorting.query_between(matching(text, filter), from.as_deref(), examined.as_deref());
        let documents = self.find(query.probing(size).projected(fields).hinted(index)).await?;
        Ok(SearchResult { documents, examined })
    }

    /// The number of documents with the text, if one search examines all of them.
    pub(crate) async fn count_found(
        &mut self,
        text: &FoldedText,
        sorting: Sorting,
        index: &'static str,
        filter: Document,
    ) -> Result<Option<u32>, StorageError> {
        match self.examined(sorting, index, None).await? {
            Some(_) => Ok(None),
            None => self.count_up_to(matching(text, filter), COUNTED).await,
        }
    }

    /// The position at which a search must stop; `None` if it reaches the end of the list.
    async fn examined(
        &mut self,
        sorting: Sorting,
        index: &'static str,
        from: Option<&[Bson]>,
    ) -> Result<Option<Vec<Bson>>, StorageError> {
        let mut fields = sorting.projection();
        fields.insert("searchBytes", 1);
        let next = sorting.query_between(Document::new(), from, None).limited(SEARCHED_OBJECTS + 1);
        let lengths: Vec<Document> = self.find(next.projected(fields).hinted(index)).await?;
        Ok(last_within_bounds(lengths.iter().map(|found| Length {
            position: sorting.values(found),
            bytes: found.get_i32("searchBytes").unwrap_or_default(),
        })))
    }
}

fn matching(text: &FoldedText, filter: Document) -> Document {
    let mut matching = doc! { "search": { "$regex": literal(text.as_str()) } };
    matching.extend(filter);
    matching
}

/// The last position within the bounds; `None` if all texts are within them. At least one text is.
fn last_within_bounds(lengths: impl Iterator<Item = Length>) -> Option<Vec<Bson>> {
    let mut bytes = 0_usize;
    let mut last = None;
    for (number, length) in lengths.enumerate() {
        bytes = bytes.saturating_add(usize::try_from(length.bytes).unwrap_or_default());
        if last.is_some() && (bytes > SEARCHED_BYTES || number >= SEARCHED_OBJECTS) {
            return last;
        }
        last = Some(length.position);
    }
    None
}

/// Makes a regular expression that matches the text literally.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        // In PCRE, a backslash escapes any ASCII character that is not a letter or a digit.
        if character.is_ascii() && !character.is_ascii_alphanumeric() {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_escaped() {
        assert_eq!(literal("a.*(b)|[c] 50% é\\E"), r"a\.\*\(b\)\|\[c\]\ 50\%\ é\\E");
    }

    #[test]
    fn a_position_that_cannot_be_read_is_not_the_end_of_the_list() {
        let read = |values: &[Bson]| values.last()?.as_i32();
        let stopped = |examined| stopped_at(&crate::schema::ISSUES, examined, read);
        assert_eq!(stopped(None).unwrap(), None);
        assert_eq!(stopped(Some(vec!["high".into(), 7.into()])).unwrap(), Some(7));
        let error = stopped(Some(vec![7.into(), "high".into()])).unwrap_err();
        assert!(matches!(error, StorageError::Corrupt(_)), "{error}");
    }

    #[test]
    fn a_search_ends_at_its_bounds() {
        let last = |lengths: &[i32]| {
            let length =
                |(number, bytes): (i32, &i32)| Length { position: vec![number.into()], bytes: *bytes };
            last_within_bounds((0..).zip(lengths).map(length)).and_then(|last| last[0].as_i32())
        };
        let whole = i32::try_from(SEARCHED_BYTES).unwrap();
        assert_eq!(last(&[]), None);
        assert_eq!(last(&[whole - 1, 1]), None);
        assert_eq!(last(&[whole - 1, 1, 1]), Some(1));
        assert_eq!(last(&[whole + 1, 1]), Some(0), "one text is always examined");
        assert_eq!(last(&[whole + 1]), None);
        assert_eq!(last(&vec![1; SEARCHED_OBJECTS]), None);
        assert_eq!(last(&vec![1; SEARCHED_OBJECTS + 1]), i32::try_from(SEARCHED_OBJECTS - 1).ok());
    }
}
