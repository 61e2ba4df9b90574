use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use convene_application::failure::Fault;
use convene_domain::id::{MemberId, OrganizationId};
use tokio::sync::oneshot;

/// How many calls of one member may wait for their turn.
const MOST_WAITING: usize = 256;

type Key = (OrganizationId, MemberId);

/// Lets the calls of a member through to one batcher at a time, in the order in which they came.
///
/// Within a batch they get on with each other; two batchers would meet in the member's agenda, and one of them would
/// have to run its whole batch again. Nothing depends on this gate: calls of another process pass by it.
#[derive(Debug, Default)]
pub(super) struct MemberGate(Mutex<HashMap<Key, Door>>);

/// Where the calls of one member go through.
#[derive(Debug, Default)]
struct Door {
    /// The batcher that they go to now.
    batcher: usize,
    /// How many of them are there.
    inside: usize,
    /// Those who must wait: for which batcher, and where.
    waiting: VecDeque<(usize, oneshot::Sender<()>)>,
}

/// A call's turn; over when it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'gate> {
    gate: &'gate MemberGate,
    key: Key,
}

impl MemberGate {
    /// Waits for the turn of a member's call to a batcher.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] if too many calls of the member are waiting.
    pub(super) async fn enter(
        &self,
        organization: OrganizationId,
        member: MemberId,
        batcher: usize,
    ) -> Result<Turn<'_>, Fault> {
        let key = (organization, member);
        let called = {
            let mut doors = self.doors();
            let door = doors.entry(key).or_default();
            if door.inside == 0 || (door.batcher == batcher && door.waiting.is_empty()) {
                door.batcher = batcher;
                door.inside += 1;
                None
            } else if door.waiting.len() >= MOST_WAITING {
                return Err(Fault::Overloaded);
            } else {
                let (call, called) = oneshot::channel();
                door.waiting.push_back((batcher, call));
                Some(called)
            }
        };
        if let Some(called) = called {
            let mut waiting = Waiting { turn: Some(Turn { gate: self, key }), called };
            (&mut waiting.called).await.map_err(|_| Fault::internal("a member's turn was lost"))?;
            return waiting.turn.take().ok_or_else(|| Fault::internal("a member's turn was lost"));
        }
        Ok(Turn { gate: self, key })
    }

    /// One call less is inside.
    fn leave(&self, key: Key) {
        let mut doors = self.doors();
        if let Some(door) = doors.get_mut(&key) {
            door.inside = door.inside.saturating_sub(1);
            door.call_next();
            if door.inside == 0 {
                doors.remove(&key);
            }
        }
    }

    fn doors(&self) -> MutexGuard<'_, HashMap<Key, Door>> {
        // A panic elsewhere leaves a map that is still in order.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Door {
    /// Calls the first who waits, and all others who wait for the same batcher.
    fn call_next(&mut self) {
        while self.inside == 0
            && let Some(&(batcher, _)) = self.waiting.front()
        {
            self.batcher = batcher;
            let (called, rest) = std::mem::take(&mut self.waiting)
                .into_iter()
                .partition::<VecDeque<_>, _>(|call| call.0 == batcher);
            self.waiting = rest;
            // Who does not hear it has stopped waiting.
            self.inside = called.into_iter().filter_map(|(_, call)| call.send(()).ok()).count();
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.gate.leave(self.key);
    }
}

/// A call that waits. Whoever is called is counted as inside from then on, even if nobody listens any more.
struct Waiting<'gate> {
    turn: Option<Turn<'gate>>,
    called: oneshot::Receiver<()>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Some(turn) = self.turn.take() else { return };
        // Either nobody calls after this, or somebody has called: then the turn is over, unused.
        self.called.close();
        if self.called.try_recv().is_err() {
            std::mem::forget(turn);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use uuid::Uuid;

    use super::*;

    const ORGANIZATION: OrganizationId = OrganizationId::from_uuid(Uuid::nil());
    const ADA: MemberId = MemberId::from_uuid(Uuid::from_u128(1));
    const BOB: MemberId = MemberId::from_uuid(Uuid::from_u128(2));

    #[tokio::test]
    async fn lets_calls_of_a_member_through_to_one_batcher_at_a_time() {
        let gate = MemberGate::default();
        let first = gate.enter(ORGANIZATION, ADA, 0).await.unwrap();
        let second = gate.enter(ORGANIZATION, ADA, 0).await.unwrap();
        let mut other = Box::pin(gate.enter(ORGANIZATION, ADA, 1));
        assert!((&mut other).now_or_never().is_none());
        let mut late = Box::pin(gate.enter(ORGANIZATION, ADA, 0));
        assert!((&mut late).now_or_never().is_none(), "it does not pass those who wait");
        assert!(gate.enter(ORGANIZATION, BOB, 1).now_or_never().is_some());
        drop(first);
        assert!((&mut other).now_or_never().is_none());
        drop(second);
        let other = other.now_or_never().unwrap().unwrap();
        assert!((&mut late).now_or_never().is_none());
        drop(other);
        drop(late.now_or_never().unwrap().unwrap());
        assert!(gate.doors().is_empty());
    }

    #[tokio::test]
    async fn calls_on_when_one_stopped_waiting() {
        let gate = MemberGate::default();
        let first = gate.enter(ORGANIZATION, ADA, 0).await.unwrap();
        let mut gone = Box::pin(gate.enter(ORGANIZATION, ADA, 1));
        assert!((&mut gone).now_or_never().is_none());
        let mut patient = Box::pin(gate.enter(ORGANIZATION, ADA, 0));
        assert!((&mut patient).now_or_never().is_none());
        drop(gone);
        drop(first);
        drop(patient.now_or_never().unwrap().unwrap());
        assert!(gate.doors().is_empty());
    }

    #[tokio::test]
    async fn turns_too_many_away() {
        let gate = MemberGate::default();
        let _first = gate.enter(ORGANIZATION, ADA, 0).await.unwrap();
        let mut waiting: Vec<_> =
            (0..=MOST_WAITING).map(|_| Box::pin(gate.enter(ORGANIZATION, ADA, 1))).collect();
        let answers: Vec<_> = waiting.iter_mut().map(FutureExt::now_or_never).collect();
        assert!(matches!(answers.last(), Some(Some(Err(Fault::Overloaded)))));
        assert!(answers.iter().take(MOST_WAITING).all(Option::is_none));
    }
}
