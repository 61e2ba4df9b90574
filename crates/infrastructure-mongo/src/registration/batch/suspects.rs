use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use convene_application::change::Change;
use convene_domain::id::OrganizationId;
use moka::sync::Cache;

use crate::registration::queue::{Batch, Target};

/// The time for which a caller or an object stays suspect.
const SUSPICION: Duration = Duration::from_secs(60);
/// The largest number of suspects.
const MAX_SUSPECTS: u64 = 10_000;

/// Callers and objects whose requests made a batch fail a short time ago. Their requests get a batch of their own, so that
/// a caller who repeats such a request costs the others nothing.
///
/// Only hashes are kept. If two are equal by chance, a request gets another batch than it would have otherwise.
#[derive(Debug, Clone)]
pub(super) struct Suspects {
    hashes: Cache<u64, ()>,
    hasher: RandomState,
}

impl Suspects {
    pub(super) fn new() -> Self {
        let hashes = Cache::builder().max_capacity(MAX_SUSPECTS).time_to_live(SUSPICION).build();
        Self { hashes, hasher: RandomState::new() }
    }

    /// Suspects the callers of the requests at these positions.
    pub(super) fn add_callers(&self, batch: &Batch, positions: &[usize]) {
        let Some(organization) = batch.scope().map(|scope| scope.organization()) else { return };
        for (change, _) in positions.iter().filter_map(|&position| batch.requests().nth(position)) {
            self.hashes.insert(self.of_caller(organization, change), ());
        }
    }

    /// Suspects the objects that the requests are about.
    pub(super) fn add_objects(&self, batch: &Batch) {
        batch.requests().for_each(|(_, target)| self.hashes.insert(self.of_object(target), ()));
    }

    /// Takes the requests of suspect callers out of a batch, and those that have the idempotency key of an earlier
    /// request.
    pub(super) fn set_apart_by_caller(&self, batch: &mut Batch) -> Batch {
        let Some(organization) = batch.scope().map(|scope| scope.organization()) else {
            return Batch::default();
        };
        let mut keys = HashSet::with_capacity(batch.len());
        let marks: Vec<bool> = batch
            .requests()
            .map(|(change, _)| {
                let key = change.idempotency.as_ref().map(|idempotency| (&change.actor, &idempotency.key));
                key.is_some_and(|key| !keys.insert(key))
                    || self.hashes.contains_key(&self.of_caller(organization, change))
            })
            .collect();
        batch.extract(marks)
    }

    /// Takes the requests about suspect objects out of a batch.
    pub(super) fn set_apart_by_object(&self, batch: &mut Batch) -> Batch {
        let is_suspect = |(_, target): (&Change, Target)| self.hashes.contains_key(&self.of_object(target));
        let marks: Vec<bool> = batch.requests().map(is_suspect).collect();
        batch.extract(marks)
    }

    fn of_caller(&self, organization: OrganizationId, change: &Change) -> u64 {
        self.hasher.hash_one((organization, &change.actor))
    }

    fn of_object(&self, target: Target) -> u64 {
        self.hasher.hash_one(target.key)
    }
}
