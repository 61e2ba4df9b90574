//! Many changes of one caller at the same time.

use std::time::{Duration, Instant};

use convene_application::{
    failure::{Failure, Fault},
    testing::builders::{ChangeBuilder, EventBuilder},
};
use futures::future::join_all;
use time::macros::datetime;

use super::{all_permits_are_returned, call_of};
use crate::support::{FailPoint, TestDatabase};

#[tokio::test]
async fn dry_runs_of_one_admin_are_refused_soon_and_do_not_delay_the_change_of_another_one() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("previews").await;
    let change = ChangeBuilder::by("first-admin").build();
    let ports = &database.ports;
    let daily = || EventBuilder::daily(datetime!(2031-04-01 10:00), 3).build();
    let previewed = ports.events.create(&tenant.scope, daily(), &change).await.unwrap();
    let other = ports.events.create(&tenant.scope, daily(), &change).await.unwrap();
    let slow = FailPoint::on("find", 0).in_collection(&database, "events", 0).slow(300).set(&database).await;

    let [busy, calm] = [1, 2].map(|member| call_of(&tenant, member, Duration::from_secs(9)));
    let started = Instant::now();
    let dry_run = ChangeBuilder::by("first-admin").dry_run().build();
    let previews = join_all((0..32).map(async |_| {
        let outcome = ports.events.cancel(&busy, previewed.id, &dry_run).await;
        (outcome, started.elapsed())
    }));
    let beside = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let started = Instant::now();
        ports.events.cancel(&calm, other.id, &change).await.unwrap();
        started.elapsed()
    };
    let (previews, beside) = futures::join!(previews, beside);
    assert!(beside < Duration::from_secs(5), "{beside:?}");
    let refused: Vec<_> = previews.iter().filter(|(outcome, _)| outcome.is_err()).collect();
    assert!(!refused.is_empty() && refused.len() < previews.len(), "{}", refused.len());
    for (outcome, time) in refused {
        assert!(matches!(outcome, Err(Failure::Fault(Fault::Overloaded))), "{outcome:?}");
        assert!(*time < Duration::from_secs(6), "{time:?}");
    }
    drop(slow);
    all_permits_are_returned(&database).await;
}
