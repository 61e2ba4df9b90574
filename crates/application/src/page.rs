//! Pages of lists.

/// How many items a page has at most: from 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u8);

/// A page size outside 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from 1 to {}", PageSize::MAX)]
pub struct PageSizeOutOfRange;

impl PageSize {
    /// The most items a page can have.
    pub const MAX: u8 = 100;

    /// Checks a page size.
    ///
    /// # Errors
    /// [`PageSizeOutOfRange`] outside 1 to [`PageSize::MAX`].
    pub fn new(size: impl TryInto<u8>) -> Result<Self, PageSizeOutOfRange> {
        match size.try_into() {
            Ok(size @ 1..=Self::MAX) => Ok(Self(size)),
            _ => Err(PageSizeOutOfRange),
        }
    }

    /// The number of items.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

/// Which page of a list is wanted; `K` is what the list is sorted by, and tells items apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// At most this many items.
    pub first: PageSize,
    /// Only items after this one.
    pub after: Option<K>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Whether more follow.
    pub has_next: bool,
}

impl<T> Page<T> {
    /// The page made of the first items of what was found when one more than wanted was looked for.
    #[must_use]
    pub fn from_probe(mut found: Vec<T>, first: PageSize) -> Self {
        let has_next = found.len() > first.get();
        found.truncate(first.get());
        Self { items: found, has_next }
    }

    /// The page with every item turned into something else.
    #[must_use]
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(turn).collect(), has_next: self.has_next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_range() {
        for bad in [-1, 0, 101, i32::MAX] {
            assert_eq!(PageSize::new(bad), Err(PageSizeOutOfRange));
        }
        assert_eq!(PageSize::new(100).map(PageSize::get), Ok(100));
    }

    #[test]
    fn a_probe_tells_whether_more_follow() {
        let first = PageSize::new(2).unwrap();
        assert_eq!(Page::from_probe(vec![1, 2, 3], first), Page { items: vec![1, 2], has_next: true });
        assert_eq!(Page::from_probe(vec![1, 2], first), Page { items: vec![1, 2], has_next: false });
    }
}
