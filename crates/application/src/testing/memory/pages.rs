use crate::{
    limits::COUNTED,
    page::{Page, PageRequest, SortKey},
};

/// A page of a list.
pub(super) fn page<T, K: SortKey + Ord>(
    items: impl IntoIterator<Item = T>,
    page: &PageRequest<K>,
    position: impl Fn(&T) -> K,
) -> Page<T> {
    let mut reached: Vec<T> = items.into_iter().filter(|item| page.reaches(&position(item))).collect();
    reached.sort_by_key(&position);
    if !page.rises() {
        reached.reverse();
    }
    reached.truncate(page.size.get() + 1);
    Page::from_probe(reached, page)
}

/// The number of items; `None` if there are too many to count.
pub(super) fn count<T>(items: impl Iterator<Item = T>) -> Option<u32> {
    u32::try_from(items.count()).ok().filter(|count| *count <= COUNTED)
}
