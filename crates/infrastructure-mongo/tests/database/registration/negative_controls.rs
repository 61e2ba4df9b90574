//! The races again with a guard taken out: if they still held, they would show nothing.

use convene_application::testing::builders::EventBuilder;
use convene_infrastructure_mongo::registration::MissingGuard;
use futures::future::join_all;
use time::{Duration, macros::datetime};

use crate::support::{Stage, by, first, wish};

#[tokio::test]
async fn without_the_guard_of_seats_too_many_are_given_and_the_check_tells() {
    let stage = Stage::without(MissingGuard::Capacity).await;
    stage.without_validator("occurrences").await;
    let event = stage.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(10).build()).await;
    let members = stage.crowd(40).await;
    let outcomes = join_all(members.iter().map(|&member| {
        let (stage, event) = (&stage, &event);
        async move { stage.register(wish(event, member), &by(member).build()).await }
    }))
    .await;
    assert!(outcomes.iter().filter(|outcome| outcome.is_ok()).count() > 10);
    let report = stage.report().await;
    assert_eq!(
        report.violations_of("no occurrence has more confirmed registrations than seats"),
        1,
        "{report}"
    );
}

#[tokio::test]
async fn without_the_guard_of_agendas_a_member_is_at_two_places_and_the_check_tells() {
    let stage = Stage::without(MissingGuard::Agenda).await;
    stage.without_validator("agendas").await;
    let member = stage.member().await;
    let mut events = Vec::new();
    for number in 0..8 {
        let start = datetime!(2031-04-01 09:00) + Duration::minutes(number);
        events.push(stage.event(EventBuilder::once(start).build()).await);
    }
    let outcomes = join_all(events.iter().map(|event| {
        let stage = &stage;
        async move { stage.register(wish(event, member), &by(member).build()).await }
    }))
    .await;
    assert!(outcomes.iter().filter(|outcome| outcome.is_ok()).count() > 1);
    let report = stage.report().await;
    assert!(report.violations_of("no two seats of a member overlap") > 0, "{report}");
    assert_eq!(report.violations_of("an agenda is sorted, and no two of its entries overlap"), 1, "{report}");
}

#[tokio::test]
async fn behind_the_code_the_validators_hold_alone() {
    let stage = Stage::without(MissingGuard::Both).await;
    let event = stage.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(3).build()).await;
    let overlapping = stage.event(EventBuilder::once(datetime!(2031-04-01 09:30)).seats(30).build()).await;
    let members = stage.crowd(12).await;
    let ask = |event, member| {
        let stage = &stage;
        async move { stage.register(wish(event, member), &by(member).build()).await.is_ok() }
    };
    let won = join_all(members.iter().map(|&member| ask(&event, member))).await;
    assert_eq!(won.iter().filter(|won| **won).count(), 3);
    let also = join_all(members.iter().map(|&member| ask(&overlapping, member))).await;
    assert!(won.iter().zip(&also).all(|(first, second)| first != second), "{won:?} {also:?}");
    assert_eq!(stage.counts(first(&event)).await, (3, 0));
    stage.assert_sound().await;
}
