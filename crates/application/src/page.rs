//! Pages of connections.

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

/// The request for a page of a connection. `K` is the sort key, which is unique among the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageRequest<K> {
    pub size: PageSize,
    pub direction: Direction,
    /// The sort key of the item at which the page begins, seen in the direction; the page does not contain it. `None` for the
    /// first page in the direction.
    pub from: Option<K>,
}

impl<K> PageRequest<K> {
    /// The request for the first page of a list.
    #[must_use]
    pub const fn first(size: PageSize) -> Self {
        Self { size, direction: Direction::Forward, from: None }
    }
}

impl<K: PartialOrd> PageRequest<K> {
    /// Tests whether a sort key lies behind [`Self::from`], seen in the direction.
    #[must_use]
    pub fn reaches(&self, key: &K) -> bool {
        self.from.as_ref().is_none_or(|from| match self.direction {
            Direction::Forward => key > from,
            Direction::Backward => key < from,
        })
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
    pub fn from_probe<K>(mut found: Vec<T>, request: &PageRequest<K>) -> Self {
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
    pub fn from_probe(found: Vec<T>, request: &PageRequest<K>, examined: Option<K>) -> Self {
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
