use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use convene_application::failure::Fault;
use convene_domain::id::{MemberId, OrganizationId};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// How many calls of one member may wait for their turn.
const MOST_WAITING: usize = 256;

type Key = (OrganizationId, MemberId);
type Door = Arc<AsyncMutex<()>>;

/// Lets each member through one call at a time, in the order in which they came.
///
/// Nothing depends on it: calls that pass by it, in another process, meet in the member's agenda and one of them
/// is run again. This saves the meeting.
#[derive(Debug, Default)]
pub(super) struct MemberGate(Mutex<HashMap<Key, Door>>);

/// A member's turn, or the wait for it; over when it is dropped.
pub(super) struct Turn<'gate> {
    gate: &'gate MemberGate,
    key: Key,
    door: Door,
    held: Option<OwnedMutexGuard<()>>,
}

impl MemberGate {
    /// Waits for the member's turn.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] if too many calls of the member are waiting.
    pub(super) async fn enter(
        &self,
        organization: OrganizationId,
        member: MemberId,
    ) -> Result<Turn<'_>, Fault> {
        let key = (organization, member);
        let door = Arc::clone(self.doors().entry(key).or_default());
        let mut turn = Turn { gate: self, key, door, held: None };
        if Arc::strong_count(&turn.door) > MOST_WAITING {
            return Err(Fault::Overloaded);
        }
        turn.held = Some(Arc::clone(&turn.door).lock_owned().await);
        Ok(turn)
    }

    fn doors(&self) -> MutexGuard<'_, HashMap<Key, Door>> {
        // A panic elsewhere leaves a map that is still in order.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.held = None;
        let mut doors = self.gate.doors();
        // This turn's own handle and the map's: nobody else is there.
        if Arc::strong_count(&self.door) <= 2 {
            doors.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::id::{MemberId, OrganizationId};
    use futures::FutureExt;
    use uuid::Uuid;

    use super::*;

    fn member(number: u128) -> (OrganizationId, MemberId) {
        (OrganizationId::from_uuid(Uuid::nil()), MemberId::from_uuid(Uuid::from_u128(number)))
    }

    #[tokio::test]
    async fn lets_one_call_of_a_member_through_at_a_time() {
        let gate = MemberGate::default();
        let (organization, ada) = member(1);
        let first = gate.enter(organization, ada).await.unwrap();
        let mut second = Box::pin(gate.enter(organization, ada));
        assert!((&mut second).now_or_never().is_none());
        assert!(gate.enter(organization, member(2).1).now_or_never().is_some());
        drop(first);
        assert!(second.now_or_never().is_some());
        assert!(gate.doors().is_empty());
    }

    #[tokio::test]
    async fn forgets_who_stopped_waiting() {
        let gate = MemberGate::default();
        let (organization, ada) = member(1);
        let first = gate.enter(organization, ada).await.unwrap();
        let mut second = Box::pin(gate.enter(organization, ada));
        assert!((&mut second).now_or_never().is_none());
        drop(first);
        drop(second);
        assert!(gate.doors().is_empty());
    }

    #[tokio::test]
    async fn turns_too_many_away() {
        let gate = MemberGate::default();
        let (organization, ada) = member(1);
        let mut waiting: Vec<_> = (0..300).map(|_| Box::pin(gate.enter(organization, ada))).collect();
        let answers: Vec<_> = waiting.iter_mut().map(FutureExt::now_or_never).collect();
        assert!(matches!(answers.last(), Some(Some(Err(Fault::Overloaded)))));
    }
}
