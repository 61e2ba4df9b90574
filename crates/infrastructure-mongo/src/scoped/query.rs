use bson::Document;
use convene_application::page::PageSize;

/// A filter with the order, number and fields of the results.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    pub(super) filter: Document,
    /// Ranges of the index, one of which contains each result. Each is a condition together with the filter.
    pub(super) ranges: Vec<Document>,
    pub(super) sort: Option<Document>,
    pub(super) limit: Option<i64>,
    pub(super) projection: Option<Document>,
    /// The name of the index.
    pub(super) hint: Option<&'static str>,
}

impl Query {
    pub(crate) fn within(mut self, ranges: Vec<Document>) -> Self {
        self.ranges = ranges;
        self
    }

    pub(crate) fn sorted(mut self, sort: Document) -> Self {
        self.sort = Some(sort);
        self
    }

    pub(crate) fn limited(mut self, limit: usize) -> Self {
        self.limit = i64::try_from(limit).ok();
        self
    }

    /// Asks for one more than the page has, to learn whether more follow.
    pub(crate) fn probing(self, size: PageSize) -> Self {
        self.limited(size.get() + 1)
    }

    pub(crate) fn hinted(mut self, index: &'static str) -> Self {
        self.hint = Some(index);
        self
    }

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
