use std::{future::Future, time::Duration};

use convene_domain::id::{MemberId, OrganizationId};
use futures::FutureExt;
use uuid::Uuid;

use super::*;

const RULES: Rules = Rules {
    permits: 2,
    is_shared: false,
    are_short: false,
    waiting: 1_000,
    waiting_of_organization: 900,
    waiting_of_member: 800,
};

fn gate() -> Arc<Gate> {
    Arc::new(Gate::new("test", RULES))
}

fn owner(organization: u128) -> Owner {
    Owner {
        organization: Some(OrganizationId::from_uuid(Uuid::from_u128(organization))),
        member: Some(MemberId::from_uuid(Uuid::from_u128(1))),
    }
}

fn enter(gate: &Arc<Gate>, organization: u128) -> impl Future<Output = Result<Permit, StorageError>> + use<> {
    let gate = Arc::clone(gate);
    async move { gate.enter(owner(organization), Instant::now() + Duration::from_secs(10)).await }
}

fn counts(gate: &Gate) -> (usize, usize) {
    let ledger = gate.ledger();
    (ledger.in_flight(), ledger.waiting())
}

#[tokio::test]
async fn a_call_waits_until_a_permit_is_returned() {
    let gate = gate();
    let first = enter(&gate, 1).await.unwrap();
    let _second = enter(&gate, 1).await.unwrap();
    let mut third = Box::pin(enter(&gate, 1));
    assert!((&mut third).now_or_never().is_none());
    drop(first);
    assert!(third.await.is_ok());
}

#[tokio::test]
async fn waiting_calls_that_are_dropped_leave_nothing_behind() {
    let gate = gate();
    let held = [enter(&gate, 1).await.unwrap(), enter(&gate, 1).await.unwrap()];
    for _ in 0..10 {
        let mut dropped: Vec<_> = (0..500).map(|_| Box::pin(enter(&gate, 2))).collect();
        assert!(dropped.iter_mut().all(|call| call.now_or_never().is_none()));
        assert_eq!(counts(&gate), (2, 500));
    }
    assert_eq!(counts(&gate), (2, 0));
    drop(held);
    assert_eq!(counts(&gate), (0, 0));
    assert!(enter(&gate, 3).now_or_never().unwrap().is_ok());
}

#[tokio::test]
async fn a_permit_that_was_granted_to_a_dropped_call_is_returned() {
    let gate = gate();
    let held = [enter(&gate, 1).await.unwrap(), enter(&gate, 1).await.unwrap()];
    let mut dropped = Box::pin(enter(&gate, 1));
    assert!((&mut dropped).now_or_never().is_none());
    drop(held);
    assert_eq!(counts(&gate), (1, 0), "the permit was granted");
    drop(dropped);
    assert_eq!(counts(&gate), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_until_its_deadline_only() {
    let gate = gate();
    let _held = [enter(&gate, 1).await.unwrap(), enter(&gate, 1).await.unwrap()];
    assert!(matches!(enter(&gate, 2).await, Err(StorageError::Overloaded)));
    assert_eq!(counts(&gate), (2, 0));
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let gate = gate();
    let _held = [enter(&gate, 1).await.unwrap(), enter(&gate, 1).await.unwrap()];
    let mut waiting: Vec<_> = (0..800).map(|_| Box::pin(enter(&gate, 1))).collect();
    assert!(waiting.iter_mut().all(|call| call.now_or_never().is_none()));
    assert!(matches!(enter(&gate, 1).now_or_never().unwrap(), Err(StorageError::Overloaded)));
    assert!(enter(&gate, 2).now_or_never().is_none(), "another organization may wait");
}

#[tokio::test]
async fn permits_are_returned_after_a_panic() {
    let gate = gate();
    let panicking = enter(&gate, 1).map(|permit| {
        let _permit = permit.unwrap();
        panic!("in a test");
    });
    assert!(tokio::spawn(panicking).await.is_err());
    assert_eq!(counts(&gate), (0, 0));
}
