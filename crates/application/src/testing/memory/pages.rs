use crate::page::{Page, PageRequest};

/// A page of a list that is sorted by ascending position.
pub(super) fn ascending<T, K: Ord>(
    sorted: impl IntoIterator<Item = T>,
    page: &PageRequest<K>,
    position: impl Fn(&T) -> K,
) -> Page<T> {
    let is_after = |item: &T| page.after.as_ref().is_none_or(|after| position(item) > *after);
    let probe = sorted.into_iter().filter(is_after).take(page.first.get() + 1).collect();
    Page::from_probe(probe, page.first)
}

/// A page of a list that is sorted by descending position.
pub(super) fn descending<T, K: Ord>(
    sorted: impl IntoIterator<Item = T>,
    page: &PageRequest<K>,
    position: impl Fn(&T) -> K,
) -> Page<T> {
    let is_after = |item: &T| page.after.as_ref().is_none_or(|after| position(item) < *after);
    let probe = sorted.into_iter().filter(is_after).take(page.first.get() + 1).collect();
    Page::from_probe(probe, page.first)
}
