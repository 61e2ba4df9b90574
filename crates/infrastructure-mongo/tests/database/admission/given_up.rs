//! Calls that nobody waits for any more.

use std::time::{Duration, Instant};

use convene_application::failure::Fault;
use futures::{FutureExt, future::join_all};

use super::{all_permits_are_returned, call_of, read_issue, read_member};
use crate::support::{FailPoint, Tenant, TestDatabase};

const CALLS: u128 = 5_000;
/// The calls of one member.
const OF_MEMBER: u128 = 200;
/// The time of each call.
const TIME: Duration = Duration::from_millis(300);

async fn assert_served_in_normal_time(database: &TestDatabase, tenants: &[Tenant]) {
    all_permits_are_returned(database).await;
    let started = Instant::now();
    for tenant in tenants {
        read_member(database, tenant).await.unwrap();
        read_issue(database, &tenant.scope).await.unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(database.ports.calls_in_flight(), 0);
}

async fn tenants(database: &TestDatabase) -> [Tenant; 3] {
    let organization = |slug| database.organization(slug);
    let (one, two, three) = futures::join!(organization("one"), organization("two"), organization("three"));
    [one, two, three]
}

#[tokio::test]
async fn after_5000_calls_that_timed_out_the_next_call_is_served_in_normal_time() {
    let database = TestDatabase::prepared().await;
    let tenants = tenants(&database).await;
    let slow = FailPoint::on("find", 1_000_000).slow(1_000).set(&database).await;
    let calls = (0..CALLS).map(|number| {
        let tenant = &tenants[usize::try_from(number % 3).unwrap()];
        let scope = call_of(tenant, number / 3 / OF_MEMBER, TIME);
        let database = &database;
        async move { read_issue(database, &scope).await }
    });
    let started = Instant::now();
    let outcomes = join_all(calls).await;
    assert!(started.elapsed() < Duration::from_secs(5), "no call waits longer than its time");
    for outcome in &outcomes {
        assert!(matches!(outcome, Err(Fault::Overloaded | Fault::Unavailable(_))), "{outcome:?}");
    }
    slow.times_entered().await;
    assert_served_in_normal_time(&database, &tenants).await;
}

#[tokio::test]
async fn after_5000_calls_that_were_dropped_the_next_call_is_served_in_normal_time() {
    let database = TestDatabase::prepared().await;
    let tenants = tenants(&database).await;
    let slow = FailPoint::on("find", 1_000_000).slow(1_000).set(&database).await;
    for _ in 0..5 {
        let mut calls: Vec<_> = (0..CALLS / 5)
            .map(|number| {
                let tenant = &tenants[usize::try_from(number % 3).unwrap()];
                let scope = call_of(tenant, number / 3 / OF_MEMBER, Duration::from_secs(10));
                let database = &database;
                async move { read_issue(database, &scope).await }.boxed()
            })
            .collect();
        assert!(calls.iter_mut().all(|call| call.now_or_never().is_none()));
        // The commands are on their way when the calls are dropped.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    slow.times_entered().await;
    assert_served_in_normal_time(&database, &tenants).await;
}

#[tokio::test]
async fn calls_that_panic_return_their_permits() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("panics").await;
    for number in 0..50 {
        let call = std::panic::AssertUnwindSafe(async {
            let scope = call_of(&tenant, number, Duration::from_secs(5));
            let read = read_issue(&database, &scope);
            let panicking = async {
                tokio::task::yield_now().await;
                panic!("beside a call, in a test")
            };
            futures::join!(read, panicking)
        });
        assert!(call.catch_unwind().await.is_err());
    }
    assert_served_in_normal_time(&database, &[tenant]).await;
}
