use bson::{Bson, Document, doc};
use convene_application::page::{Direction, PageRequest};

use super::Query;

/// The order of a list: the fields by which it is sorted, all in one direction. The last one is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sorting {
    fields: &'static [&'static str],
    is_descending: bool,
}

impl Sorting {
    pub(crate) const fn ascending(fields: &'static [&'static str]) -> Self {
        Self { fields, is_descending: false }
    }

    pub(crate) const fn descending(fields: &'static [&'static str]) -> Self {
        Self { fields, is_descending: true }
    }

    pub(crate) const fn fields(self) -> &'static [&'static str] {
        self.fields
    }

    /// The query for a page and one item more, in the direction of the page. `position` returns the values of the fields.
    pub(crate) fn page<K>(
        self,
        filter: Document,
        page: &PageRequest<K>,
        position: impl FnOnce(&K) -> Vec<Bson>,
    ) -> Query {
        let beyond = page.from.as_ref().map(|from| self.beyond(page.direction, &position(from)));
        Query::from(both(filter, beyond)).sorted(self.sort(page.direction)).probing(page.size)
    }

    /// The sort document for reading in this direction.
    pub(crate) fn sort(self, direction: Direction) -> Document {
        let order = if self.rises(direction) { 1 } else { -1 };
        self.fields.iter().map(|field| ((*field).to_owned(), Bson::from(order))).collect()
    }

    /// The condition for everything that follows a position in this direction.
    pub(crate) fn beyond(self, direction: Direction, position: &[Bson]) -> Document {
        self.compared(if self.rises(direction) { "$gt" } else { "$lt" }, position)
    }

    /// The condition for everything up to a position in this direction, and for the position itself.
    pub(crate) fn up_to(self, direction: Direction, position: &[Bson]) -> Document {
        let (strict, or_equal) = if self.rises(direction) { ("$lt", "$lte") } else { ("$gt", "$gte") };
        let (Some(field), Some(value)) = (self.fields.first(), position.first()) else {
            return Document::new();
        };
        let outer = doc! { *field: { or_equal: value } };
        if position.len() == 1 {
            return outer;
        }
        // The first condition follows from the second; it is what an index can use.
        let itself: Document = self.equal(position, position.len());
        let Some(Bson::Array(mut either)) = self.compared(strict, position).remove("$or") else {
            return outer;
        };
        either.push(itself.into());
        doc! { "$and": [outer, { "$or": either }] }
    }

    const fn rises(self, direction: Direction) -> bool {
        self.is_descending == matches!(direction, Direction::Backward)
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
        let rising = Sorting::ascending(&["a", "_id"]);
        let position = [Bson::from(1), Bson::from("x")];
        let after = doc! { "$or": [{ "a": { "$gt": 1 } }, { "a": 1, "_id": { "$gt": "x" } }] };
        assert_eq!(rising.beyond(Direction::Forward, &position), after);
        assert_eq!(Sorting::descending(&["a", "_id"]).beyond(Direction::Backward, &position), after);
        let before = doc! { "$or": [{ "a": { "$lt": 1 } }, { "a": 1, "_id": { "$lt": "x" } }] };
        assert_eq!(rising.beyond(Direction::Backward, &position), before);
        let until = doc! { "$and": [{ "a": { "$lte": 1 } }, { "$or": [
            { "a": { "$lt": 1 } },
            { "a": 1, "_id": { "$lt": "x" } },
            { "a": 1, "_id": "x" },
        ] }] };
        assert_eq!(rising.up_to(Direction::Forward, &position), until);
    }

    #[test]
    fn a_single_field_needs_no_alternatives() {
        let sorting = Sorting::ascending(&["_id"]);
        assert_eq!(sorting.beyond(Direction::Backward, &["x".into()]), doc! { "_id": { "$lt": "x" } });
        assert_eq!(sorting.up_to(Direction::Backward, &["x".into()]), doc! { "_id": { "$gte": "x" } });
        assert_eq!(sorting.sort(Direction::Backward), doc! { "_id": -1 });
    }
}
