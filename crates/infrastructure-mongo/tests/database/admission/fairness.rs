//! Organizations beside each other.

use std::time::{Duration, Instant};

use convene_application::failure::Fault;
use convene_application::testing::builders::EventBuilder;
use futures::{StreamExt, future::join_all, stream::FuturesUnordered};
use time::macros::datetime;

use super::{all_permits_are_returned, call_of, read_issue, read_member};
use crate::support::{FailPoint, Scenario, TestDatabase, by, request_for};

/// The calls of another organization wait for no slow one.
const LONGEST: Duration = Duration::from_millis(500);

#[tokio::test]
async fn an_organization_with_256_callers_of_slow_reads_does_not_delay_one_with_4() {
    let database = TestDatabase::prepared().await;
    let (large, small) = (database.organization("large").await, database.organization("small").await);
    let _slow = FailPoint::on("find", 0).in_collection(&database, "issues", 0).slow(700).set(&database).await;
    let mut large_calls: FuturesUnordered<_> = (0..256)
        .map(|member| {
            let scope = call_of(&large, member, Duration::from_secs(60));
            let database = &database;
            async move {
                // A call that is refused is repeated.
                for _ in 0..1_000 {
                    drop(read_issue(database, &scope).await);
                }
            }
        })
        .collect();
    let small_calls = async {
        let mut longest = Duration::ZERO;
        for _ in 0..50 {
            let started = Instant::now();
            let calls = join_all((0..4).map(|_| read_member(&database, &small))).await;
            longest = longest.max(started.elapsed());
            assert!(calls.iter().all(Result::is_ok), "{calls:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        longest
    };
    let longest = tokio::select! {
        longest = small_calls => longest,
        _ = async { while large_calls.next().await.is_some() {} } => panic!("the slow calls ended first"),
    };
    assert!(longest < LONGEST, "{longest:?}");
    drop(large_calls);
    all_permits_are_returned(&database).await;
}

#[tokio::test]
async fn an_overload_by_one_organization_refuses_no_call_of_another_nor_the_probe_nor_a_registration() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(50).build()).await;
    let members = scenario.crowd(10).await;
    scenario.register(request_for(&event, members[0]), &by(members[0]).build()).await.unwrap();
    let database = &scenario.database;
    let small = database.organization("small").await;
    let _slow = FailPoint::on("find", 0).in_collection(database, "issues", 0).slow(500).set(database).await;
    let large = &scenario.tenant;
    let overload = join_all((0..3_000).map(|number| {
        let scope = call_of(large, number / 200, Duration::from_secs(3));
        async move { read_issue(database, &scope).await }
    }));
    let others = async {
        let started = Instant::now();
        for &member in &members[1..] {
            database.ports.probe().await.unwrap();
            read_member(database, &small).await.unwrap();
            scenario.register(request_for(&event, member), &by(member).build()).await.unwrap();
        }
        started.elapsed()
    };
    let (outcomes, elapsed) = futures::join!(overload, others);
    assert!(elapsed < Duration::from_secs(10), "27 calls that wait for no slow one took {elapsed:?}");
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(Fault::Overloaded))).count();
    assert!(refused > 900, "{refused} of 3,000 calls were refused");
    all_permits_are_returned(database).await;
}
