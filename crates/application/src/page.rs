//! Pages of connections.

use std::{fmt, hash::Hash};

use convene_domain::{
    id::{ActivityId, MemberId, OrganizationId},
    occurrence::OccurrenceKey,
    time::Instant,
};

/// The maximum number of items of a page, from 1 to [`PageSize::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageSize(u8);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from 1 to {}", PageSize::MAX)]
pub struct PageSizeOutOfRange;

impl PageSize {
    pub const MAX: u8 = 100;

    /// # Errors
    /// [`PageSizeOutOfRange`] outside 1 to [`PageSize::MAX`].
    pub fn new(size: impl TryInto<u8>) -> Result<Self, PageSizeOutOfRange> {
        match size.try_into() {
            Ok(size @ 1..=Self::MAX) => Ok(Self(size)),
            _ => Err(PageSizeOutOfRange),
        }
    }

    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

/// The direction in which the pages of a list are read. The items of every page are in the order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// From the beginning of the list to its end.
    #[default]
    Forward,
    /// From the end of the list to its beginning.
    Backward,
}

/// The order of a list: by a field, and then by a unique field, both in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Order<F> {
    pub field: F,
    pub is_descending: bool,
}

/// The sort key of a list: the values by which it is sorted. It is unique among the items.
pub trait SortKey: PartialOrd {
    /// The orders that the list has.
    type Order: fmt::Debug + Copy + Eq + Hash + Default + Send + Sync;

    /// Tests whether the keys fall from the beginning of the list to its end.
    fn is_descending(order: Self::Order) -> bool;
}

macro_rules! only_order {
    ($($key:ty: $is_descending:literal,)*) => {
        $(impl SortKey for $key {
            type Order = ();

            fn is_descending((): ()) -> bool {
                $is_descending
            }
        })*
    };
}

only_order! {
    MemberId: false,
    OrganizationId: false,
    (Instant, OccurrenceKey): false,
    (Instant, ActivityId): true,
}

/// Defines that a list can be read in each order of these fields.
macro_rules! any_order {
    ($key:ty, by $field:ty) => {
        impl crate::page::SortKey for $key {
            type Order = crate::page::Order<$field>;

            fn is_descending(order: Self::Order) -> bool {
                order.is_descending
            }
        }
    };
}

pub(crate) use any_order;

/// The request for a page of a connection. `K` is the sort key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageRequest<K: SortKey> {
    pub size: PageSize,
    pub order: K::Order,
    pub direction: Direction,
    /// The sort key of the item at which the page begins, seen in the direction; the page does not contain it. `None` for the
    /// first page in the direction.
    pub from: Option<K>,
}

impl<K: SortKey> PageRequest<K> {
    /// The request for the first page of a list in its default order.
    #[must_use]
    pub fn first(size: PageSize) -> Self {
        Self { size, order: K::Order::default(), direction: Direction::Forward, from: None }
    }

    /// Tests whether the list is read from its end.
    #[must_use]
    pub fn is_backward(&self) -> bool {
        self.direction == Direction::Backward
    }

    /// Tests whether sort keys rise in the direction of the request.
    #[must_use]
    pub fn rises(&self) -> bool {
        K::is_descending(self.order) == (self.direction == Direction::Backward)
    }

    /// Tests whether a sort key lies behind [`Self::from`], seen in the direction.
    #[must_use]
    pub fn reaches(&self, key: &K) -> bool {
        self.from.as_ref().is_none_or(|from| if self.rises() { key > from } else { key < from })
    }
}

/// A page of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// True if further items follow in the direction of the request.
    pub has_more: bool,
}

/// The page of a list without items.
impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), has_more: false }
    }
}

impl<T> Page<T> {
    /// Makes a page of the results of a query for one item more than requested, in the direction of the request.
    #[must_use]
    pub fn from_probe<K: SortKey>(mut found: Vec<T>, request: &PageRequest<K>) -> Self {
        let has_more = found.len() > request.size.get();
        found.truncate(request.size.get());
        if request.direction == Direction::Backward {
            found.reverse();
        }
        Self { items: found, has_more }
    }

    /// Converts every item.
    #[must_use]
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), has_more: self.has_more }
    }
}

/// A page of a list of which one request examines a bounded part only, because most items may not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundedPage<T, K> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// True if further items may follow in the direction of the request.
    pub has_more: bool,
    /// The position at which the request stopped before the page was full. The next page begins there.
    pub examined: Option<K>,
}

impl<T, K> BoundedPage<T, K> {
    /// Makes a page of the results of a query for one item more than requested, in the direction of the request. The query
    /// examined the list up to `examined`, or up to its end.
    #[must_use]
    pub fn from_probe(found: Vec<T>, request: &PageRequest<K>, examined: Option<K>) -> Self
    where
        K: SortKey,
    {
        let Page { items, has_more } = Page::from_probe(found, request);
        let examined = if has_more { None } else { examined };
        Self { items, has_more: has_more || examined.is_some(), examined }
    }

    /// Converts every item.
    #[must_use]
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> BoundedPage<U, K> {
        let Self { items, has_more, examined } = self;
        BoundedPage { items: items.into_iter().map(convert).collect(), has_more, examined }
    }
}

impl<T, K> Default for BoundedPage<T, K> {
    fn default() -> Self {
        Page::default().into()
    }
}

/// A page that is full or the last one.
impl<T, K> From<Page<T>> for BoundedPage<T, K> {
    fn from(Page { items, has_more }: Page<T>) -> Self {
        Self { items, has_more, examined: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl SortKey for char {
        type Order = ();

        fn is_descending((): ()) -> bool {
            false
        }
    }

    fn request(direction: Direction) -> PageRequest<char> {
        PageRequest { direction, ..PageRequest::first(PageSize::new(2).unwrap()) }
    }

    #[test]
    fn a_page_size_is_in_range() {
        for bad in [-1, 0, 101, i32::MAX] {
            assert_eq!(PageSize::new(bad), Err(PageSizeOutOfRange));
        }
        assert_eq!(PageSize::new(100).map(PageSize::get), Ok(100));
    }

    #[test]
    fn one_more_item_means_that_more_follow() {
        let forward = request(Direction::Forward);
        assert_eq!(Page::from_probe(vec![1, 2, 3], &forward), Page { items: vec![1, 2], has_more: true });
        assert_eq!(Page::from_probe(vec![1, 2], &forward), Page { items: vec![1, 2], has_more: false });
    }

    #[test]
    fn a_page_that_is_read_backwards_is_in_the_order_of_the_list() {
        let backward = request(Direction::Backward);
        assert_eq!(Page::from_probe(vec![3, 2, 1], &backward), Page { items: vec![2, 3], has_more: true });
        assert_eq!(Page::from_probe(vec![2, 1], &backward), Page { items: vec![1, 2], has_more: false });
    }

    #[test]
    fn a_page_that_is_not_full_may_have_a_next_one() {
        let page = |found, examined: Option<char>| {
            let page = BoundedPage::from_probe(found, &request(Direction::Forward), examined);
            (page.items, page.has_more, page.examined)
        };
        assert_eq!(page(vec![1, 2, 3], Some('x')), (vec![1, 2], true, None));
        assert_eq!(page(vec![1], Some('x')), (vec![1], true, Some('x')));
        assert_eq!(page(vec![1], None), (vec![1], false, None));
    }
}
