//! Adapters of all ports in memory.
//!
//! Changes are atomic and serialized: behind one lock, each change is made on a copy of the organization's data, which
//! replaces the original unless the change is refused.

mod activity_log;
mod catalogue;
mod directory;
mod edits;
mod events;
mod folded_texts;
mod former_clocks;
mod idempotency;
mod issues;
mod jobs;
mod members;
mod organizations;
mod pages;
mod personal_data;
mod realignment;
mod registration_book;
mod registrations;
mod results;
mod seats;
mod tenant;
mod transaction;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use convene_domain::{id::OrganizationId, text::Slug, time::Instant};

use self::{folded_texts::FoldedTexts, idempotency::UsedKeys, tenant::Tenant};
use super::{
    Adapters, SequentialIds,
    contract::{FormerClocks, Harness},
};
use crate::{caller::TenantScope, failure::Fault};

/// Storage in memory. A clone shares the storage.
#[derive(Clone, Default)]
pub struct InMemory {
    world: Arc<Mutex<World>>,
    ids: Arc<SequentialIds>,
    texts: FoldedTexts,
}

/// The stored data.
#[derive(Default)]
struct World {
    organizations: BTreeMap<OrganizationId, Arc<Tenant>>,
    /// The deleted organizations: their slugs stay reserved.
    deleted: BTreeMap<OrganizationId, (Slug, Instant)>,
    /// The idempotency keys of the operator, who belongs to no organization.
    operator_keys: UsedKeys,
    /// The version of the time-zone database that was recorded last.
    time_zones: Option<String>,
}

impl InMemory {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

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
            personal_data: this.clone(),
            realignment: this,
        }
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a snapshot of the organization's data.
    fn read(&self, scope: &TenantScope) -> Result<Arc<Tenant>, Fault> {
        let found = self.lock().organizations.get(&scope.organization()).cloned();
        found.ok_or_else(|| Fault::internal(format!("{} is gone", scope.organization())))
    }
}

impl Harness for InMemory {
    fn adapters(&self) -> Adapters {
        self.adapters()
    }

    fn former_clocks(&self) -> Arc<dyn FormerClocks> {
        Arc::new(self.clone())
    }
}
