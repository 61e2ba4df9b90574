//! The cache of compiled documents.
//!
//! The key is the text of a document and the name of the operation, never the caller: what is compiled depends on
//! nothing else. The limits that depend on variables, and the variables themselves, are checked for each request.
//!
//! Each organization uses one of several caches. An organization that sends many large documents evicts those of the
//! organizations with the same cache only.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use juniper::{DefaultScalarValue, GraphQLType};
use moka::{Equivalent, sync::Cache};

use super::{compiled::CompiledDocument, response::Errors};

/// The approximate size of the cache in bytes: some thousand documents of clients, or some
/// dozen of the largest ones.
pub const MAX_DOCUMENT_BYTES: u64 = 32 << 20;

/// The number of caches. Each has room for some of the largest documents.
const CACHES: usize = 8;

/// The approximate size of what is compiled for a name in a document, which the parser and the validation keep once
/// each.
const NAME_BYTES: usize = 512;

/// The approximate size of the errors of a document.
const ERROR_BYTES: usize = 8 << 10;

pub(super) type Compiled<Q, M, S> = Arc<Result<CompiledDocument<Q, M, S>, Errors>>;

/// The compiled documents of a process. The least frequently used ones are evicted.
pub(super) struct DocumentCache<Q, M, S>
where
    Q: GraphQLType<DefaultScalarValue> + 'static,
    M: GraphQLType<DefaultScalarValue> + 'static,
    S: GraphQLType<DefaultScalarValue> + 'static,
{
    caches: [Cache<Key, Compiled<Q, M, S>>; CACHES],
    choice: RandomState,
}

#[derive(Hash, PartialEq, Eq)]
struct Key {
    text: Arc<str>,
    operation: Option<Box<str>>,
}

/// A key in a request.
#[derive(Hash)]
struct Borrowed<'r> {
    text: &'r str,
    operation: Option<&'r str>,
}

impl Equivalent<Key> for Borrowed<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self.text == *key.text && self.operation == key.operation.as_deref()
    }
}

impl<Q, M, S> DocumentCache<Q, M, S>
where
    Q: GraphQLType<DefaultScalarValue, TypeInfo = ()> + Send + Sync + 'static,
    M: GraphQLType<DefaultScalarValue, TypeInfo = ()> + Send + Sync + 'static,
    S: GraphQLType<DefaultScalarValue, TypeInfo = ()> + Send + Sync + 'static,
{
    pub(super) fn new(max_bytes: u64) -> Self {
        let weight = |key: &Key, compiled: &Compiled<Q, M, S>| weight(&key.text, compiled.is_ok());
        let cache = |_| Cache::builder().weigher(weight).max_capacity(max_bytes / CACHES as u64).build();
        Self { caches: std::array::from_fn(cache), choice: RandomState::new() }
    }

    /// The document, if the organization, or another one with its cache, used it lately.
    pub(super) fn get(
        &self,
        organization: Option<&str>,
        text: &str,
        operation: Option<&str>,
    ) -> Option<Compiled<Q, M, S>> {
        self.cache(organization)?.get(&Borrowed { text, operation })
    }

    /// Adds a document that was compiled. A request that selects no operation of its document, or exceeds a limit with any
    /// variables, leaves nothing in the cache.
    pub(super) fn keep(
        &self,
        organization: Option<&str>,
        text: &Arc<str>,
        operation: Option<&str>,
        compiled: Result<CompiledDocument<Q, M, S>, Errors>,
    ) -> Compiled<Q, M, S> {
        let compiled = Arc::new(compiled);
        if compiled.as_ref().as_ref().is_ok_and(|document| !document.is_validated()) {
            return compiled;
        }
        let key = Key { text: Arc::clone(text), operation: operation.map(Into::into) };
        if let Some(cache) = self.cache(organization) {
            cache.insert(key, Arc::clone(&compiled));
        }
        compiled
    }

    /// The cache of an organization. The choice is random for each process.
    fn cache(&self, organization: Option<&str>) -> Option<&Cache<Key, Compiled<Q, M, S>>> {
        let hash = usize::try_from(self.choice.hash_one(organization) % CACHES as u64).ok()?;
        self.caches.get(hash)
    }
}

fn weight(text: &str, is_parsed: bool) -> u32 {
    let names = || text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty());
    let tree = if is_parsed { names().count() * NAME_BYTES } else { 0 };
    u32::try_from(text.len() + ERROR_BYTES + tree).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        graphql::{
            context::Context,
            limits::DocumentLimits,
            mutation::Mutation,
            query::Query,
            schema::{Schema, schema},
        },
        http::graphql::compiled::Source,
    };

    struct Fixture {
        root: Arc<Schema>,
        cache: DocumentCache<Query, Mutation, juniper::EmptySubscription<Context>>,
    }

    impl Fixture {
        fn new(max_bytes: u64) -> Self {
            Self { root: Arc::new(schema()), cache: DocumentCache::new(max_bytes) }
        }

        /// Asks for a document, and returns true if it had to be compiled.
        fn compiles(&self, text: &str, operation: Option<&str>) -> bool {
            self.compiles_for("acme", text, operation)
        }

        fn compiles_for(&self, organization: &str, text: &str, operation: Option<&str>) -> bool {
            if self.cache.get(Some(organization), text, operation).is_some() {
                return false;
            }
            let text: Arc<str> = text.into();
            let source = Source { root: Arc::clone(&self.root), text: Arc::clone(&text) };
            let compiled = CompiledDocument::new(Arc::new(source), operation, &DocumentLimits::default());
            self.cache.keep(Some(organization), &text, operation, compiled);
            true
        }

        /// The number of documents, and their approximate size in bytes.
        fn size(&self) -> (u64, u64) {
            let caches = &self.cache.caches;
            caches.iter().for_each(Cache::run_pending_tasks);
            (caches.iter().map(Cache::entry_count).sum(), caches.iter().map(Cache::weighted_size).sum())
        }
    }

    #[test]
    fn a_document_is_compiled_once_for_each_operation() {
        let fixture = Fixture::new(MAX_DOCUMENT_BYTES);
        let text = "query A { organization { slug } } query B { viewer { user } }";
        for (operation, expected) in
            [(Some("A"), true), (Some("A"), false), (Some("B"), true), (Some("A"), false), (Some("B"), false)]
        {
            assert_eq!(fixture.compiles(text, operation), expected);
        }
    }

    #[test]
    fn errors_of_the_parser_and_of_the_validation_are_kept() {
        let fixture = Fixture::new(MAX_DOCUMENT_BYTES);
        for text in ["{", "{ nope }"] {
            assert!(fixture.compiles(text, None));
            assert!(!fixture.compiles(text, None));
        }
    }

    #[test]
    fn names_of_operations_that_do_not_exist_leave_nothing_behind() {
        let fixture = Fixture::new(MAX_DOCUMENT_BYTES);
        for operation in 0..100 {
            assert!(fixture.compiles("query A { organization { slug } }", Some(&operation.to_string())));
        }
        assert_eq!(fixture.size(), (0, 0));
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used_often() {
        const LIMIT: u64 = 1 << 20;
        let fixture = Fixture::new(LIMIT);
        let often = "{ organization { slug } }";
        for number in 0..2_000 {
            fixture.compiles(&format!("{{ organization {{ slug }} }} # {number}"), None);
            if number % 10 == 0 {
                fixture.compiles(often, None);
                fixture.size();
            }
        }
        assert!(fixture.size().1 <= LIMIT);
        assert!(!fixture.compiles(often, None));
    }

    #[test]
    fn an_organization_evicts_few_documents_of_others() {
        const LIMIT: u64 = 4 << 20;
        let fixture = Fixture::new(LIMIT);
        let others: Vec<String> = (0..100).map(|number| format!("organization-{number}")).collect();
        let small = |other: &str| format!("{{ organization {{ slug }} }} # {other}");
        for other in &others {
            fixture.compiles_for(other, &small(other), None);
        }
        // Large documents that are used more often.
        for round in 0..4 {
            for number in 0..30 {
                let text = format!("{{ {} }} # {number}", "organization { slug } ".repeat(25));
                fixture.compiles_for("flood", &text, None);
            }
            assert!(fixture.size().1 <= LIMIT, "{round}");
        }
        let kept = others.iter().filter(|other| !fixture.compiles_for(other, &small(other), None)).count();
        assert!(kept >= others.len() / 2, "{kept}");
    }
}
