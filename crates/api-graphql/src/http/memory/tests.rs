use std::time::Duration;

use convene_domain::text::UserId;
use futures::{FutureExt, future::BoxFuture};
use tokio::time::timeout;

use super::*;

const KIB: usize = 1_024;

fn owner(organization: &str, user: usize) -> Owner {
    let user = UserId::parse(&format!("user-{user}")).unwrap();
    Owner { organization: Some(organization.to_owned()), user }
}

/// Takes as much as possible for different callers of the organization, in parts of this size.
fn take_all(memory: &SharedMemory, organization: &str, part: usize) -> Vec<Taken> {
    (0..1_000).map_while(|user| memory.try_take(&owner(organization, user), part)).collect()
}

#[test]
fn a_caller_and_an_organization_leave_memory_to_others() {
    let memory = SharedMemory::new(64 * KIB);
    let first = memory.try_take(&owner("acme", 1), 16 * KIB);
    assert!(first.is_some() && memory.try_take(&owner("acme", 1), KIB).is_none());
    let second = memory.try_take(&owner("acme", 2), 16 * KIB);
    assert!(second.is_some() && memory.try_take(&owner("acme", 3), KIB).is_none());
    let other = memory.try_take(&owner("other", 4), 16 * KIB);
    assert!(other.is_some() && memory.try_take(&owner("other", 5), KIB).is_none());
    drop(first);
    assert!(memory.try_take(&owner("acme", 3), KIB).is_some());
}

#[test]
fn organizations_alone_and_callers_alone_have_the_documented_parts() {
    let memory = SharedMemory::new(64 * KIB);
    let of_caller: Vec<_> = (0..100).map_while(|_| memory.try_take(&owner("acme", 0), KIB)).collect();
    assert_eq!(of_caller.len(), 64 / CALLERS);
    drop(of_caller);
    assert_eq!(take_all(&memory, "acme", KIB).len(), 64 / ORGANIZATIONS);
}

#[test]
fn several_greedy_organizations_leave_memory_to_the_next_one() {
    let memory = SharedMemory::new(1_024 * KIB);
    let names: Vec<_> = (0..8).map(|number| format!("greedy-{number}")).collect();
    let mut held: Vec<_> = names.iter().map(|name| take_all(&memory, name, KIB)).collect();
    assert!(
        memory.try_take(&owner("next", 0), KIB).is_some(),
        "also while the first ones hold their former parts"
    );
    // They return what they hold, and take as much as they can.
    for round in 0..4_000 {
        let number = round % names.len();
        held[number].pop();
        held[number].extend(memory.try_take(&owner(&names[number], round), KIB));
    }
    let left = take_all(&memory, "next", KIB).len();
    assert!(left >= 1_024 / (names.len() + 1) / 2 - 1, "{left}");
}

#[test]
fn several_greedy_callers_leave_memory_to_the_next_one() {
    let memory = SharedMemory::new(1_024 * KIB);
    let mut held = Vec::new();
    for user in 0..6 {
        held.extend((0..1_000).map_while(|_| memory.try_take(&owner("acme", user), KIB)));
    }
    assert!(memory.try_take(&owner("acme", 7), KIB).is_some());
}

#[test]
fn a_request_beyond_the_part_of_its_owner_runs_alone() {
    let memory = SharedMemory::new(64 * KIB);
    let large = memory.try_take(&owner("acme", 1), 1_000 * KIB);
    assert!(large.is_some() && memory.try_take(&owner("acme", 1), KIB).is_none());
}

fn taking<'m>(memory: &'m SharedMemory, owner: &'m Owner, bytes: usize) -> BoxFuture<'m, Taken> {
    memory.take(owner, bytes).boxed()
}

#[test]
fn a_waiting_request_gets_memory_in_turn_and_does_not_stop_others() {
    let memory = SharedMemory::new(64 * KIB);
    let owner_of_both = owner("acme", 1);
    let first = memory.take(&owner_of_both, 16 * KIB).now_or_never();
    let mut waiting = taking(&memory, &owner_of_both, 16 * KIB);
    assert!((&mut waiting).now_or_never().is_none());
    assert!(memory.take(&owner("acme", 2), 8 * KIB).now_or_never().is_some());
    drop(first);
    assert!(waiting.now_or_never().is_some());
}

#[test]
fn an_organization_that_holds_nothing_is_served_first_and_small_requests_of_others_at_once() {
    let memory = SharedMemory::new(64 * KIB);
    let owners: Vec<_> = (0..5).map(|user| owner("acme", user)).collect();
    let mut held: Vec<_> = owners.iter().take(2).map(|it| memory.try_take(it, 16 * KIB).unwrap()).collect();
    let of_second = memory.try_take(&owner("second", 0), 16 * KIB);
    assert!(of_second.is_some());
    let mut greedy: Vec<_> = owners.iter().skip(2).map(|it| taking(&memory, it, 16 * KIB)).collect();
    assert!(greedy.iter_mut().all(|taking| taking.now_or_never().is_none()));
    let third = owner("third", 0);
    let mut large = taking(&memory, &third, 16 * KIB);
    assert!((&mut large).now_or_never().is_none());
    assert!(memory.take(&owner("fourth", 0), 4 * KIB).now_or_never().is_some(), "a small request");
    held.pop();
    let large = large.now_or_never();
    assert!(large.is_some(), "before the others, which came earlier");
    assert!(greedy.iter_mut().all(|taking| taking.now_or_never().is_none()));
}

#[test]
fn a_caller_that_holds_nothing_is_served_before_one_of_its_organization_that_does() {
    let memory = SharedMemory::new(64 * KIB);
    let [busy, other, calm] = [1, 2, 3].map(|user| owner("acme", user));
    let mut held = vec![memory.try_take(&busy, 10 * KIB), memory.try_take(&other, 16 * KIB)];
    let mut again = taking(&memory, &busy, 2 * KIB);
    assert!((&mut again).now_or_never().is_none());
    let mut new = taking(&memory, &calm, 16 * KIB);
    assert!((&mut new).now_or_never().is_none());
    held.pop();
    let new = new.now_or_never();
    assert!(new.is_some() && again.now_or_never().is_none());
}

#[test]
fn small_requests_of_an_organization_pass_a_large_one_that_does_not_fit_until_they_took_as_much() {
    let memory = SharedMemory::new(64 * KIB);
    let callers: Vec<_> = (0..40).map(|user| owner("acme", user)).collect();
    let mut held = vec![memory.try_take(&callers[0], 16 * KIB), memory.try_take(&callers[1], 4 * KIB)];
    let mut large = taking(&memory, &callers[2], 16 * KIB);
    assert!((&mut large).now_or_never().is_none());
    let again = memory.try_take(&callers[1], KIB);
    assert!(again.is_none(), "a caller that holds something does not pass it");
    // One after the other, each of another caller.
    let passing = callers.iter().skip(3).map_while(|it| memory.take(it, 2 * KIB).now_or_never());
    assert_eq!(passing.count(), 8, "as much as the large one needs");
    let mut late = taking(&memory, &callers[30], 2 * KIB);
    assert!((&mut late).now_or_never().is_none());
    held.remove(0);
    assert!(large.now_or_never().is_some() && late.now_or_never().is_some());
}

#[test]
fn a_waiting_small_request_passes_a_large_one_when_memory_becomes_free() {
    let memory = SharedMemory::new(64 * KIB);
    let callers: Vec<_> = (0..5).map(|user| owner("acme", user)).collect();
    let mut held = vec![memory.try_take(&callers[0], 16 * KIB), memory.try_take(&callers[1], 16 * KIB)];
    held.push(memory.try_take(&owner("other", 0), 12 * KIB));
    let mut large = taking(&memory, &callers[2], 16 * KIB);
    let mut small = taking(&memory, &callers[3], 2 * KIB);
    assert!((&mut large).now_or_never().is_none() && (&mut small).now_or_never().is_none());
    drop(held.pop());
    assert!((&mut large).now_or_never().is_none());
    drop(held);
    assert!(small.now_or_never().is_some() && large.now_or_never().is_some());
}

#[test]
fn requests_that_stop_waiting_leave_nothing_behind() {
    let memory = SharedMemory::new(64 * KIB);
    let acme = owner("acme", 1);
    let held = memory.try_take(&acme, 16 * KIB);
    for _ in 0..100 {
        let mut waiting = taking(&memory, &acme, 8 * KIB);
        assert!((&mut waiting).now_or_never().is_none());
    }
    let mut granted = taking(&memory, &acme, 8 * KIB);
    assert!((&mut granted).now_or_never().is_none());
    drop(held);
    drop(granted);
    assert!(lock(&memory.0).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_served_in_the_end() {
    let memory = SharedMemory::new(64 * KIB);
    let tasks = (0..600_usize).map(|number| {
        let memory = memory.clone();
        tokio::spawn(async move {
            let owner = owner(&format!("org-{}", number % 7), number % 13);
            let taken = memory.take(&owner, (1 + number % 20) * KIB).await;
            tokio::task::yield_now().await;
            drop(taken);
        })
    });
    let tasks: Vec<_> = tasks.collect();
    for task in tasks {
        timeout(Duration::from_secs(20), task).await.unwrap().unwrap();
    }
    assert!(lock(&memory.0).is_empty());
}
