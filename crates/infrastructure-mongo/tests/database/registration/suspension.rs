use std::num::NonZeroUsize;

use bson::doc;
use convene_application::{
    failure::Refusal,
    testing::builders::{ChangeBuilder, EventBuilder},
};
use convene_domain::organization::OrganizationStatus;
use convene_infrastructure_mongo::registration::BookSettings;
use futures::future::{join, join_all, join3};
use time::macros::datetime;

use crate::support::{FailPoint, Scenario, by, refusal, request_for};

/// The time of a commit, and the number of commits within a second, one after the other.
const COMMIT_MILLISECONDS: i32 = 200;
const COMMITS_IN_A_SECOND: usize = 5;

async fn set_status(scenario: &Scenario, status: OrganizationStatus) {
    // Its commits are not slow.
    let other = scenario.database.another_process().await;
    let change = ChangeBuilder::by("operator").build();
    other.organizations.set_status(&scenario.tenant.scope, status, &change).await.unwrap();
}

async fn stored(scenario: &Scenario) -> usize {
    let active = doc! { "active": true };
    let count = scenario.database.collection("registrations").count_documents(active).await.unwrap();
    usize::try_from(count).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspension_ends_the_queue_within_a_second() {
    let scenario = Scenario::with(BookSettings { batch: NonZeroUsize::MIN, ..BookSettings::default() }).await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(50).build()).await;
    let crowd = scenario.crowd(12).await;
    let holder = scenario.member().await;
    let seat = scenario.register(request_for(&event, holder), &by(holder).build()).await.unwrap();

    let slow =
        FailPoint::on("commitTransaction", 1_000).slow(COMMIT_MILLISECONDS).set(&scenario.database).await;
    let change = by(crowd[0]).build();
    let calls = join_all(crowd.iter().map(|member| scenario.register(request_for(&event, *member), &change)));
    let cancel_change = by(holder).build();
    let cancellation = async {
        slow.entered().await;
        scenario.cancel(&seat, &cancel_change).await
    };
    let suspension = async {
        slow.entered().await;
        set_status(&scenario, OrganizationStatus::Suspended).await;
        stored(&scenario).await
    };
    let (outcomes, cancelled, at_suspension) = join3(calls, cancellation, suspension).await;
    slow.times_entered().await;

    let (registered, others): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    for outcome in others {
        assert_eq!(refusal(outcome), Refusal::OrganizationSuspended, "every call is answered");
    }
    assert_eq!(refusal(cancelled), Refusal::OrganizationSuspended);
    let (all, now) = (registered.len() + 1, stored(&scenario).await);
    assert_eq!(all, now);
    // The last one may have begun its commit at the end of the second.
    assert!(now <= at_suspension + COMMITS_IN_A_SECOND + 1, "{at_suspension} {now}");
    assert!(now < 1 + crowd.len());

    // Nothing else is left of the wait.
    set_status(&scenario, OrganizationStatus::Active).await;
    let last = crowd[crowd.len() - 1];
    let last_change = by(last).build();
    let (last, cancelled) = join(
        scenario.register(request_for(&event, last), &last_change),
        scenario.cancel(&seat, &cancel_change),
    )
    .await;
    last.unwrap();
    cancelled.unwrap();
    scenario.assert_sound().await;
}
