//! The memory that requests share, of which no caller and no organization can take all.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::auth::Owner;

const UNIT_BYTES: usize = 1_024;

/// The part of the memory that one organization may take: one of this number.
pub const ORGANIZATIONS: usize = 2;

/// The part of the memory that one caller may take: one of this number.
pub const CALLERS: usize = 4;

/// With more owners than this in memory, those that hold nothing are removed.
const MAX_OWNERS: usize = 1_024;

/// Memory that requests take until they are answered. A request that needs more than the part of its owner takes that part.
pub struct SharedMemory {
    all: Part,
    organizations: Parts<Option<String>>,
    callers: Parts<Owner>,
}

/// The memory of a request, until it is dropped.
#[derive(Debug, Default)]
pub struct Taken(Vec<OwnedSemaphorePermit>);

#[derive(Clone)]
struct Part {
    free: Arc<Semaphore>,
    units: usize,
}

struct Parts<K> {
    used: Mutex<HashMap<K, Part>>,
    units: usize,
}

impl SharedMemory {
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        let units = bytes / UNIT_BYTES;
        Self {
            all: Part::new(units),
            organizations: Parts::new(units / ORGANIZATIONS),
            callers: Parts::new(units / CALLERS),
        }
    }

    /// Takes memory, and waits until it is free. Owners are served in turn: one that waits for its own part does not
    /// keep others waiting.
    pub async fn take(&self, owner: &Owner, bytes: usize) -> Taken {
        let mut taken = Taken::default();
        for part in self.parts(owner) {
            // A semaphore that is never closed always gives permits in the end.
            taken.0.extend(Arc::clone(&part.free).acquire_many_owned(part.permits(bytes)).await.ok());
        }
        taken
    }

    /// Takes memory that is free now.
    pub fn try_take(&self, owner: &Owner, bytes: usize) -> Option<Taken> {
        let of_parts = self.parts(owner).into_iter();
        of_parts
            .map(|part| Arc::clone(&part.free).try_acquire_many_owned(part.permits(bytes)).ok())
            .collect::<Option<_>>()
            .map(Taken)
    }

    /// The parts to take memory from, the smallest first.
    fn parts(&self, owner: &Owner) -> [Part; 3] {
        [self.callers.of(owner), self.organizations.of(&owner.organization), self.all.clone()]
    }
}

impl Part {
    fn new(units: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(units)), units }
    }

    fn permits(&self, bytes: usize) -> u32 {
        u32::try_from((bytes / UNIT_BYTES).min(self.units)).unwrap_or(u32::MAX)
    }
}

impl<K: Clone + Eq + std::hash::Hash> Parts<K> {
    fn new(units: usize) -> Self {
        Self { used: Mutex::default(), units }
    }

    fn of(&self, owner: &K) -> Part {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= MAX_OWNERS {
            // Permits and waiting requests have references of their own.
            used.retain(|_, part| Arc::strong_count(&part.free) > 1);
        }
        used.entry(owner.clone()).or_insert_with(|| Part::new(self.units)).clone()
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::text::UserId;
    use futures::FutureExt;

    use super::*;

    const KIB: usize = 1_024;

    fn owner(organization: &str, user: usize) -> Owner {
        let user = UserId::parse(&format!("user-{user}")).unwrap();
        Owner { organization: Some(organization.to_owned()), user }
    }

    #[test]
    fn a_caller_and_an_organization_leave_memory_to_others() {
        let memory = SharedMemory::new(64 * KIB);
        let first = memory.try_take(&owner("acme", 1), 16 * KIB);
        assert!(first.is_some() && memory.try_take(&owner("acme", 1), KIB).is_none());
        let second = memory.try_take(&owner("acme", 2), 16 * KIB);
        assert!(second.is_some() && memory.try_take(&owner("acme", 3), KIB).is_none());
        let others = [4, 5].map(|user| memory.try_take(&owner("other", user), 16 * KIB));
        assert!(others.iter().all(Option::is_some));
        assert!(memory.try_take(&owner("third", 6), KIB).is_none(), "all memory is taken");
        drop(first);
        assert!(memory.try_take(&owner("acme", 3), KIB).is_some());
    }

    #[test]
    fn a_request_beyond_the_part_of_its_owner_runs_alone() {
        let memory = SharedMemory::new(64 * KIB);
        let large = memory.try_take(&owner("acme", 1), 1_000 * KIB);
        assert!(large.is_some() && memory.try_take(&owner("acme", 2), KIB).is_none());
    }

    #[test]
    fn a_waiting_request_gets_memory_in_turn_and_does_not_stop_others() {
        let memory = SharedMemory::new(64 * KIB);
        let owner_of_both = owner("acme", 1);
        let first = memory.take(&owner_of_both, 16 * KIB).now_or_never();
        let mut waiting = Box::pin(memory.take(&owner_of_both, 16 * KIB));
        assert!((&mut waiting).now_or_never().is_none());
        assert!(memory.take(&owner("acme", 2), 8 * KIB).now_or_never().is_some());
        drop(first);
        assert!(waiting.now_or_never().is_some());
    }

    #[test]
    fn owners_that_hold_nothing_are_forgotten() {
        let memory = SharedMemory::new(64 * KIB);
        let held = memory.try_take(&owner("acme", 0), 16 * KIB);
        for user in 1..2 * MAX_OWNERS {
            assert!(memory.try_take(&owner("acme", user), KIB).is_some());
        }
        assert!(memory.callers.used.lock().unwrap().len() <= MAX_OWNERS);
        assert!(held.is_some() && memory.try_take(&owner("acme", 0), KIB).is_none());
    }
}
