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

    pub(crate) const fn fields(self) -> &'static [&'static str] {
        self.fields
    }

    /// The query for the documents that follow a position, which consists of the values of the fields.
    pub(crate) fn query(self, filter: Document, from: Option<&[Bson]>) -> Query {
        self.query_between(filter, from, None)
    }

    /// The query for the documents that follow one position, up to and including another one.
    pub(crate) fn query_between(
        self,
        filter: Document,
        from: Option<&[Bson]>,
        until: Option<&[Bson]>,
    ) -> Query {
        let range = match (from, until) {
            (Some(from), Some(until)) => Some(self.between(from, until)),
            (Some(from), None) => Some(self.beyond(from)),
            (None, until) => until.map(|until| self.up_to(until)),
        };
        Query::from(both(filter, range)).sorted(self.sort())
    }

    pub(crate) fn sort(self) -> Document {
        let order = if self.rises { 1 } else { -1 };
        self.fields.iter().map(|field| ((*field).to_owned(), Bson::from(order))).collect()
    }

    /// The condition for everything that follows a position.
    pub(crate) fn beyond(self, position: &[Bson]) -> Document {
        self.compared(if self.rises { "$gt" } else { "$lt" }, position)
    }

    /// The condition for everything up to a position, and for the position itself.
    pub(crate) fn up_to(self, position: &[Bson]) -> Document {
        let (strict, or_equal) = if self.rises { ("$lt", "$lte") } else { ("$gt", "$gte") };
        let (Some(field), Some(value)) = (self.fields.first(), position.first()) else {
            return Document::new();
        };
        let outer = doc! { *field: { or_equal: value } };
        let Some(Bson::Array(mut either)) = self.compared(strict, position).remove("$or") else {
            return outer;
        };
        // The first condition follows from the second; it is what an index can use.
        either.push(self.equal(position, position.len()).into());
        doc! { "$and": [outer, { "$or": either }] }
    }

    /// The condition for everything that follows one position, up to and including another one behind it. MongoDB uses the
    /// alternatives of one condition only as ranges of an index, so both ends are in one.
    fn between(self, from: &[Bson], until: &[Bson]) -> Document {
        let (after, before, up_to) = if self.rises { ("$gt", "$lt", "$lte") } else { ("$lt", "$gt", "$gte") };
        let last = self.fields.len().saturating_sub(1);
        let first = from.iter().zip(until).take_while(|(from, until)| from == until).count().min(last);
        let ranged = |position: &[Bson], number: usize, range: Document| {
            let mut alternative = self.equal(position, number);
            alternative.insert(self.fields[number], range);
            alternative
        };
        let end = |number: usize| if number == last { up_to } else { before };
        let behind =
            (first + 1..=last).rev().map(|number| ranged(from, number, doc! { after: &from[number] }));
        let within = ranged(from, first, doc! { after: &from[first], end(first): &until[first] });
        let ahead =
            (first + 1..=last).map(|number| ranged(until, number, doc! { end(number): &until[number] }));
        let mut alternatives: Vec<Document> = behind.chain(std::iter::once(within)).chain(ahead).collect();
        match alternatives.len() {
            1 => alternatives.pop().unwrap_or_default(),
            _ => doc! { "$or": alternatives },
        }
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
        let until = doc! { "$and": [{ "a": { "$lte": 1 } }, { "$or": [
            { "a": { "$lt": 1 } },
            { "a": 1, "_id": { "$lt": "x" } },
            { "a": 1, "_id": "x" },
        ] }] };
        assert_eq!(rising.up_to(&position), until);
    }

    #[test]
    fn both_ends_of_a_part_are_ranges_of_one_condition() {
        let rising = Sorting { fields: &["a", "_id"], rises: true };
        let position = |a: i32, id: &str| [Bson::from(a), Bson::from(id)];
        let parts = doc! { "$or": [
            { "a": 1, "_id": { "$gt": "x" } },
            { "a": { "$gt": 1, "$lt": 3 } },
            { "a": 3, "_id": { "$lte": "b" } },
        ] };
        assert_eq!(rising.between(&position(1, "x"), &position(3, "b")), parts);
        let of_one_value = doc! { "a": 1, "_id": { "$gt": "x", "$lte": "z" } };
        assert_eq!(rising.between(&position(1, "x"), &position(1, "z")), of_one_value);
        let falling = Sorting { fields: &["_id"], rises: false };
        assert_eq!(
            falling.between(&["x".into()], &["b".into()]),
            doc! { "_id": { "$lt": "x", "$gte": "b" } }
        );
    }

    #[test]
    fn a_single_field_needs_no_alternatives() {
        let falling = Sorting { fields: &["_id"], rises: false };
        assert_eq!(falling.beyond(&["x".into()]), doc! { "_id": { "$lt": "x" } });
        assert_eq!(falling.up_to(&["x".into()]), doc! { "_id": { "$gte": "x" } });
        assert_eq!(falling.sort(), doc! { "_id": -1 });
    }
}
