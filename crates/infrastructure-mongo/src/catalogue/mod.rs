//! The port that lists what takes place when.

mod compiled;
mod delta;
mod load;
mod parts;
mod replicas;
mod slot;
mod windows;

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use bson::doc;
use convene_application::{
    caller::TenantScope,
    catalogue::Replica,
    failure::Fault,
    ports::{Catalogue, CatalogueQuery, CatalogueWindow, ResolvedOccurrence, SeatCounts, WindowParts},
};
use convene_domain::{
    id::{EventId, OrganizationId},
    occurrence::{OccurrenceKey, StoredOccurrence},
};
use futures::FutureExt;
use tokio::time::timeout_at;

use self::{compiled::CompiledEvents, parts::Parts, replicas::Replicas};
use crate::{
    admission::Gate,
    database::Database,
    deadline::{WAIT, earliest},
    documents::{ids::texts, occurrence::OccurrenceDocument, read_all, seats::SeatsDocument},
    error::StorageError,
    schema,
    scoped::Query,
};

/// The catalogue in MongoDB.
#[derive(Clone)]
pub(crate) struct MongoCatalogue {
    database: Database,
    events: CompiledEvents,
    /// `None` if the catalogues are not kept in memory.
    replicas: Option<Replicas>,
    /// The permits to read a part of a catalogue from the database.
    reads: Arc<Gate>,
}

impl MongoCatalogue {
    /// Opens the catalogue of this database, and keeps replicas of at most this number of bytes; none if it is 0. A process needs
    /// one.
    pub(crate) fn new(database: Database, max_bytes: usize) -> Self {
        let replicas = (max_bytes > 0).then(|| Replicas::new(database.clone(), max_bytes));
        let events = CompiledEvents::new(replicas.is_some());
        Self { database, events, replicas, reads: Gate::for_parts() }
    }

    /// The revision that a replica must have, if it is known: the greater one of those that the authentication read and that this
    /// process made.
    fn known_revision(&self, scope: &TenantScope) -> Option<i64> {
        let made = self.database.known_revisions().latest(scope).unwrap_or_default();
        scope.catalogue_revision().map(|revision| revision.max(made))
    }

    /// The revision that a replica must have.
    async fn required_revision(&self, scope: &TenantScope) -> Result<i64, StorageError> {
        match self.known_revision(scope) {
            Some(revision) => Ok(revision),
            None => load::revision(&self.database, scope).await,
        }
    }

    /// Reads these events in the windows from one snapshot: an edit between two reads of an event could show an occurrence
    /// twice, or not at all.
    async fn read_windows(
        &self,
        scope: &TenantScope,
        queries: &[CatalogueQuery],
        events: &[EventId],
    ) -> Result<Vec<CatalogueWindow>, Fault> {
        let compiled = &self.events;
        let read = self.database.read(scope, |transaction| {
            async move { windows::read(transaction, compiled, queries, events).await }.boxed()
        });
        read.await
    }
}

#[async_trait]
impl Catalogue for MongoCatalogue {
    async fn replica(&self, scope: &TenantScope) -> Result<Option<Arc<Replica>>, Fault> {
        let Some(replicas) = &self.replicas else { return Ok(None) };
        replicas.current(scope, self.required_revision(scope).await?).await
    }

    fn held(&self, scope: &TenantScope) -> Option<Arc<Replica>> {
        self.replicas.as_ref()?.held(scope, self.known_revision(scope)?)
    }

    fn forget(&self, organization: OrganizationId) {
        if let Some(replicas) = &self.replicas {
            replicas.forget(organization);
        }
    }

    async fn windows(
        &self,
        scope: &TenantScope,
        queries: &[CatalogueQuery],
    ) -> Result<Box<dyn WindowParts>, Fault> {
        let mut turn = None;
        if let Some(replicas) = &self.replicas {
            let slot = replicas.slot(scope);
            let until = earliest(WAIT, scope.deadline());
            let waited = timeout_at(until, slot.turn()).await;
            turn = waited.map_err(|_| Fault::Overloaded)?.ok();
            // It may have been loaded while others read.
            if let Some(replica) = replicas.held(scope, self.required_revision(scope).await?) {
                return Ok(Box::new(vec![windows::of_replica(&replica, queries).await].into_iter()));
            }
        }
        Ok(Box::new(Parts::begin(self.clone(), scope, queries, turn).await?))
    }

    async fn seats(&self, scope: &TenantScope, keys: &[OccurrenceKey]) -> Result<Vec<SeatCounts>, Fault> {
        let query =
            Query::from(doc! { "_id": { "$in": texts(keys) } }).projected(SeatsDocument::projection());
        let mut occurrences = self.database.collection(scope, &schema::OCCURRENCES);
        let found: Vec<SeatsDocument> = occurrences.find(query).await?;
        Ok(read_all(found).map_err(StorageError::from)?)
    }

    async fn stored(
        &self,
        scope: &TenantScope,
        keys: &[OccurrenceKey],
    ) -> Result<Vec<ResolvedOccurrence>, Fault> {
        let ids = texts(keys);
        let either = doc! { "$or": [{ "_id": { "$in": &ids } }, { "formerIds": { "$in": &ids } }] };
        let found: Vec<OccurrenceDocument> =
            self.database.collection(scope, &schema::OCCURRENCES).find(either).await?;
        let mut by_id: HashMap<&str, &OccurrenceDocument> = HashMap::new();
        for document in &found {
            by_id.extend(document.former_ids.iter().map(|former| (former.as_str(), document)));
        }
        // A current id has precedence over a former one.
        by_id.extend(found.iter().map(|document| (document.id.as_str(), document)));
        let mut resolved = Vec::with_capacity(found.len());
        for (&asked, id) in keys.iter().zip(&ids) {
            if let Some(&document) = by_id.get(id.as_str()) {
                let stored = StoredOccurrence::try_from(document.clone()).map_err(StorageError::from)?;
                resolved.push(ResolvedOccurrence { asked, stored });
            }
        }
        Ok(resolved)
    }
}
