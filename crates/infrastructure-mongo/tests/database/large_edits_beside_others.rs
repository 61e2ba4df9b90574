//! Large edits of one organization while members of another one register.
//!
//! `CONVENE_TEST_SEATS=10000` and `--nocapture` make the documented run.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use bson::doc;
use convene_application::{
    ports::{EditScope, EventEdit, EventPatch, OnAffected, RegistrationBook},
    testing::{
        FixedClock,
        builders::{ChangeBuilder, EventBuilder, fresh_uuid, occurrence_key, register},
    },
};
use convene_domain::{
    event::Event,
    id::{EventId, MemberId},
    occurrence::OccurrenceKey,
    time::LocalDateTime,
};
use time::macros::datetime;

use crate::support::{Held, Scenario, SeededRandom, days};

const START: LocalDateTime = datetime!(2031-04-01 10:00);

/// The number of held seats of each edit.
fn seats() -> usize {
    let asked = std::env::var("CONVENE_TEST_SEATS").ok();
    asked.map_or(600, |asked| asked.parse().unwrap())
}

/// An event with so many occurrences and seats, and members who hold all of them.
async fn held(scenario: &Scenario, occurrences: usize, waiting: &[MemberId]) -> (Event, Vec<MemberId>) {
    let members = seats().div_ceil(occurrences);
    let event = EventBuilder::daily(START, u32::try_from(occurrences).unwrap());
    let event = scenario.event(event.seats(u32::try_from(members).unwrap()).build()).await;
    let crowd = scenario.crowd(members).await;
    let starts = days(&event, i64::try_from(occurrences).unwrap());
    scenario.hold(Held { event: &event, starts: &starts, seated: &crowd, waiting }).await;
    (event, crowd)
}

/// Registers members of another organization, one after the other, until the flag is set. Returns the durations.
async fn register_elsewhere(scenario: &Scenario, is_over: &AtomicBool) -> Vec<Duration> {
    let ports = &scenario.database.ports;
    let slug = format!("other-{}", &EventId::from_uuid(fresh_uuid()).to_string()[20..]);
    let other = scenario.database.organization(&slug).await;
    let change = ChangeBuilder::by("first-admin").build();
    let event = EventBuilder::daily(START, 900).seats(1_000).build();
    ports.events.create(&other.scope, event.clone(), &change).await.unwrap();
    let mut durations = Vec::new();
    for day in 0..900 {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let start = event.series.first_start() + time::Duration::days(day);
        let request = register(occurrence_key(&event, start), other.admin());
        let begun = Instant::now();
        scenario.books[0].register(&other.scope, request, &change).await.unwrap();
        durations.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    durations.sort_unstable();
    durations
}

/// Runs an edit while another organization registers, and prints how long both took.
async fn beside_others<T>(scenario: &Scenario, name: &str, edit: impl Future<Output = T>) -> T {
    let is_over = AtomicBool::new(false);
    let timed = async {
        let begun = Instant::now();
        let value = edit.await;
        is_over.store(true, Ordering::Relaxed);
        (value, begun.elapsed())
    };
    let ((value, elapsed), durations) = futures::join!(timed, register_elsewhere(scenario, &is_over));
    let p99 = durations.get(durations.len() * 99 / 100).copied().unwrap_or_default();
    let p50 = durations.get(durations.len() / 2).copied().unwrap_or_default();
    eprintln!("{name}: {elapsed:.2?}; elsewhere {} calls, p50 {p50:.1?}, p99 {p99:.1?}", durations.len());
    value
}

fn moved(event: &Event, hours: i64) -> EventEdit {
    EventEdit {
        event: event.id,
        expected_version: None,
        scope: EditScope::All,
        patch: EventPatch { starts_at: Some(START + time::Duration::hours(hours)), ..EventPatch::default() },
        on_affected: OnAffected::Refuse,
    }
}

/// An edit that drops all occurrences but the first one, with their registrations.
fn made_once(event: &Event) -> EventEdit {
    let patch = EventPatch { recurrence: Some(None), ..EventPatch::default() };
    EventEdit { patch, on_affected: OnAffected::CancelRegistrations, ..moved(event, 0) }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_large_edit_ends_while_others_register() {
    let scenario = Scenario::new().await;
    let ports = scenario.database.ports.clone();
    let scope = scenario.tenant.scope;
    let by = ChangeBuilder::by("first-admin").build();
    beside_others(&scenario, "nothing", tokio::time::sleep(Duration::from_secs(2))).await;
    for occurrences in [1, seats().min(366)] {
        let (event, crowd) = held(&scenario, occurrences, &[]).await;
        let total = u32::try_from(crowd.len() * occurrences).unwrap();
        let name = |edit: &str| format!("{edit} {total} seats of {occurrences} occurrences");
        let moving = ports.events.update(&scope, moved(&event, 2), &by);
        beside_others(&scenario, &name("move"), moving).await.unwrap();
        let cancel = async {
            let mut cancelled = ports.events.cancel(&scope, event.id, &by.clone()).await.unwrap();
            while cancelled.remaining_registrations > 0 {
                for job in ports.jobs.unattended().await.unwrap() {
                    while ports.jobs.step(&scope, job.job, FixedClock::START).await.unwrap() {}
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
                let left = doc! { "event": event.id.to_string(), "active": true };
                let left = scenario.database.collection("registrations").count_documents(left).await.unwrap();
                cancelled.remaining_registrations = u32::try_from(left).unwrap();
            }
        };
        beside_others(&scenario, &name("cancel"), cancel).await;
        assert_eq!(
            scenario
                .counts(occurrence_key(&event, event.series.first_start() + time::Duration::hours(2)))
                .await,
            (0, 0)
        );
        let delete = async {
            ports.events.delete(&scope, event.id, &by).await.unwrap();
            while !ports.events.get_many(&scope, &[event.id]).await.unwrap().is_empty() {
                for job in ports.jobs.unattended().await.unwrap() {
                    while ports.jobs.step(&scope, job.job, FixedClock::START).await.unwrap() {}
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        beside_others(&scenario, &name("delete"), delete).await;
    }

    let waiting = scenario.crowd(3).await;
    let occurrences = seats().min(990);
    let event = EventBuilder::daily(START, u32::try_from(occurrences).unwrap()).seats(1).build();
    let event = scenario.event(event).await;
    let crowd = scenario.crowd(1).await;
    let starts = days(&event, i64::try_from(occurrences).unwrap());
    scenario.hold(Held { event: &event, starts: &starts, seated: &crowd, waiting: &waiting }).await;
    let remove = async {
        ports.members.remove(&scope, crowd[0], &by).await.unwrap();
        loop {
            let left = doc! { "member": crowd[0].to_string(), "active": true };
            if scenario.database.collection("registrations").count_documents(left).await.unwrap() == 0 {
                break;
            }
            for job in ports.jobs.unattended().await.unwrap() {
                while ports.jobs.step(&scope, job.job, FixedClock::START).await.unwrap() {}
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    beside_others(&scenario, &format!("remove a member with {occurrences} seats and waitlists"), remove)
        .await;
    let promoted = scenario.database.logged("registration.promoted").await;
    assert_eq!(usize::try_from(promoted).unwrap(), occurrences);
    scenario.assert_sound().await;
}

/// Removals, while members register for the same occurrences and cancel in two processes.
#[tokio::test(flavor = "multi_thread")]
async fn a_removal_ends_beside_registrations_in_other_processes() {
    const DAYS: usize = 20;
    let scenario = Scenario::with_two_processes().await;
    let event = EventBuilder::daily(START, u32::try_from(DAYS).unwrap()).seats(1_000).build();
    let event = scenario.event(event).await;
    let (leaving, others) = (scenario.crowd(5).await, scenario.crowd(40).await);
    let starts = days(&event, i64::try_from(DAYS).unwrap());
    scenario.hold(Held { event: &event, starts: &starts, seated: &leaving, waiting: &[] }).await;
    let is_over = AtomicBool::new(false);
    let calls = AtomicUsize::new(0);
    let register = others.iter().zip(1_u64..).map(|(&member, seed)| {
        let (scenario, event, starts, is_over, calls) = (&scenario, &event, &starts, &is_over, &calls);
        async move {
            let mut random = SeededRandom(seed);
            while !is_over.load(Ordering::Relaxed) {
                let request = register(occurrence_key(event, starts[random.below(DAYS)]), member);
                let seat = scenario.register_with_repeats(random.below(2), request).await.unwrap();
                scenario.cancel_with_repeats(random.below(2), &seat).await.unwrap();
                calls.fetch_add(2, Ordering::Relaxed);
            }
        }
    });
    let remove = async {
        let (members, by) = (&scenario.database.ports.members, ChangeBuilder::by("first-admin").build());
        let mut outcomes = Vec::new();
        for &member in &leaving {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let begun = Instant::now();
            let outcome = members.remove(&scenario.tenant.scope, member, &by).await;
            eprintln!("a removal: {:.2?}, {} calls", begun.elapsed(), calls.load(Ordering::Relaxed));
            outcomes.push(outcome);
        }
        is_over.store(true, Ordering::Relaxed);
        outcomes
    };
    let (outcomes, _) = futures::join!(remove, futures::future::join_all(register));
    for outcome in outcomes {
        outcome.unwrap();
    }
    scenario.assert_sound().await;
}

/// Calls of 64 members in a second process, who register for the occurrences of an event and cancel until they are refused or the
/// flag is set. Returns their number.
async fn register_and_cancel(
    scenario: &Scenario,
    occurrences: &[OccurrenceKey],
    is_over: &AtomicBool,
) -> usize {
    let members = scenario.crowd(64).await;
    let calls = members.iter().zip(1_u64..).map(|(&member, seed)| async move {
        let (mut random, mut calls) = (SeededRandom(seed), 0);
        while !is_over.load(Ordering::Relaxed) {
            let request = register(occurrences[random.below(occurrences.len())], member);
            let Ok(seat) = scenario.register_with_repeats(1, request).await else { break };
            let Ok(_) = scenario.cancel_with_repeats(1, &seat).await else { break };
            calls += 2;
        }
        calls
    });
    futures::future::join_all(calls).await.into_iter().sum()
}

/// Edits, and dry runs of them, of occurrences that members of another process register for and cancel all the time.
#[tokio::test(flavor = "multi_thread")]
async fn edits_end_beside_registrations_for_their_occurrences_in_another_process() {
    const DAYS: usize = 20;
    let scenario = Scenario::with_two_processes().await;
    let (ports, scope) = (&scenario.database.ports, scenario.tenant.scope);
    let by = ChangeBuilder::by("first-admin").build();
    let preview = ChangeBuilder::by("first-admin").dry_run().build();
    for edit in ["cancel an occurrence", "move", "drop", "cancel", "cancel derived ones"] {
        let event = EventBuilder::daily(START, u32::try_from(DAYS).unwrap()).seats(1_000).build();
        let event = scenario.event(event).await;
        let (crowd, starts) = (scenario.crowd(30).await, days(&event, i64::try_from(DAYS).unwrap()));
        if edit != "cancel derived ones" {
            scenario.hold(Held { event: &event, starts: &starts, seated: &crowd, waiting: &[] }).await;
        }
        let keys: Vec<OccurrenceKey> = starts.iter().map(|&start| occurrence_key(&event, start)).collect();
        let is_over = AtomicBool::new(false);
        let editing = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let mut outcomes = Vec::new();
            for change in [&preview, &preview, &by] {
                let begun = Instant::now();
                let outcome = match edit {
                    "cancel an occurrence" => {
                        ports.events.cancel_occurrence(&scope, keys[3].into(), change).await.map(drop)
                    }
                    "move" => ports.events.update(&scope, moved(&event, 2), change).await.map(drop),
                    "drop" => ports.events.update(&scope, made_once(&event), change).await.map(drop),
                    _ => ports.events.cancel(&scope, event.id, change).await.map(drop),
                };
                outcomes.push((outcome, begun.elapsed()));
            }
            is_over.store(true, Ordering::Relaxed);
            outcomes
        };
        let calls = register_and_cancel(&scenario, &keys, &is_over);
        let (outcomes, calls) = futures::join!(editing, calls);
        eprintln!("{edit}: {calls} calls, {outcomes:.2?}");
        assert!(outcomes.iter().all(|(outcome, _)| outcome.is_ok()), "{edit}");
    }
    for job in ports.jobs.unattended().await.unwrap() {
        while ports.jobs.step(&scope, job.job, FixedClock::START).await.unwrap() {}
    }
    scenario.assert_sound().await;
}
