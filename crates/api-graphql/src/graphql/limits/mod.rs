//! The limits of a GraphQL document, each with its reason, and the check that holds a document against them.
//!
//! The check runs on the parsed document, before it is validated: validation compares selections with one another and
//! takes more than linear time, so it must only ever see small documents. The parser itself stops at the limits on
//! tokens and nesting, which makes everything after it safe to walk recursively.

mod measure;
mod page_size;

use juniper::{DefaultScalarValue, OperationType, RootNode};

pub use self::measure::{Inspection, inspect};

/// How large a document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentLimits {
    /// Fields inside fields. The longest path that a client has a use for, from the viewer over the edges of two
    /// connections to a leaf, has ten; the schema has cycles, so without a limit a document could follow them for ever.
    pub depth: usize,
    /// Tokens of the document, the names and signs it is made of. The largest query of a real client has some 600;
    /// the time to validate grows with the square of their number.
    pub tokens: usize,
    /// Aliases. They make one field run many times; a page needs a handful.
    pub aliases: usize,
    /// Fields at the root, fragments included. Each one is a use case of its own.
    pub root_fields: usize,
    /// Directives. Each one costs validation time and a page needs few.
    pub directives: usize,
    /// Cost: the number of fields in the largest possible answer. A field counts one; what is inside a list counts
    /// once for each item that the page may have. An answer of 5,000 fields has about 500 KiB and takes some 50 ms.
    pub cost: u64,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self { depth: 12, tokens: 2_000, aliases: 15, root_fields: 10, directives: 10, cost: 5_000 }
    }
}

/// Nesting of any kind that the parser goes along with: selections, fragments, input objects and lists. Far above
/// what the other limits allow, far below where the recursion of parser and validation would need more stack than a
/// thread has (about 300 levels).
const PARSER_NESTING: usize = 40;

impl DocumentLimits {
    /// Sets the parser's own limits on a schema, so that no document can get past them.
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

/// A limit that a document goes beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// Which limit: `depth`, `tokens`, `aliases`, `rootFields`, `directives` or `cost`.
    pub limit: &'static str,
    /// The largest value that is allowed.
    pub allowed: u64,
    /// What the document has, where that is known.
    pub actual: Option<u64>,
}

/// The operation of a document that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectedOperation {
    /// Query, mutation or subscription.
    pub kind: OperationType,
    /// Its name in the document.
    pub name: Option<String>,
}
