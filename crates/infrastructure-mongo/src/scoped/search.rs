//! Searches in the folded texts of events and issues.
//!
//! No index finds a text within a text for every corpus, so a search examines a bounded part of the list: the first query
//! reads the lengths of the next texts from an index and ends where the bound is reached; the second one examines their
//! documents.

use bson::{Bson, Document, doc};
use convene_application::{
    limits::{SEARCHED_BYTES, SEARCHED_OBJECTS},
    page::PageSize,
};
use convene_domain::text::FoldedText;
use serde::{Deserialize, de::DeserializeOwned};

use super::{Execution, Query, ScopedCollection};
use crate::error::StorageError;

/// A search in a list.
pub(crate) struct Search<'t> {
    pub(crate) text: &'t FoldedText,
    /// The field by which the list is sorted.
    pub(crate) position: &'static str,
    /// The index by organization, this field and `searchBytes`.
    pub(crate) index: &'static str,
    /// The position after which the page begins.
    pub(crate) after: Option<Bson>,
    /// The other conditions.
    pub(crate) filter: Document,
    pub(crate) first: PageSize,
}

/// The found documents, at most one more than the page has.
pub(crate) struct Found<D> {
    pub(crate) documents: Vec<D>,
    /// The position at which the search stopped before the end of the list.
    pub(crate) examined: Option<Bson>,
}

/// The position of a document, and the length of its text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Length {
    #[serde(alias = "_id", alias = "number")]
    position: Bson,
    search_bytes: i64,
}

impl<E: Execution> ScopedCollection<E> {
    /// Searches the next part of a list.
    pub(crate) async fn search<D: DeserializeOwned + Send>(
        &mut self,
        search: Search<'_>,
    ) -> Result<Found<D>, StorageError> {
        let Search { text, position, index, after, filter, first } = search;
        let mut range = Document::new();
        range.extend(after.map(|after| ("$gt".to_owned(), after)));
        let mut lengths = doc! { position: 1, "searchBytes": 1 };
        if position != "_id" {
            lengths.insert("_id", 0);
        }
        let next = Query::from(in_range(position, &range)).sorted(doc! { position: 1 });
        let next = next.limited(SEARCHED_OBJECTS + 1).projected(lengths).hinted(index);
        let examined = last_within_bounds(self.find(next).await?);
        range.extend(examined.iter().map(|last| ("$lte".to_owned(), last.clone())));

        let mut matching = in_range(position, &range);
        matching.insert("search", doc! { "$regex": literal(text.as_str()) });
        matching.extend(filter);
        let matching = Query::from(matching).sorted(doc! { position: 1 }).probing(first);
        let documents = self.find(matching.projected(doc! { "search": 0 }).hinted(index)).await?;
        Ok(Found { documents, examined })
    }
}

fn in_range(position: &str, range: &Document) -> Document {
    if range.is_empty() {
        Document::new()
    } else {
        doc! { position: range }
    }
}

/// The last position within the bounds; `None` if all texts are within them. At least one text is.
fn last_within_bounds(lengths: Vec<Length>) -> Option<Bson> {
    let mut bytes = 0_usize;
    let mut last = None;
    for (number, Length { position, search_bytes }) in lengths.into_iter().enumerate() {
        bytes = bytes.saturating_add(usize::try_from(search_bytes).unwrap_or_default());
        if last.is_some() && (bytes > SEARCHED_BYTES || number >= SEARCHED_OBJECTS) {
            return last;
        }
        last = Some(position);
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
                |(number, bytes): (i32, &i64)| Length { position: number.into(), search_bytes: *bytes };
            last_within_bounds((0..).zip(lengths).map(length).collect()).and_then(|last| last.as_i32())
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
