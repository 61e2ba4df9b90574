use bson::{Bson, Document, doc};
use convene_application::page::{PageRequest, SortKey};

use super::Query;

/// The fields by which a list is sorted, all in one direction. The last one is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sorting {
    fields: &'static [&'static str],
    rises: bool,
}

impl Sorting {
    /// The order in which a page is read: that of the list, or the reverse.
    pub(crate) fn of<K: SortKey>(page: &PageRequest<K>, fields: &'static [&'static str]) -> Self {
        Self { fields, rises: page.rises() }
    }

    /// The order of a whole list.
    pub(crate) const fn rising(fields: &'static [&'static str]) -> Self {
        Self { fields, rises: true }
    }

    /// The query for the documents that follow a position, which consists of the values of the fields.
    pub(crate) fn query(self, filter: Document, from: Option<&[Bson]>) -> Query {
        Query::from(both(filter, from.map(|from| self.beyond(from)))).sorted(self.sort())
    }

    /// The query for the documents that follow one position, up to and including another one.
    pub(crate) fn query_between(
        self,
        filter: Document,
        from: Option<&[Bson]>,
        until: Option<&[Bson]>,
    ) -> Query {
        Query::from(filter).within(self.ranges(from, until)).sorted(self.sort())
    }

    /// The projection to the fields.
    pub(crate) fn projection(self) -> Document {
        let fields = self.fields.iter().map(|field| ((*field).to_owned(), Bson::from(1)));
        std::iter::once(("_id".to_owned(), Bson::from(0))).chain(fields).collect()
    }

    /// The position of a document.
    pub(crate) fn values(self, document: &Document) -> Vec<Bson> {
        self.fields.iter().filter_map(|field| document.get(field).cloned()).collect()
    }

    pub(crate) fn sort(self) -> Document {
        let order = if self.rises { 1 } else { -1 };
        self.fields.iter().map(|field| ((*field).to_owned(), Bson::from(order))).collect()
    }

    /// The condition for everything that follows a position.
    pub(crate) fn beyond(self, position: &[Bson]) -> Document {
        self.compared(if self.rises { "$gt" } else { "$lt" }, position)
    }

    /// The ranges of everything that follows one position, up to and including another one behind it, in the order of the list.
    fn ranges(self, from: Option<&[Bson]>, until: Option<&[Bson]>) -> Vec<Document> {
        let (after, before, up_to) = if self.rises { ("$gt", "$lt", "$lte") } else { ("$lt", "$gt", "$gte") };
        let last = self.fields.len().saturating_sub(1);
        let first = match (from, until) {
            (None, None) => return Vec::new(),
            (Some(from), Some(until)) => {
                from.iter().zip(until).take_while(|(from, until)| from == until).count().min(last)
            }
            _ => 0,
        };
        let ranged = |position: &[Bson], number: usize, range: Document| {
            let mut alternative = self.equal(position, number);
            alternative.insert(self.fields[number], range);
            alternative
        };
        let end = |number: usize| if number == last { up_to } else { before };
        let mut within = Document::new();
        within.extend(from.map(|from| (after.to_owned(), from[first].clone())));
        within.extend(until.map(|until| (end(first).to_owned(), until[first].clone())));
        let behind = from.into_iter().flat_map(|from| {
            (first + 1..=last).rev().map(move |number| (from, number, doc! { after: &from[number] }))
        });
        let ahead = until.into_iter().flat_map(|until| {
            (first + 1..=last).map(move |number| (until, number, doc! { end(number): &until[number] }))
        });
        let shared = from.or(until).unwrap_or_default();
        let ranges = behind.chain(std::iter::once((shared, first, within))).chain(ahead);
        ranges.map(|(position, number, range)| ranged(position, number, range)).collect()
    }

    /// The comparison of positions. MongoDB merges one sorted range of an index for each alternative.
    fn compared(self, operator: &str, position: &[Bson]) -> Document {
        let alternatives = self.fields.iter().zip(position).enumerate().map(|(number, (field, value))| {
            let mut alternative = self.equal(position, number);
            alternative.insert(*field, doc! { operator: value });
            alternative
        });
        let mut alternatives: Vec<Document> = alternatives.collect();
        match alternatives.len() {
            0 | 1 => alternatives.pop().unwrap_or_default(),
            _ => doc! { "$or": alternatives },
        }
    }

    /// The condition that the first fields are equal.
    fn equal(self, position: &[Bson], number: usize) -> Document {
        let pairs = self.fields.iter().zip(position).take(number);
        pairs.map(|(field, value)| ((*field).to_owned(), value.clone())).collect()
    }
}

/// The condition that both hold.
pub(crate) fn both(filter: Document, other: Option<Document>) -> Document {
    match other {
        None => filter,
        Some(other) if filter.is_empty() => other,
        Some(other) => doc! { "$and": [filter, other] },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_compared_field_by_field() {
        let rising = Sorting { fields: &["a", "_id"], rises: true };
        let falling = Sorting { rises: false, ..rising };
        let position = [Bson::from(1), Bson::from("x")];
        let above = doc! { "$or": [{ "a": { "$gt": 1 } }, { "a": 1, "_id": { "$gt": "x" } }] };
        assert_eq!(rising.beyond(&position), above);
        let below = doc! { "$or": [{ "a": { "$lt": 1 } }, { "a": 1, "_id": { "$lt": "x" } }] };
        assert_eq!(falling.beyond(&position), below);
    }

    #[test]
    fn parts_are_ranges_in_the_order_of_the_list() {
        let rising = Sorting { fields: &["a", "_id"], rises: true };
        let position = |a: i32, id: &str| [Bson::from(a), Bson::from(id)];
        let (from, until) = (position(1, "x"), position(3, "b"));
        let behind = doc! { "a": 1, "_id": { "$gt": "x" } };
        let ahead = doc! { "a": 3, "_id": { "$lte": "b" } };
        let within = doc! { "a": { "$gt": 1, "$lt": 3 } };
        assert_eq!(rising.ranges(Some(&from), Some(&until)), [behind.clone(), within, ahead.clone()]);
        assert_eq!(rising.ranges(Some(&from), None), [behind, doc! { "a": { "$gt": 1 } }]);
        assert_eq!(rising.ranges(None, Some(&until)), [doc! { "a": { "$lt": 3 } }, ahead]);
        assert!(rising.ranges(None, None).is_empty());
        let of_one_value = doc! { "a": 1, "_id": { "$gt": "x", "$lte": "z" } };
        assert_eq!(rising.ranges(Some(&from), Some(&position(1, "z"))), [of_one_value]);
        let falling = Sorting { fields: &["_id"], rises: false };
        let range = doc! { "_id": { "$lt": "x", "$gte": "b" } };
        assert_eq!(falling.ranges(Some(&["x".into()]), Some(&["b".into()])), [range]);
    }

    #[test]
    fn a_single_field_needs_no_alternatives() {
        let falling = Sorting { fields: &["_id"], rises: false };
        assert_eq!(falling.beyond(&["x".into()]), doc! { "_id": { "$lt": "x" } });
        assert_eq!(falling.sort(), doc! { "_id": -1 });
    }
}
