//! Every port, kept in memory.
//!
//! As strict as a database: each change is decided on a copy of the organization's data, which replaces it only
//! if nothing was refused, all behind one lock. So a change happens entirely or not at all, and no two at once.

mod activity_log;
mod answers;
mod catalogue;
mod directory;
mod edits;
mod entries;
mod events;
mod idempotency;
mod issues;
mod members;
mod organizations;
mod pages;
mod personal_data;
mod registration_book;
mod registrations;
mod seats;
mod tenant;
mod transaction;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use convene_domain::id::OrganizationId;

use self::{idempotency::Keys, tenant::Tenant};
use super::{Adapters, SequentialIds, contract::Harness};
use crate::{caller::TenantScope, failure::Fault};

/// Storage in memory. A clone is another handle on the same storage.
#[derive(Clone, Default)]
pub struct InMemory {
    world: Arc<Mutex<World>>,
    ids: Arc<SequentialIds>,
}

/// Everything that is stored.
#[derive(Default)]
struct World {
    organizations: BTreeMap<OrganizationId, Arc<Tenant>>,
    /// The idempotency keys under which organizations were founded: those belong to none.
    founding_keys: Keys,
}

impl InMemory {
    /// Empty storage.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The ports over this storage.
    #[must_use]
    pub fn adapters(&self) -> Adapters {
        let this = Arc::new(self.clone());
        Adapters {
            directory: this.clone(),
            organizations: this.clone(),
            members: this.clone(),
            events: this.clone(),
            catalogue: this.clone(),
            registration_book: this.clone(),
            registrations: this.clone(),
            issues: this.clone(),
            activity_log: this.clone(),
            personal_data: this,
        }
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The organization's data as they are at this moment.
    fn read(&self, scope: &TenantScope) -> Result<Arc<Tenant>, Fault> {
        let found = self.lock().organizations.get(&scope.organization()).cloned();
        found.ok_or_else(|| Fault::internal(format!("{} is gone", scope.organization())))
    }
}

impl Harness for InMemory {
    fn adapters(&self) -> Adapters {
        self.adapters()
    }
}
