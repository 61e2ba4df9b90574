use crate::page::{Page, PageRequest};

/// The page of a list that is sorted by rising position.
pub(super) fn ascending<T, K: Ord>(
    sorted: impl IntoIterator<Item = T>,
    page: &PageRequest<K>,
    position: impl Fn(&T) -> K,
) -> Page<T> {
    let is_after = |item: &T| page.after.as_ref().is_none_or(|after| position(item) > *after);
    let probe = sorted.into_iter().filter(is_after).take(page.first.get() + 1).collect();
    Page::from_probe(probe, page.first)
}

/// The page of a list that is sorted by falling position.
pub(super) fn descending<T, K: Ord>(
    sorted: impl IntoIterator<Item = T>,
    page: &PageRequest<K>,
    position: impl Fn(&T) -> K,
) -> Page<T> {
    let is_after = |item: &T| page.after.as_ref().is_none_or(|after| position(item) < *after);
    let probe = sorted.into_iter().filter(is_after).take(page.first.get() + 1).collect();
    Page::from_probe(probe, page.first)
}

/// Whether a text holds another, whatever the case of either.
pub(super) fn holds(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(&wanted.to_lowercase())
}
