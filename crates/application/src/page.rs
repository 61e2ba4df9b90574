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

/// The request for a page of a connection. `K` is the sort key, which is unique among the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageRequest<K> {
    pub first: PageSize,
    /// The sort key of the item before the page.
    pub after: Option<K>,
}

/// A page of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub has_next: bool,
}

/// The page of a list without items.
impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), has_next: false }
    }
}

impl<T> Page<T> {
    /// Makes a page of the results of a query for one item more than requested.
    #[must_use]
    pub fn from_probe(mut found: Vec<T>, first: PageSize) -> Self {
        let has_next = found.len() > first.get();
        found.truncate(first.get());
        Self { items: found, has_next }
    }

    /// Converts every item.
    #[must_use]
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), has_next: self.has_next }
    }
}

/// A page of a list of which one request examines a bounded part only, because most items may not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundedPage<T, K> {
    pub items: Vec<T>,
    pub has_next: bool,
    /// The position at which the request stopped before the page was full. The next page begins after it.
    pub examined: Option<K>,
}

impl<T, K> BoundedPage<T, K> {
    /// Makes a page of the results of a query for one item more than requested, which examined the list up to `examined`, or
    /// up to its end.
    #[must_use]
    pub fn from_probe(found: Vec<T>, first: PageSize, examined: Option<K>) -> Self {
        let Page { items, has_next } = Page::from_probe(found, first);
        let examined = if has_next { None } else { examined };
        Self { items, has_next: has_next || examined.is_some(), examined }
    }

    /// Converts every item.
    #[must_use]
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> BoundedPage<U, K> {
        let Self { items, has_next, examined } = self;
        BoundedPage { items: items.into_iter().map(convert).collect(), has_next, examined }
    }
}

impl<T, K> Default for BoundedPage<T, K> {
    fn default() -> Self {
        Page::default().into()
    }
}

/// A page that is full or the last one.
impl<T, K> From<Page<T>> for BoundedPage<T, K> {
    fn from(Page { items, has_next }: Page<T>) -> Self {
        Self { items, has_next, examined: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_size_is_in_range() {
        for bad in [-1, 0, 101, i32::MAX] {
            assert_eq!(PageSize::new(bad), Err(PageSizeOutOfRange));
        }
        assert_eq!(PageSize::new(100).map(PageSize::get), Ok(100));
    }

    #[test]
    fn one_more_item_means_that_more_follow() {
        let first = PageSize::new(2).unwrap();
        assert_eq!(Page::from_probe(vec![1, 2, 3], first), Page { items: vec![1, 2], has_next: true });
        assert_eq!(Page::from_probe(vec![1, 2], first), Page { items: vec![1, 2], has_next: false });
    }

    #[test]
    fn a_page_that_is_not_full_may_have_a_next_one() {
        let first = PageSize::new(2).unwrap();
        let page = |found, examined: Option<char>| {
            let page = BoundedPage::from_probe(found, first, examined);
            (page.items, page.has_next, page.examined)
        };
        assert_eq!(page(vec![1, 2, 3], Some('x')), (vec![1, 2], true, None));
        assert_eq!(page(vec![1], Some('x')), (vec![1], true, Some('x')));
        assert_eq!(page(vec![1], None), (vec![1], false, None));
    }
}
