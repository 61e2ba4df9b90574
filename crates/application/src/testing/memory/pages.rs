use std::cmp::Reverse;

use crate::page::{Direction, Page, PageRequest};

/// A page of a list that is sorted by position.
pub(super) fn ascending<T, K: Ord>(
    sorted: impl IntoIterator<Item = T>,
    page: &PageRequest<K>,
    position: impl Fn(&T) -> K,
) -> Page<T> {
    let mut reached: Vec<T> = sorted.into_iter().filter(|item| page.reaches(&position(item))).collect();
    if page.direction == Direction::Backward {
        reached.reverse();
    }
    reached.truncate(page.size.get() + 1);
    Page::from_probe(reached, page)
}

/// A page of a list that is sorted by descending position.
pub(super) fn descending<T, K: Ord + Clone>(
    sorted: impl IntoIterator<Item = T>,
    page: &PageRequest<K>,
    position: impl Fn(&T) -> K,
) -> Page<T> {
    let from = page.from.clone().map(Reverse);
    let page = PageRequest { size: page.size, direction: page.direction, from };
    ascending(sorted, &page, |item| Reverse(position(item)))
}
