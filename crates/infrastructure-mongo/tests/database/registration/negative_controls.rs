//! The races without a guard: the tests of the guards must be able to fail.

use convene_application::testing::builders::EventBuilder;
use convene_infrastructure_mongo::registration::MissingGuard;
use futures::future::join_all;
use time::{Duration, macros::datetime};

use crate::support::{Scenario, by, first, request_for};

#[tokio::test]
async fn without_the_capacity_guard_an_occurrence_is_overbooked_and_the_check_reports_it() {
    let scenario = Scenario::without(MissingGuard::Capacity).await;
    scenario.without_validator("occurrences").await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(10).build()).await;
    let members = scenario.crowd(40).await;
    let outcomes = join_all(members.iter().map(|&member| {
        let (scenario, event) = (&scenario, &event);
        async move { scenario.register(request_for(event, member), &by(member).build()).await }
    }))
    .await;
    assert!(outcomes.iter().filter(|outcome| outcome.is_ok()).count() > 10);
    let report = scenario.report().await;
    assert_eq!(
        report.violations_of("no occurrence has more confirmed registrations than seats"),
        1,
        "{report}"
    );
}

#[tokio::test]
async fn without_the_agenda_guard_a_member_is_double_booked_and_the_check_reports_it() {
    let scenario = Scenario::without(MissingGuard::Agenda).await;
    scenario.without_validator("agendas").await;
    let member = scenario.member().await;
    let mut events = Vec::new();
    for number in 0..8 {
        let start = datetime!(2031-04-01 09:00) + Duration::minutes(number);
        events.push(scenario.event(EventBuilder::once(start).build()).await);
    }
    let outcomes = join_all(events.iter().map(|event| {
        let scenario = &scenario;
        async move { scenario.register(request_for(event, member), &by(member).build()).await }
    }))
    .await;
    assert!(outcomes.iter().filter(|outcome| outcome.is_ok()).count() > 1);
    let report = scenario.report().await;
    assert!(report.violations_of("no two seats of a member overlap") > 0, "{report}");
    assert_eq!(report.violations_of("an agenda is sorted, and no two of its times overlap"), 1, "{report}");
}

#[tokio::test]
async fn without_both_guards_the_validators_still_hold() {
    let scenario = Scenario::without(MissingGuard::Both).await;
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(3).build()).await;
    let overlapping = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:30)).seats(30).build()).await;
    let members = scenario.crowd(12).await;
    let ask = |event, member| {
        let scenario = &scenario;
        async move { scenario.register(request_for(event, member), &by(member).build()).await.is_ok() }
    };
    let won = join_all(members.iter().map(|&member| ask(&event, member))).await;
    assert_eq!(won.iter().filter(|won| **won).count(), 3);
    let also = join_all(members.iter().map(|&member| ask(&overlapping, member))).await;
    assert!(won.iter().zip(&also).all(|(first, second)| first != second), "{won:?} {also:?}");
    assert_eq!(scenario.counts(first(&event)).await, (3, 0));
    scenario.assert_sound().await;
}
