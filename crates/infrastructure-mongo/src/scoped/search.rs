//! Searches in the folded texts of events and issues.
//!
//! No index finds a text within a text for every corpus, so a search examines a bounded part of the list: the first query
//! reads the lengths of the next texts from an index and ends where the bound is reached; the second one examines their
//! documents.

use bson::{Bson, Document, doc};
use convene_application::{
    limits::{SEARCHED_BYTES, SEARCHED_OBJECTS},
    page::{Direction, PageSize},
};
use convene_domain::text::FoldedText;
use serde::de::DeserializeOwned;

use super::{Execution, Query, ScopedCollection, Sorting, both};
use crate::error::StorageError;

/// A search in a list.
pub(crate) struct Search<'t> {
    pub(crate) text: &'t FoldedText,
    pub(crate) sorting: Sorting,
    /// The index by organization, the fields of the sorting and `searchBytes`.
    pub(crate) index: &'static str,
    pub(crate) direction: Direction,
    /// The position at which the page begins: the values of the fields.
    pub(crate) from: Option<Vec<Bson>>,
    /// The other conditions.
    pub(crate) filter: Document,
    pub(crate) size: PageSize,
}

/// The found documents in the direction of the search, at most one more than the page has.
pub(crate) struct Found<D> {
    pub(crate) documents: Vec<D>,
    /// The position at which the search stopped before the end of the list.
    pub(crate) examined: Option<Vec<Bson>>,
}

/// The position of a document, and the length of its text.
struct Length {
    position: Vec<Bson>,
    bytes: i64,
}

impl<E: Execution> ScopedCollection<E> {
    /// Searches the next part of a list.
    pub(crate) async fn search<D: DeserializeOwned + Send>(
        &mut self,
        search: Search<'_>,
    ) -> Result<Found<D>, StorageError> {
        let Search { text, sorting, index, direction, from, filter, size } = search;
        let beyond = from.map(|from| sorting.beyond(direction, &from));
        let sort = sorting.sort(direction);
        let mut fields = doc! { "_id": 0, "searchBytes": 1 };
        fields.extend(sorting.fields().iter().map(|field| ((*field).to_owned(), Bson::from(1))));
        let next = Query::from(beyond.clone().unwrap_or_default()).sorted(sort.clone());
        let next = next.limited(SEARCHED_OBJECTS + 1).projected(fields).hinted(index);
        let lengths: Vec<Document> = self.find(next).await?;
        let lengths = lengths.iter().map(|found| Length {
            position: sorting.fields().iter().filter_map(|field| found.get(field).cloned()).collect(),
            bytes: found
                .get_i64("searchBytes")
                .or_else(|_| found.get_i32("searchBytes").map(i64::from))
                .unwrap_or_default(),
        });
        let examined = last_within_bounds(lengths);
        let until = examined.as_ref().map(|last| sorting.up_to(direction, last));

        let mut matching = doc! { "search": { "$regex": literal(text.as_str()) } };
        matching.extend(filter);
        let matching = Query::from(both(both(matching, beyond), until)).sorted(sort).probing(size);
        let documents = self.find(matching.projected(doc! { "search": 0 }).hinted(index)).await?;
        Ok(Found { documents, examined })
    }
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
    fn a_search_ends_at_its_bounds() {
        let last = |lengths: &[i64]| {
            let length =
                |(number, bytes): (i32, &i64)| Length { position: vec![number.into()], bytes: *bytes };
            last_within_bounds((0..).zip(lengths).map(length)).and_then(|last| last[0].as_i32())
        };
        let whole = i64::try_from(SEARCHED_BYTES).unwrap();
        assert_eq!(last(&[]), None);
        assert_eq!(last(&[whole - 1, 1]), None);
        assert_eq!(last(&[whole - 1, 1, 1]), Some(1));
        assert_eq!(last(&[whole + 1, 1]), Some(0), "one text is always examined");
        assert_eq!(last(&[whole + 1]), None);
        assert_eq!(last(&vec![1; SEARCHED_OBJECTS]), None);
        assert_eq!(last(&vec![1; SEARCHED_OBJECTS + 1]), i32::try_from(SEARCHED_OBJECTS - 1).ok());
    }
}
