//! Automatic persisted queries: the texts of documents by their hashes.
//!
//! Each organization has documents of its own, in one of several caches. An organization that sends many documents evicts those
//! of the organizations with the same cache only, a sixteenth of all. A cache keeps the documents that were used last; a client
//! whose document was evicted sends its text again.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use moka::{policy::EvictionPolicy, sync::Cache};

use super::reference::DocumentHash;

/// The number of caches.
const CACHES: usize = 16;

/// The size of each cache in bytes: a thousand documents of ordinary size (2 KB), so that even the clients of a large organization
/// in several versions find theirs.
const CACHE_BYTES: u64 = 2 << 20;

/// The maximum size of all texts in bytes.
pub const MAX_PERSISTED_BYTES: u64 = CACHE_BYTES * CACHES as u64;

/// The approximate size of an entry without its text, in bytes.
const ENTRY_BYTES: usize = 256;

type Key = (Option<String>, DocumentHash);

/// The documents that clients sent with their hash.
pub struct PersistedDocuments {
    caches: Vec<Cache<Key, Arc<str>>>,
    choice: RandomState,
}

impl Default for PersistedDocuments {
    fn default() -> Self {
        let weight = |_: &Key, text: &Arc<str>| u32::try_from(text.len() + ENTRY_BYTES).unwrap_or(u32::MAX);
        // The default policy drops a new document at once while the others were used more often.
        let cache = || {
            let policy = EvictionPolicy::lru();
            Cache::builder().weigher(weight).max_capacity(CACHE_BYTES).eviction_policy(policy).build()
        };
        Self { caches: (0..CACHES).map(|_| cache()).collect(), choice: RandomState::new() }
    }
}

impl PersistedDocuments {
    pub(super) fn get(&self, organization: Option<String>, hash: DocumentHash) -> Option<Arc<str>> {
        self.cache(organization.as_ref())?.get(&(organization, hash))
    }

    pub(super) fn insert(&self, organization: Option<String>, hash: DocumentHash, text: Arc<str>) {
        if let Some(cache) = self.cache(organization.as_ref()) {
            cache.insert((organization, hash), text);
        }
    }

    /// The cache of an organization. The choice is random for each process.
    fn cache(&self, organization: Option<&String>) -> Option<&Cache<Key, Arc<str>>> {
        let hash = usize::try_from(self.choice.hash_one(organization) % CACHES as u64).ok()?;
        self.caches.get(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(documents: &PersistedDocuments, organization: &str, text: &str) -> DocumentHash {
        let hash = DocumentHash::of(text);
        documents.insert(Some(organization.to_owned()), hash, text.into());
        hash
    }

    #[test]
    fn documents_belong_to_an_organization() {
        let documents = PersistedDocuments::default();
        let hash = insert(&documents, "acme", "{ a }");
        assert_eq!(documents.get(Some("acme".to_owned()), hash).as_deref(), Some("{ a }"));
        assert_eq!(documents.get(Some("other".to_owned()), hash), None);
        assert_eq!(documents.get(None, hash), None);
    }

    #[test]
    fn the_documents_that_were_used_last_are_kept() {
        let documents = PersistedDocuments::default();
        let acme = || Some("acme".to_owned());
        let long = "x".repeat(3_000);
        let often = insert(&documents, "acme", "{ often }");
        let mut hashes = Vec::new();
        for number in 0..2_000 {
            hashes.push(insert(&documents, "acme", &format!("{number} {long}")));
            assert!(documents.get(acme(), often).is_some(), "{number}");
            documents.caches.iter().for_each(Cache::run_pending_tasks);
        }
        let kept = |hash: &&DocumentHash| documents.get(acme(), **hash).is_some();
        assert_eq!(hashes.iter().rev().take(500).filter(kept).count(), 500, "of the newest");
        assert_eq!(hashes.iter().take(500).filter(kept).count(), 0, "of the oldest");
    }

    #[test]
    fn an_organization_evicts_few_documents_of_others_and_memory_is_bounded() {
        let documents = PersistedDocuments::default();
        let others: Vec<_> = (0..200).map(|number| format!("organization-{number}")).collect();
        for other in &others {
            insert(&documents, other, "{ a }");
        }
        let long = "x".repeat(10_000);
        for number in 0..3_000 {
            insert(&documents, "flood", &format!("{number} {long}"));
        }
        documents.caches.iter().for_each(Cache::run_pending_tasks);
        let total: u64 = documents.caches.iter().map(Cache::weighted_size).sum();
        assert!(total <= MAX_PERSISTED_BYTES);
        let hash = DocumentHash::of("{ a }");
        let kept = others.iter().filter(|other| documents.get(Some((*other).clone()), hash).is_some());
        assert!(kept.count() >= others.len() / 2);
    }
}
