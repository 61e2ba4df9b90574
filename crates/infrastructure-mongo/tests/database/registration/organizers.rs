//! Organizers who edit events while members register and cancel.

use std::sync::atomic::{AtomicUsize, Ordering};

use convene_application::{
    failure::{Failure, Outcome, Refusal},
    ports::{
        EditScope, EventEdit, EventPatch, Events, OccurrenceEdit, OccurrencePatch, OccurrenceRestoration,
        OnAffected,
    },
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

use crate::support::{Scenario, SeededRandom, by, refusal};

/// The numbers of successful and refused calls.
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

/// Registers a member for occurrences by their current or former ids, and cancels a third of the registrations.
async fn member(scenario: &Scenario, events: &[Event], member: MemberId, seed: u64, tally: &Tally) {
    let mut random = SeededRandom(seed);
    let mut held: Vec<Registration> = Vec::new();
    for _ in 0..10 {
        if random.below(3) == 0
            && let Some(registration) = held.pop()
        {
            match scenario.cancel_with_repeats(random.below(2), &registration).await {
                Ok(_) => count(&tally.cancelled),
                // An organizer cancelled it first, or the occurrence, whose registrations a job cancels.
                outcome => {
                    let refusal = refusal(outcome);
                    let expected = [Refusal::AlreadyCancelled, Refusal::OccurrenceCancelled];
                    assert!(expected.contains(&refusal), "{refusal:?}");
                }
            }
            continue;
        }
        let announced = &events[random.below(events.len())];
        let now =
            scenario.database.ports.events.get_many(&scenario.tenant.scope, &[announced.id]).await.unwrap();
        let event = if random.below(4) == 0 { announced } else { &now[0] };
        let start = event.series.first_start() + Duration::weeks(random.number(3));
        let mut order = register(occurrence_key(event, start), member);
        order.join_waitlist = random.below(2) == 0;
        match scenario.register_with_repeats(random.below(2), order).await {
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
                        | Refusal::EventCancelled
                        | Refusal::NotFound { .. }
                );
                assert!(is_expected, "{refusal:?}");
            }
        }
    }
}

/// Edits an event at random: moves, resizes, splits, cancels and restores.
async fn organizer(scenario: &Scenario, events: &dyn Events, event: &Event, seed: u64, tally: &Tally) {
    let mut random = SeededRandom(seed);
    let scope = &scenario.tenant.scope;
    for number in 0..12 {
        let change = by(scenario.tenant.admin()).key(&format!("edit {seed} {number}"), 1).build();
        let on_affected = [OnAffected::Refuse, OnAffected::CancelRegistrations][random.below(2)];
        let this = occurrence_key(event, event.series.first_start() + Duration::weeks(random.number(3)));
        let moved_by = Duration::minutes(15 * random.number(9));
        let capacity = Capacity::new(2 + u32::try_from(random.below(8)).unwrap()).unwrap();
        let of_series = |patch: EventPatch, part: EditScope| EventEdit {
            event: event.id,
            expected_version: None,
            scope: part,
            patch,
            on_affected,
        };
        let of_occurrence = |patch: OccurrencePatch| OccurrenceEdit { occurrence: this, patch, on_affected };
        let kind = random.below(13);
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
                9 => events.cancel_occurrence(scope, this.into(), &change).await.map(drop),
                10 | 11 => {
                    let restoration = OccurrenceRestoration {
                        occurrence: this,
                        fields: Vec::new(),
                        expected_version: None,
                        on_affected,
                    };
                    events.restore_occurrence(scope, restoration, &change).await.map(drop)
                }
                _ => {
                    events.cancel(scope, event.id, &change).await?;
                    let restoring = by(scenario.tenant.admin()).key(&format!("restore {seed} {number}"), 1);
                    events.restore(scope, event.id, &restoring.build()).await.map(drop)
                }
            }
        };
        let mut outcome = edit().await;
        for _ in 0..10 {
            match &outcome {
                Err(Failure::Fault(fault)) if fault.kind().is_retryable() => outcome = edit().await,
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
async fn invariants_hold_while_organizers_edit_and_members_register(#[case] seed: u64) {
    let scenario = Scenario::with_two_processes().await;
    let other = scenario.database.another_process().await;
    let mut events = Vec::new();
    for number in 0..4_i64 {
        let start = datetime!(2031-04-01 09:00) + Duration::minutes(45 * number);
        events.push(scenario.event(EventBuilder::weekly(start).seats(6).build()).await);
    }
    let members = scenario.crowd(40).await;
    let tally = Tally::default();
    let coming =
        members.iter().zip(100 * seed..).map(|(&who, seed)| member(&scenario, &events, who, seed, &tally));
    let ports = [&scenario.database.ports.events, &other.events];
    let editing = events
        .iter()
        .zip(ports.iter().cycle())
        .zip(1_000 * seed..)
        .map(|((event, port), seed)| organizer(&scenario, port.as_ref(), event, seed, &tally));
    futures::join!(join_all(coming), join_all(editing));
    scenario.assert_sound().await;
    let Tally { registered, cancelled, edited, refused } = tally;
    let [registered, cancelled, edited, refused] =
        [registered, cancelled, edited, refused].map(AtomicUsize::into_inner);
    // The numbers depend on the order of the calls.
    assert!(registered > 20 && cancelled > 0, "{registered} registered, {cancelled} cancelled");
    assert!(edited > 5, "{edited} edited, {refused} refused");
}
