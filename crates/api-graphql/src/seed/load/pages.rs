use convene_application::{
    failure::{Fault, Outcome},
    page::{Page, PageRequest, PageSize},
};

/// Reads all pages of a list. `key` is the sort key of an item.
pub(super) async fn all_pages<K, T>(
    fetch: impl AsyncFn(PageRequest<K>) -> Outcome<Page<T>>,
    key: impl Fn(&T) -> K,
) -> Outcome<Vec<T>> {
    let first = PageSize::new(PageSize::MAX).map_err(Fault::internal)?;
    let mut all: Vec<T> = Vec::new();
    loop {
        let page = fetch(PageRequest { first, after: all.last().map(&key) }).await?;
        all.extend(page.items);
        if !page.has_next {
            return Ok(all);
        }
    }
}
