//! The limits of a GraphQL document, each with its reason, and the check of a document against them.
//!
//! The check runs on the parsed document, before validation: validation compares selections with each other and takes
//! more than linear time, so it may only receive small documents. The parser enforces the limits of tokens and nesting,
//! so that all later steps can use recursion safely.

mod arguments;
mod measure;
mod page_size;
mod price;
pub mod prices;

use juniper::{DefaultScalarValue, RootNode};

pub use self::{
    measure::{Inspection, inspect},
    price::Price,
};

/// The maximum size of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentLimits {
    /// The maximum number of nested fields. The longest path that a client needs, from the viewer over the edges of two
    /// connections to a leaf, has ten. The schema has cycles, so that paths would be unlimited otherwise.
    pub depth: usize,
    /// The maximum number of nested fields inside `__schema` and `__type`. The queries of common tools have 15; the types
    /// of introspection have cycles as well.
    pub introspection_depth: usize,
    /// The maximum number of nested lists of fields and types inside `__schema` and `__type`. The queries of common tools have
    /// one; each further one multiplies the size of the result, because types refer to each other.
    pub introspection_lists: usize,
    /// The maximum number of tokens. The largest query of a real client has about 600; the time of validation grows
    /// with the square of their number.
    pub tokens: usize,
    /// The maximum number of aliases. They make one field run many times; a page needs a handful.
    pub aliases: usize,
    /// The maximum number of fields at the root, including those of fragments. Each one is a use case of its own.
    pub root_fields: usize,
    /// The maximum number of directives. Each one costs validation time, and a page needs few.
    pub directives: usize,
    /// The maximum cost. [`prices`] has the cost of each field and argument; the fields of a list item count once for
    /// each item that the list may have. The largest ordinary page of a client, 50 occurrences with event and own
    /// registration, costs about 2,000.
    pub cost: u64,
    /// The maximum memory in bytes of the objects that are loaded for a document and of its result, if all texts have
    /// their maximum length and no object occurs twice. It is the memory for all documents together.
    pub bytes: u64,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self {
            depth: 12,
            introspection_depth: 20,
            introspection_lists: 2,
            tokens: 2_000,
            aliases: 15,
            root_fields: 10,
            directives: 10,
            cost: 10_000,
            bytes: 64 * 1_024 * 1_024,
        }
    }
}

/// The maximum nesting that the parser accepts: of selections, fragments, input objects and lists. It is far above the
/// other limits, and far below the nesting (about 300 levels) at which the recursion of parser and validation would
/// exhaust the stack of a thread.
pub const PARSER_NESTING: usize = 40;

impl DocumentLimits {
    /// Sets the limits of the parser on a schema, so that they apply to every document.
    #[must_use]
    pub fn apply<Q, M, S>(
        &self,
        root: RootNode<Q, M, S, DefaultScalarValue>,
    ) -> RootNode<Q, M, S, DefaultScalarValue>
    where
        Q: juniper::GraphQLType<DefaultScalarValue>,
        M: juniper::GraphQLType<DefaultScalarValue>,
        S: juniper::GraphQLType<DefaultScalarValue>,
    {
        let fields = usize::try_from(self.cost).unwrap_or(usize::MAX);
        root.limit_depth(PARSER_NESTING).limit_tokens(self.tokens).limit_fields(fields)
    }
}

/// A limit that a document exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The name of the limit: `depth`, `introspectionDepth`, `introspectionLists`, `tokens`, `aliases`, `rootFields`,
    /// `directives`, `cost` or `bytes`.
    pub limit: &'static str,
    /// The maximum value.
    pub allowed: u64,
    /// The value of the document, if it is known.
    pub actual: Option<u64>,
}
