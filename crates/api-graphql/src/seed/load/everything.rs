use convene_application::{
    failure::{Fault, Outcome},
    page::{Page, PageRequest, PageSize},
};

/// Every item of a list, page by page; `key` is what the list is sorted by.
pub(super) async fn everything<K, T>(
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
