//! Organizers who change their minds while members come and go.

use std::sync::atomic::{AtomicUsize, Ordering};

use convene_application::{
    failure::{Failure, Outcome, Refusal},
    ports::{EditScope, EventEdit, EventPatch, Events, OccurrenceEdit, OccurrencePatch, OnAffected},
    testing::builders::{EventBuilder, fresh_uuid, occurrence_key, register},
};
use convene_domain::{
    capacity::Capacity,
    event::Event,
    id::{EventId, MemberId},
    registration::Registration,
};
use futures::future::join_all;
use rstest::rstest;
use time::{Duration, macros::datetime};

use crate::support::{Dice, Stage, by, refusal};

/// What has happened so far, to see that something did.
#[derive(Default)]
struct Tally {
    registered: AtomicUsize,
    cancelled: AtomicUsize,
    edited: AtomicUsize,
    refused: AtomicUsize,
}

fn count(tally: &AtomicUsize) {
    tally.fetch_add(1, Ordering::Relaxed);
}

/// A member who asks for occurrences as they are now or as they were announced at first, and gives every third seat
/// back.
async fn member(stage: &Stage, events: &[Event], member: MemberId, seed: u64, tally: &Tally) {
    let mut dice = Dice(seed);
    let mut held: Vec<Registration> = Vec::new();
    for _ in 0..10 {
        if dice.roll(3) == 0
            && let Some(registration) = held.pop()
        {
            match stage.insist_on_cancelling(dice.roll(2), &registration).await {
                Ok(_) => count(&tally.cancelled),
                // An organizer was faster.
                outcome => assert_eq!(refusal(outcome), Refusal::AlreadyCancelled),
            }
            continue;
        }
        let announced = &events[dice.roll(events.len())];
        let now = stage.database.ports.events.get_many(&stage.tenant.scope, &[announced.id]).await.unwrap();
        let event = if dice.roll(4) == 0 { announced } else { &now[0] };
        let start = event.series.first_start() + Duration::weeks(dice.number(3));
        let mut order = register(occurrence_key(event, start), member);
        order.join_waitlist = dice.roll(2) == 0;
        match stage.insist(dice.roll(2), order).await {
            Ok(registration) => {
                count(&tally.registered);
                held.push(registration);
            }
            outcome => {
                let refusal = refusal(outcome);
                let is_expected = matches!(
                    refusal,
                    Refusal::OccurrenceFull
                        | Refusal::ScheduleConflict { .. }
                        | Refusal::AlreadyRegistered
                        | Refusal::OccurrenceCancelled
                        | Refusal::NotFound { .. }
                );
                assert!(is_expected, "{refusal:?}");
            }
        }
    }
}

/// An organizer who moves, enlarges, shrinks, splits and calls off at random.
async fn organizer(stage: &Stage, events: &dyn Events, event: &Event, seed: u64, tally: &Tally) {
    let mut dice = Dice(seed);
    let scope = &stage.tenant.scope;
    for number in 0..12 {
        let change = by(stage.tenant.admin()).key(&format!("edit {seed} {number}"), 1).build();
        let on_affected = [OnAffected::Refuse, OnAffected::CancelRegistrations][dice.roll(2)];
        let this = occurrence_key(event, event.series.first_start() + Duration::weeks(dice.number(3)));
        let moved_by = Duration::minutes(15 * dice.number(9));
        let capacity = Capacity::new(2 + u32::try_from(dice.roll(8)).unwrap()).unwrap();
        let of_series = |patch: EventPatch, part: EditScope| EventEdit {
            event: event.id,
            expected_version: None,
            scope: part,
            patch,
            on_affected,
        };
        let of_occurrence = |patch: OccurrencePatch| OccurrenceEdit { occurrence: this, patch, on_affected };
        let kind = dice.roll(10);
        let edit = async || -> Outcome<()> {
            match kind {
                0..=2 => {
                    let starts_at = Some(event.series.start() + moved_by);
                    let patch = EventPatch { starts_at, ..EventPatch::default() };
                    events.update(scope, of_series(patch, EditScope::All), &change).await.map(drop)
                }
                3 | 4 => {
                    let patch = EventPatch { capacity: Some(capacity), ..EventPatch::default() };
                    events.update(scope, of_series(patch, EditScope::All), &change).await.map(drop)
                }
                5 => {
                    let new_event = EventId::from_uuid(fresh_uuid());
                    let part = EditScope::ThisAndFollowing { from: this, new_event };
                    let patch = EventPatch { capacity: Some(capacity), ..EventPatch::default() };
                    events.update(scope, of_series(patch, part), &change).await.map(drop)
                }
                6 | 7 => {
                    let starts_at = Some(event.series.start() + Duration::weeks(1) + moved_by);
                    let patch = OccurrencePatch { starts_at, ..OccurrencePatch::default() };
                    events.update_occurrence(scope, of_occurrence(patch), &change).await.map(drop)
                }
                8 => {
                    let patch = OccurrencePatch { capacity: Some(capacity), ..OccurrencePatch::default() };
                    events.update_occurrence(scope, of_occurrence(patch), &change).await.map(drop)
                }
                _ => events.cancel_occurrence(scope, this, &change).await.map(drop),
            }
        };
        let mut outcome = edit().await;
        for _ in 0..10 {
            match &outcome {
                Err(Failure::Fault(fault)) if fault.is_retryable() => outcome = edit().await,
                _ => break,
            }
        }
        match outcome {
            Ok(()) => count(&tally.edited),
            Err(Failure::Fault(fault)) => panic!("an edit failed: {fault:?}"),
            Err(Failure::Refused(_)) => count(&tally.refused),
        }
    }
}

#[rstest]
#[case(1)]
#[case(2)]
#[case(3)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_holds_while_organizers_edit_what_members_register_for(#[case] seed: u64) {
    let stage = Stage::with_two_processes().await;
    let other = stage.database.another_process().await;
    let mut events = Vec::new();
    for number in 0..4_i64 {
        let start = datetime!(2031-04-01 09:00) + Duration::minutes(45 * number);
        events.push(stage.event(EventBuilder::weekly(start).seats(6).build()).await);
    }
    let members = stage.crowd(40).await;
    let tally = Tally::default();
    let coming =
        members.iter().zip(100 * seed..).map(|(&who, seed)| member(&stage, &events, who, seed, &tally));
    let ports = [&stage.database.ports.events, &other.events];
    let editing = events
        .iter()
        .zip(ports.iter().cycle())
        .zip(1_000 * seed..)
        .map(|((event, port), seed)| organizer(&stage, port.as_ref(), event, seed, &tally));
    futures::join!(join_all(coming), join_all(editing));
    stage.assert_sound().await;
    let Tally { registered, cancelled, edited, refused } = tally;
    let [registered, cancelled, edited, refused] =
        [registered, cancelled, edited, refused].map(AtomicUsize::into_inner);
    // How much of it succeeds depends on who is faster.
    assert!(registered > 20 && cancelled > 0, "{registered} registered, {cancelled} cancelled");
    assert!(edited > 5, "{edited} edited, {refused} refused");
}
