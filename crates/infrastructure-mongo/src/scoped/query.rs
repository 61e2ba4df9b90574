use bson::Document;
use convene_application::page::PageSize;

/// What to find: a filter, and the order and number of what is wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pub(super) filter: Document,
    pub(super) sort: Option<Document>,
    pub(super) limit: Option<i64>,
    pub(super) projection: Option<Document>,
}

impl Query {
    /// In this order.
    pub(crate) fn sorted(mut self, sort: Document) -> Self {
        self.sort = Some(sort);
        self
    }

    /// At most so many.
    pub(crate) fn limited(mut self, limit: usize) -> Self {
        self.limit = i64::try_from(limit).ok();
        self
    }

    /// One more than the page has, to learn whether more follow.
    pub(crate) fn probing(self, first: PageSize) -> Self {
        self.limited(first.get() + 1)
    }

    /// Only these fields.
    pub(crate) fn projected(mut self, projection: Document) -> Self {
        self.projection = Some(projection);
        self
    }
}

impl From<Document> for Query {
    fn from(filter: Document) -> Self {
        Self { filter, ..Self::default() }
    }
}
