//! Turns: who would only get in each other's way goes one after the other.

use std::hash::{BuildHasher, RandomState};

use convene_application::{caller::TenantScope, failure::Fault};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

use crate::deadline::TURN;

/// How many organizations can have their turn at the same time, if no two of them share one by chance.
const LANES: usize = 64;

/// Turns of changes that all write their organization's document.
///
/// In the database such transactions abort each other and run again, which takes the longer the more there are.
/// Here they queue, in the order in which they came. Nothing relies on it: other processes have queues of their
/// own, and the database decides between them.
pub(crate) struct Turns {
    lanes: [Mutex<()>; LANES],
    hasher: RandomState,
}

impl Turns {
    pub(crate) fn new() -> Self {
        Self { lanes: std::array::from_fn(|_| Mutex::new(())), hasher: RandomState::new() }
    }

    /// Waits for the organization's turn, which lasts until what is answered is dropped.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] if it does not come within [`TURN`].
    pub(crate) async fn wait(&self, scope: &TenantScope) -> Result<MutexGuard<'_, ()>, Fault> {
        let hash = self.hasher.hash_one(scope) % LANES as u64;
        let lane = usize::try_from(hash).ok().and_then(|lane| self.lanes.get(lane));
        let lane = lane.ok_or_else(|| Fault::internal("there is no such lane"))?;
        timeout(TURN, lane.lock()).await.map_err(|_| Fault::Overloaded)
    }
}

#[cfg(test)]
mod tests {
    use convene_application::testing::builders::fresh_uuid;
    use convene_domain::id::OrganizationId;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_organization_has_one_turn_at_a_time() {
        let turns = Turns::new();
        let scope = TenantScope::for_tests(OrganizationId::from_uuid(fresh_uuid()));
        let turn = turns.wait(&scope).await.unwrap();
        assert!(matches!(turns.wait(&scope).await, Err(Fault::Overloaded)));
        drop(turn);
        assert!(turns.wait(&scope).await.is_ok());
    }
}
