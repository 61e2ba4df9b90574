//! The stored state that a batch decides on.

use std::collections::{BTreeMap, HashSet};

use convene_domain::{occurrence::OccurrenceKey, registration::Registration, time::Instant};

use super::{
    Verification, WaitingRequests, cancel,
    derived::{self, Unloaded},
};
use crate::{
    error::Attempt,
    metrics::{self, CacheResult},
    registration::{
        cache::OccurrenceCache,
        seats::{OccurrenceSeats, Occurrences},
    },
    transaction::Transaction,
};

/// The stored state that a batch decides on.
pub(super) struct Stored {
    /// The registrations that are to be cancelled.
    pub(super) to_cancel: Vec<Registration>,
    pub(super) occurrences: Occurrences,
    /// The occurrences that were not found by their ids.
    pub(super) found: Unloaded,
}

impl Stored {
    /// Reads the state. Optimistic verification does not read an occurrence that has seats for all according to the
    /// cache.
    pub(super) async fn load(
        transaction: &mut Transaction<'_>,
        waiting: &WaitingRequests<'_>,
        cache: &OccurrenceCache,
        verification: Verification,
    ) -> Attempt<Self> {
        let to_cancel = cancel::find(transaction, &waiting.cancellations).await?;
        let mut wanted: BTreeMap<OccurrenceKey, Vec<Instant>> = BTreeMap::new();
        for registering in &waiting.registrations {
            wanted.entry(registering.request.occurrence).or_default().push(registering.change.at);
        }
        let of_cancelled: HashSet<OccurrenceKey> =
            to_cancel.iter().map(|registration| registration.occurrence).collect();
        let mut cached = Vec::new();
        if verification == Verification::Optimistic {
            let scope = *transaction.scope();
            wanted.retain(|&key, times| {
                let found = cache.with_seats(&scope, key, times).filter(|_| !of_cancelled.contains(&key));
                let is_unknown = found.is_none();
                cached.extend(found.map(|document| OccurrenceSeats::cached(key, document, times.len())));
                is_unknown
            });
        }
        metrics::occurrence_cache(CacheResult::Hit, cached.len());
        metrics::occurrence_cache(CacheResult::Miss, wanted.len());
        let read = of_cancelled.into_iter().chain(wanted.keys().copied());
        let mut occurrences = Occurrences::load(transaction, read).await?;
        let times = waiting.registrations.iter().map(|registering| registering.change.at);
        let found = match times.min() {
            Some(now) => derived::find(transaction, &mut occurrences, wanted.into_keys(), now).await?,
            None => Unloaded::default(),
        };
        cached.into_iter().for_each(|occurrence| occurrences.insert(occurrence));
        Ok(Self { to_cancel, occurrences, found })
    }
}
