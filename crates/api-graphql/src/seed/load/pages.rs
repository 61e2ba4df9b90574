use convene_application::{
    failure::{Fault, Outcome},
    page::{BoundedPage, PageRequest, PageSize, SortKey},
};

/// Reads all pages of a list. `key` is the sort key of an item.
pub(super) async fn all_pages<K: SortKey, T, P: Into<BoundedPage<T, K>>>(
    fetch: impl AsyncFn(PageRequest<K>) -> Outcome<P>,
    key: impl Fn(&T) -> K,
) -> Outcome<Vec<T>> {
    let first = PageSize::new(PageSize::MAX).map_err(Fault::internal)?;
    let mut all: Vec<T> = Vec::new();
    let mut from = None;
    loop {
        let page = fetch(PageRequest { from, ..PageRequest::first(first) }).await?.into();
        from = page.examined.or(page.items.last().map(&key));
        all.extend(page.items);
        if !page.has_more {
            return Ok(all);
        }
    }
}
