//! The replicas of a process: bounded in bytes, and kept current by comparing revisions (ADR 16).

use std::{sync::Arc, time::Duration};

use convene_application::{caller::TenantScope, catalogue::Replica, failure::Fault};
use convene_domain::id::OrganizationId;
use moka::{
    notification::RemovalCause,
    ops::compute::{CompResult, Op},
    policy::EvictionPolicy,
    sync::Cache,
};
use tokio::time::timeout;

use super::{
    delta::{self, Followed},
    load::{Loaded, Loads, load},
    slot::{Slot, State},
};
use crate::{
    database::Database,
    error::StorageError,
    metrics::{self, CatalogueRead},
};

/// The time for which a request waits for a replica that is being loaded, before it reads the database, which takes more of the
/// processor than to wait.
const WAIT: Duration = Duration::from_secs(3);

/// The part of the bound that is kept for small replicas: the largest catalogue of one organization leaves it to others, and
/// 100,000 usual series still fit into the rest of the default bound.
const RESERVED: usize = 4;

/// The part of the bound up to which a replica is small.
const SMALL: usize = 16;

/// The time after which a catalogue that was too large, or had an unreadable document, is loaded again. If it is still too large, the
/// next time is twice as long, up to about an hour.
const RETRY: Duration = Duration::from_secs(60);

/// The time after which a load is repeated that failed otherwise.
const RETRY_FAILURE: Duration = Duration::from_secs(1);

/// The bytes of changed events from which on a replica is loaded again instead of updated: the present one would take its memory
/// meanwhile.
const MAX_CHANGED_BYTES: usize = 32 << 20;

/// The replicas of the organizations that were read most recently. A clone is cheap.
#[derive(Clone)]
pub(super) struct Replicas {
    database: Database,
    /// Replicas of any size.
    shared: Cache<OrganizationId, Arc<Slot>>,
    /// Small replicas that had to leave the others.
    reserved: Cache<OrganizationId, Arc<Slot>>,
    /// The bytes that a replica may have.
    max_bytes: usize,
    loads: Arc<Loads>,
}

impl Replicas {
    /// Replicas of at most this number of bytes, all together.
    pub(super) fn new(database: Database, max_bytes: usize) -> Self {
        let cache = |bytes: usize| {
            Cache::builder()
                .weigher(|_, slot: &Arc<Slot>| slot.weigh())
                .max_capacity(bytes as u64)
                .eviction_policy(EvictionPolicy::lru())
        };
        let (kept, small_bytes) = (max_bytes / RESERVED, max_bytes / SMALL);
        let max_bytes = max_bytes - kept;
        let reserved = cache(kept).build();
        let further = reserved.clone();
        let shared = cache(max_bytes).eviction_listener(move |organization, slot: Arc<Slot>, cause| {
            if cause == RemovalCause::Size && slot.is_small(small_bytes) {
                further.insert(*organization, slot);
            }
        });
        Self {
            database,
            shared: shared.build(),
            reserved,
            max_bytes,
            loads: Arc::new(Loads::new(small_bytes)),
        }
    }

    /// The place of an organization's replica.
    pub(super) fn slot(&self, scope: &TenantScope) -> Arc<Slot> {
        let organization = scope.organization();
        self.known(organization).unwrap_or_else(|| self.shared.get_with(organization, Arc::default))
    }

    fn known(&self, organization: OrganizationId) -> Option<Arc<Slot>> {
        self.shared.get(&organization).or_else(|| self.reserved.get(&organization))
    }

    /// The replica of the organization if it is at this revision or a later one, without access to the database.
    pub(super) fn held(&self, scope: &TenantScope, required: i64) -> Option<Arc<Replica>> {
        let replica = self.known(scope.organization())?.replica()?;
        (replica.revision() >= required).then_some(replica)
    }

    /// The replica of the organization at this revision or a later one; `None` if there is none, so that the database must be
    /// read.
    ///
    /// # Errors
    /// Faults of the database.
    pub(super) async fn current(
        &self,
        scope: &TenantScope,
        required: i64,
    ) -> Result<Option<Arc<Replica>>, Fault> {
        let slot = self.slot(scope);
        if slot.replica().is_none() && !self.wait(scope, &slot).await {
            metrics::catalogue_read(CatalogueRead::Fallback);
            return Ok(None);
        }
        let (found, read) = match slot.replica() {
            Some(replica) if replica.revision() >= required => {
                if slot.has_grown() {
                    self.weigh(scope.organization(), &slot);
                }
                (Some(replica), CatalogueRead::Hit)
            }
            Some(_) => match self.update(scope, &slot, required).await? {
                Some(replica) => (Some(replica), CatalogueRead::Updated),
                None => (None, CatalogueRead::Fallback),
            },
            None => (None, CatalogueRead::Fallback),
        };
        metrics::catalogue_read(read);
        Ok(found)
    }

    /// Drops the replica of an organization.
    pub(super) fn forget(&self, organization: OrganizationId) {
        for slots in [&self.shared, &self.reserved] {
            slots.invalidate(&organization);
        }
        self.count();
    }

    /// Loads the replica, or waits for the task that does. Returns false if the caller should not wait any longer.
    async fn wait(&self, scope: &TenantScope, slot: &Arc<Slot>) -> bool {
        let Some((mut end, begun)) = slot.begin() else { return false };
        if let Some(sender) = begun {
            let (replicas, slot, scope) = (self.clone(), Arc::clone(slot), scope.for_several_members());
            // A task of its own: a caller may be dropped, and the others still get the replica.
            let _task = tokio::spawn(async move {
                replicas.load(&scope, &slot).await;
                drop(sender);
            });
        }
        // The channel sends nothing; it closes.
        timeout(WAIT, end.changed()).await.is_ok()
    }

    async fn load(&self, scope: &TenantScope, slot: &Arc<Slot>) {
        let loaded = load(&self.database, scope, self.max_bytes, &self.loads).await;
        metrics::catalogue_loaded(matches!(loaded, Ok(Loaded::Replica(_))));
        match loaded {
            Ok(Loaded::Replica(replica)) => slot.set(State::Ready(Arc::new(replica))),
            Ok(Loaded::TooLarge) => {
                tracing::info!(organization = %scope.organization(), "the catalogue is too large to be kept in memory");
                slot.close_as_too_large(RETRY);
            }
            Err(error) => close(slot, &error),
        }
        self.weigh(scope.organization(), slot);
    }

    /// Applies what has changed since the revision of the replica.
    async fn update(
        &self,
        scope: &TenantScope,
        slot: &Arc<Slot>,
        required: i64,
    ) -> Result<Option<Arc<Replica>>, Fault> {
        let updating = slot.updating.lock().await;
        let Some(replica) = slot.replica() else { return Ok(None) };
        if replica.revision() >= required {
            return Ok(Some(replica));
        }
        metrics::catalogue_lag(required - replica.revision());
        let followed = delta::follow(&self.database, scope, &replica, required, MAX_CHANGED_BYTES).await;
        let replica = match followed {
            Ok(Followed::Current(replica)) if replica.revision() >= required => Arc::new(replica),
            Ok(_) => {
                // The changes between the revisions are not stored any more, or too large to be read beside the replica.
                drop(replica);
                slot.set(State::Empty);
                drop(updating);
                let is_loaded = self.wait(scope, slot).await;
                let replica = slot.replica().filter(|replica| replica.revision() >= required);
                return Ok(replica.filter(|_| is_loaded));
            }
            Err(error @ StorageError::Corrupt(_)) => {
                close(slot, &error);
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        if replica.bytes() > self.max_bytes {
            slot.close_as_too_large(RETRY);
        } else {
            slot.set(State::Ready(Arc::clone(&replica)));
        }
        self.weigh(scope.organization(), slot);
        Ok(Some(replica))
    }

    /// Counts the size of the slot, unless another one has taken its place.
    fn weigh(&self, organization: OrganizationId, slot: &Arc<Slot>) {
        let is_small = slot.is_small(self.loads.small_bytes);
        let weighed = |slots: &Cache<OrganizationId, Arc<Slot>>, stays: bool| {
            slots.entry(organization).and_compute_with(|entry| match entry {
                Some(entry) if Arc::ptr_eq(entry.value(), slot) && stays => Op::Put(Arc::clone(slot)),
                Some(entry) if Arc::ptr_eq(entry.value(), slot) => Op::Remove,
                _ => Op::Nop,
            })
        };
        weighed(&self.shared, true);
        if let CompResult::Removed(_) = weighed(&self.reserved, is_small) {
            self.shared.insert(organization, Arc::clone(slot));
        }
        self.count();
    }

    /// Drops what exceeds the bounds, and counts what remains.
    fn count(&self) {
        for slots in [&self.shared, &self.reserved] {
            slots.run_pending_tasks();
        }
        metrics::catalogue_bytes(self.shared.weighted_size() + self.reserved.weighted_size());
    }
}

/// Drops a replica. The next requests read the database.
fn close(slot: &Slot, error: &StorageError) {
    let text = error.to_string();
    if matches!(error, StorageError::Corrupt(_)) {
        if slot.is_new(&text) {
            tracing::error!(
                error = text,
                "a catalogue cannot be kept in memory; its requests read the database"
            );
        }
        slot.close_for(RETRY);
    } else {
        tracing::debug!(error = text, "a catalogue could not be loaded");
        slot.close_for(RETRY_FAILURE);
    }
}
