//! Edits that affect many registrations, occurrences or members.

use std::collections::HashMap;

use bson::{Bson, Document, doc};
use convene_application::{
    failure::{Failure, Fault, Field, Outcome, Refusal},
    ports::{CancelRequest, Changed, EditScope, EventEdit, EventPatch, OnAffected, RegistrationBook},
    testing::{
        FixedClock,
        builders::{ChangeBuilder, EventBuilder, fresh_uuid, occurrence_key},
    },
};
use convene_domain::{
    event::{Event, EventStatus},
    id::{JobId, MemberId, RegistrationId},
    member::Role,
    occurrence::OccurrenceKey,
    text::Title,
};
use convene_infrastructure_mongo::ports::MongoPorts;
use futures::{TryStreamExt, future::join_all};
use rstest::rstest;
use time::{Duration, macros::datetime};

use crate::support::{Commands, Held, Scenario, by, days, refusal, request_for};

/// Counts the statements of `update` commands on agendas.
fn agenda_statements(commands: &Commands) -> usize {
    let started = commands.take();
    let updates = started.iter().filter(|started| {
        started.command_name == "update"
            && started.command.get_str("update").is_ok_and(|updated| updated == "agendas")
    });
    updates.map(|started| started.command.get_array("updates").unwrap().len()).sum()
}

async fn update(scenario: &Scenario, event: &Event, patch: EventPatch) -> Outcome<Changed<Event>> {
    let edit = EventEdit {
        event: event.id,
        expected_version: None,
        scope: EditScope::All,
        patch,
        on_affected: OnAffected::Refuse,
    };
    let change = ChangeBuilder::by("first-admin").build();
    scenario.database.ports.events.update(&scenario.tenant.scope, edit, &change).await
}

#[tokio::test]
async fn an_edit_writes_each_agenda_once() {
    let (scenario, commands) = Scenario::watched().await;
    let admin = ChangeBuilder::by("first-admin").build();
    let (events, members) = (&scenario.database.ports.events, &scenario.database.ports.members);
    let event = scenario.event(EventBuilder::daily(datetime!(2031-04-01 10:00), 30).seats(3).build()).await;
    let (crowd, waiting) = (scenario.crowd(3).await, scenario.crowd(2).await);
    scenario.hold(Held { event: &event, starts: &days(&event, 30), seated: &crowd, waiting: &waiting }).await;

    commands.take();
    update(
        &scenario,
        &event,
        EventPatch { starts_at: Some(datetime!(2031-04-01 12:00)), ..EventPatch::default() },
    )
    .await
    .unwrap();
    assert_eq!(agenda_statements(&commands), 3, "a move");

    let removed = members.remove(&scenario.tenant.scope, crowd[0], &admin).await.unwrap();
    assert_eq!(removed.cancelled_registrations, 30);
    assert!(agenda_statements(&commands) <= 2, "one for the removed member, one for the promoted one");

    let cancelled = events.cancel(&scenario.tenant.scope, event.id, &admin).await.unwrap();
    assert_eq!(cancelled.cancelled_registrations, 30 * 4);
    assert!(agenda_statements(&commands) <= 3, "a cancellation");
    scenario.assert_sound().await;
}

/// An event of 31 days in which these members have seats, each of whom is on 200 waitlists at that time.
async fn on_many_waitlists(scenario: &Scenario, members: &[MemberId]) -> Event {
    let long = EventBuilder::once(datetime!(2031-04-01 00:00)).lasting(Duration::days(31)).seats(60);
    let long = scenario.event(long.build()).await;
    let wanted = "FREQ=DAILY;COUNT=200;BYHOUR=1,3,5,7,9,11,13,15,17,19";
    let wanted = EventBuilder::repeating(datetime!(2031-04-01 01:00), wanted);
    let wanted = scenario.event(wanted.lasting(Duration::MINUTE).seats(1).build()).await;
    let holder = scenario.crowd(1).await;
    scenario.hold(Held { event: &long, starts: &days(&long, 1), seated: members, waiting: &[] }).await;
    let starts: Vec<_> = (0..200)
        .map(|number| wanted.series.first_start() + Duration::hours(24 * (number / 10) + 2 * (number % 10)))
        .collect();
    scenario.hold(Held { event: &wanted, starts: &starts, seated: &holder, waiting: members }).await;
    long
}

#[rstest]
#[case::of_a_large_cancellation(52, Some(51), 3)]
#[case::of_a_small_cancellation(30, None, 2)]
#[tokio::test]
async fn a_step_frees_the_time_of_few_members_who_are_on_many_waitlists(
    #[case] members: usize,
    #[case] size: Option<usize>,
    #[case] steps: i64,
) {
    let scenario = Scenario::new().await;
    let crowd = scenario.crowd(members).await;
    let long = on_many_waitlists(&scenario, &crowd).await;
    let admin = ChangeBuilder::by("first-admin").build();
    let ports = &scenario.database.ports;
    let ports = size.map_or_else(|| ports.clone(), |size| ports.in_steps_of(size));
    let cancelled = ports.events.cancel(&scenario.tenant.scope, long.id, &admin).await.unwrap();
    assert_eq!(
        (cancelled.cancelled_registrations, cancelled.remaining_registrations),
        (u32::try_from(members).unwrap(), 0)
    );
    let job = scenario.database.collection("jobs").find_one(doc! {}).await.unwrap();
    assert_eq!(job.unwrap().get_i64("steps").unwrap(), steps, "of 25 members, and the others");
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_batch_of_cancellations_frees_the_time_of_few_members_who_are_on_many_waitlists() {
    let (scenario, commands) = Scenario::watched().await;
    let crowd = scenario.crowd(40).await;
    let long = on_many_waitlists(&scenario, &crowd).await;
    let of_long = doc! { "event": long.id.to_string() };
    let seats = scenario.database.collection("registrations").find(of_long).await.unwrap();
    let seats: Vec<Document> = seats.try_collect().await.unwrap();
    commands.take();
    join_all(seats.iter().map(|seat| {
        let id = RegistrationId::parse(seat.get_str("_id").unwrap()).unwrap();
        let caller = MemberId::parse(seat.get_str("member").unwrap()).unwrap();
        let request = CancelRequest::for_tests(id, caller, Role::Member);
        let scenario = &scenario;
        async move {
            scenario.books[0].cancel(&scenario.tenant.scope, request, &by(caller).build()).await.unwrap()
        }
    }))
    .await;
    let mut written: HashMap<String, usize> = HashMap::new();
    for started in commands.take() {
        if started.command_name == "update"
            && started.command.get_str("update").is_ok_and(|updated| updated == "registrations")
        {
            let transaction =
                format!("{:?} {:?}", started.command.get("lsid"), started.command.get("txnNumber"));
            let updates = started.command.get_array("updates").unwrap().iter().filter_map(Bson::as_document);
            let ids = updates.filter_map(|update| {
                let ids = update.get_document("q").ok()?.get_document("_id").ok()?.get_array("$in").ok()?;
                Some(ids.len())
            });
            *written.entry(transaction).or_default() += ids.sum::<usize>();
        }
    }
    assert!(written.values().all(|written| *written <= 5_100), "{written:?}");
    assert!(written.values().sum::<usize>() >= 40 * 200, "{written:?}");
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_removal_frees_few_seats_with_long_waitlists_at_once() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::daily(datetime!(2031-04-01 10:00), 3).seats(1).build()).await;
    let (holder, waiting) = (scenario.crowd(1).await, scenario.crowd(2_000).await);
    scenario.hold(Held { event: &event, starts: &days(&event, 3), seated: &holder, waiting: &waiting }).await;
    let admin = ChangeBuilder::by("first-admin").build();
    let members = &scenario.database.ports.members;
    let removed = members.remove(&scenario.tenant.scope, holder[0], &admin).await.unwrap();
    let counts = (removed.cancelled_registrations, removed.promoted_registrations);
    assert_eq!((counts, removed.remaining_registrations), ((3, 3), 0));
    assert_eq!(jobs(&scenario).await[0].get_i64("steps").unwrap(), 2, "two of 2,000 each, and one");
    scenario.assert_sound().await;
}

#[tokio::test]
async fn an_occurrence_can_be_moved_any_number_of_times() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::weekly(datetime!(2031-04-01 10:00)).build()).await;
    let crowd = scenario.crowd(1).await;
    let start = event.series.first_start();
    scenario.hold(Held { event: &event, starts: &[start], seated: &crowd, waiting: &[] }).await;
    let former = |number: i64| occurrence_key(&event, start - Duration::minutes(number)).to_string();
    let ids: Vec<Bson> = (1..=1_000).rev().map(|number| Bson::from(former(number))).collect();
    let stored = doc! { "_id": occurrence_key(&event, start).to_string() };
    let occurrences = scenario.database.collection("occurrences");
    occurrences.update_one(stored, doc! { "$set": { "formerIds": ids } }).await.unwrap();

    let patch = EventPatch { starts_at: Some(datetime!(2031-04-01 11:00)), ..EventPatch::default() };
    update(&scenario, &event, patch).await.unwrap();
    let moved = scenario.occurrence(occurrence_key(&event, start + Duration::HOUR)).await.unwrap();
    let kept = moved.get_array("formerIds").unwrap();
    assert_eq!(kept.last().unwrap().as_str(), Some(occurrence_key(&event, start).to_string().as_str()));
    assert_eq!(kept.len(), convene_application::limits::FORMER_IDS);
    scenario.assert_sound().await;
}

/// An event with 20 occurrences of 3 seats each, 3 members in all of them and 2 on all waitlists, in steps of 5.
async fn in_small_steps() -> (Scenario, MongoPorts, Event, Vec<MemberId>) {
    let scenario = Scenario::new().await;
    let ports = scenario.database.ports.in_steps_of(5);
    let event = scenario.event(EventBuilder::daily(datetime!(2031-04-01 10:00), 20).seats(3).build()).await;
    let (crowd, waiting) = (scenario.crowd(3).await, scenario.crowd(2).await);
    scenario.hold(Held { event: &event, starts: &days(&event, 20), seated: &crowd, waiting: &waiting }).await;
    (scenario, ports, event, crowd)
}

/// The jobs, as the database has them.
/// The time of a seat is free as soon as the agenda is written, although a job cancels its registration later.
#[tokio::test]
async fn a_member_whose_seat_a_job_cancels_later_is_promoted_at_once() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::daily(datetime!(2031-04-01 10:00), 3).seats(3).build()).await;
    let crowd = scenario.crowd(3).await;
    scenario.hold(Held { event: &event, starts: &days(&event, 3), seated: &crowd, waiting: &[] }).await;
    let wanted = scenario.event(EventBuilder::once(datetime!(2031-04-02 10:30)).seats(1).build()).await;
    let held = Held { event: &wanted, starts: &days(&wanted, 1), seated: &[], waiting: &crowd[..1] };
    scenario.hold(held).await;
    scenario.assert_sound().await;
    // The first day moves, so that the agendas are written. The others are dropped, with more seats than a transaction cancels.
    let edit = EventEdit {
        event: event.id,
        expected_version: None,
        scope: EditScope::All,
        patch: EventPatch {
            starts_at: Some(datetime!(2031-04-01 12:00)),
            recurrence: Some(None),
            ..EventPatch::default()
        },
        on_affected: OnAffected::CancelRegistrations,
    };
    let admin = ChangeBuilder::by("first-admin").build();
    let ports = scenario.database.ports.without_steps_of(2);
    let changed = ports.events.update(&scenario.tenant.scope, edit, &admin).await.unwrap();
    assert_eq!((changed.remaining_registrations, changed.promoted_registrations), (6, 1));
    assert_eq!(scenario.counts(occurrence_key(&wanted, wanted.series.first_start())).await, (1, 0));
    scenario.assert_sound().await;
    for job in scenario.database.ports.jobs.unattended().await.unwrap() {
        while scenario
            .database
            .ports
            .jobs
            .step(&scenario.tenant.scope, job.job, FixedClock::START)
            .await
            .unwrap()
        {}
    }
    scenario.assert_sound().await;
}

async fn jobs(scenario: &Scenario) -> Vec<Document> {
    let jobs = scenario.database.collection("jobs").find(doc! {}).await.unwrap();
    jobs.try_collect().await.unwrap()
}

#[tokio::test]
async fn a_cancellation_in_steps_writes_one_entry_for_each_registration() {
    let (scenario, ports, event, crowd) = in_small_steps().await;
    let change = ChangeBuilder::by("first-admin").key("cancel", 1).build();
    let scope = &scenario.tenant.scope;
    let cancelled = ports.events.cancel(scope, event.id, &change).await.unwrap();
    assert_eq!((cancelled.cancelled_registrations, cancelled.remaining_registrations), (100, 0));
    assert_eq!(cancelled.now.status, EventStatus::Cancelled);
    assert_eq!(scenario.database.logged("registration.cancelled").await, 100);
    let job = jobs(&scenario).await.remove(0);
    assert!(job.get_i64("steps").unwrap() >= 20, "{job}");
    let repeated = ports.events.cancel(scope, event.id, &change).await.unwrap();
    assert_eq!(repeated, cancelled);
    assert_eq!((jobs(&scenario).await.len(), scenario.database.logged("event.cancelled").await), (1, 1));
    let seats = scenario.database.collection("agendas").find_one(doc! { "_id": crowd[0].to_string() }).await;
    assert!(seats.unwrap().unwrap().get_array("busy").unwrap().is_empty());
    scenario.assert_sound().await;
}

#[tokio::test]
async fn jobs_that_fail_do_not_hide_others() {
    let (scenario, _, event, _) = in_small_steps().await;
    let scope = &scenario.tenant.scope;
    let admin = ChangeBuilder::by("first-admin").build();
    let ports = scenario.database.ports.without_steps_of(5);
    ports.events.cancel(scope, event.id, &admin).await.unwrap();
    let job = jobs(&scenario).await.remove(0);
    let corrupt = |number: i64| {
        let mut copy = job.clone();
        copy.insert("_id", JobId::from_uuid(fresh_uuid()).to_string());
        copy.insert("subject", "nothing");
        copy.insert("attendedUntil", bson::DateTime::from_millis(number - 100));
        copy
    };
    scenario.database.collection("jobs").insert_many((0..30).map(corrupt)).await.unwrap();
    let mut tried = Vec::new();
    for _ in 0..2 {
        for unattended in ports.jobs.unattended().await.unwrap() {
            let is_done = ports.jobs.step(scope, unattended.job, FixedClock::START).await.is_ok();
            tried.push((unattended.job.to_string(), is_done));
        }
    }
    assert_eq!(tried.iter().filter(|(_, is_done)| !is_done).count(), 30, "{tried:?}");
    assert_eq!(tried.last().unwrap(), &(job.get_str("_id").unwrap().to_owned(), true));
}

#[tokio::test]
async fn every_step_leaves_all_invariants_intact_and_any_process_continues() {
    for whole in ["event", "member", "deletion"] {
        let (scenario, ports, event, crowd) = in_small_steps().await;
        let scope = &scenario.tenant.scope;
        let admin = ChangeBuilder::by("first-admin").build();
        // The first transaction of a large change, as a process leaves it that is stopped after it.
        let ports_at_once = scenario.database.ports.without_steps_of(5);
        match whole {
            "event" => drop(ports_at_once.events.cancel(scope, event.id, &admin).await.unwrap()),
            "member" => drop(ports_at_once.members.remove(scope, crowd[0], &admin).await.unwrap()),
            _ => {
                ports.events.cancel(scope, event.id, &admin).await.unwrap();
                ports_at_once.events.delete(scope, event.id, &admin).await.unwrap();
            }
        }
        scenario.assert_sound().await;
        let refused = scenario.register(request_for(&event, scenario.member().await), &admin).await;
        assert!(refused.is_err(), "{whole}: {refused:?}");

        let processes = [ports.clone(), scenario.database.another_process().await.in_steps_of(5)];
        let unattended = ports.jobs.unattended().await.unwrap();
        assert_eq!(unattended.len(), 1, "{whole}");
        let job = unattended[0].job;
        let mut steps = 0;
        loop {
            // Two processes at a time: no step is carried out twice.
            let both = join_all(processes.iter().map(|ports| ports.jobs.step(scope, job, FixedClock::START)));
            let more: Vec<bool> = both.await.into_iter().map(Result::unwrap).collect();
            scenario.assert_sound().await;
            steps += 1;
            assert!(steps < 200, "{whole} ends");
            if more.iter().all(|more| !more) {
                break;
            }
        }
        assert!(steps > 1, "{whole}");
        assert_eq!(ports.jobs.unattended().await.unwrap(), []);
        let job = jobs(&scenario).await.pop().unwrap();
        let done = if whole == "member" { 20 } else { 100 };
        assert_eq!((job.get_i64("done").unwrap(), job.get_i64("remaining").unwrap()), (done, 0), "{whole}");
        let promoted = if whole == "member" { 20 } else { 0 };
        assert_eq!(scenario.database.logged("registration.promoted").await, promoted, "{whole}");
        let cancelled = if whole == "member" { 20 } else { 100 };
        assert_eq!(scenario.database.logged("registration.cancelled").await, cancelled, "{whole}");
    }
}

#[tokio::test]
async fn a_change_of_what_a_job_is_about_waits_for_the_job() {
    let (scenario, ports, event, _) = in_small_steps().await;
    let scope = &scenario.tenant.scope;
    let admin = ChangeBuilder::by("first-admin").build();
    let first = OccurrenceKey { event: event.id, original_start: days(&event, 1)[0] };
    let begun = scenario.database.ports.without_steps_of(1);
    let started = begun.events.cancel_occurrence(scope, first.into(), &admin).await.unwrap();
    assert_eq!((started.cancelled_registrations, started.remaining_registrations), (0, 5));
    // The next change completes the job before.
    let patch = EventPatch { title: Some(Title::parse("Other").unwrap()), ..EventPatch::default() };
    let edit = EventEdit {
        event: event.id,
        expected_version: None,
        scope: EditScope::All,
        patch,
        on_affected: OnAffected::Refuse,
    };
    ports.events.update(scope, edit, &admin).await.unwrap();
    assert_eq!(scenario.database.logged("registration.cancelled").await, 5);
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_long_history_of_one_member_is_bounded_and_slows_nothing_down() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::weekly(datetime!(2031-04-01 10:00)).build()).await;
    let member = scenario.member().await;
    let mut last = None;
    for number in 0..25 {
        let change = by(member).key(&format!("register {number}"), 1).build();
        let registration = scenario.register(request_for(&event, member), &change).await.unwrap();
        scenario.cancel(&registration, &by(member).build()).await.unwrap();
        last = Some(registration);
    }
    let registrations = scenario.database.collection("registrations");
    let kept = registrations.count_documents(doc! {}).await.unwrap();
    assert_eq!(kept, convene_application::limits::CANCELLED_REGISTRATIONS as u64);
    let last = doc! { "_id": last.unwrap().id.to_string() };
    assert!(registrations.find_one(last).await.unwrap().is_some(), "the latest are kept");
    // A repeat of a call whose registration is gone does not register again.
    let repeat = by(member).key("register 0", 1).build();
    let refused = scenario.register(request_for(&event, member), &repeat).await;
    assert_eq!(refusal(refused), Refusal::not_found(Field::OccurrenceId));
    let reuse = by(member).key("register 1", 2).build();
    let refused = scenario.register(request_for(&event, member), &reuse).await;
    assert_eq!(refusal(refused), Refusal::IdempotencyKeyReused);
    scenario.assert_sound().await;
}

#[tokio::test]
async fn an_edit_does_not_touch_cancelled_registrations_and_empty_occurrences() {
    let scenario = Scenario::new().await;
    let event = scenario.event(EventBuilder::daily(datetime!(2031-04-01 10:00), 60).build()).await;
    let crowd = scenario.crowd(1).await;
    let starts = days(&event, 60);
    scenario.hold(Held { event: &event, starts: &starts, seated: &crowd, waiting: &[] }).await;
    let admin = ChangeBuilder::by("first-admin").build();
    let scope = &scenario.tenant.scope;
    let registrations = scenario.database.collection("registrations");
    let all = registrations.find(doc! {}).await.unwrap().try_collect::<Vec<Document>>().await.unwrap();
    for registration in all.iter().skip(1) {
        let id = RegistrationId::parse(registration.get_str("_id").unwrap()).unwrap();
        let request = CancelRequest::for_tests(id, crowd[0], Role::Member);
        scenario.books[0].cancel(scope, request, &admin).await.unwrap();
    }
    let patch = EventPatch { starts_at: Some(datetime!(2031-04-01 12:00)), ..EventPatch::default() };
    update(&scenario, &event, patch).await.unwrap();
    let cancelled: Vec<Document> =
        registrations.find(doc! { "active": false }).await.unwrap().try_collect().await.unwrap();
    assert!(cancelled.iter().all(|registration| all.iter().any(|before| {
        before.get("_id") == registration.get("_id")
            && before.get("startsAt") == registration.get("startsAt")
            && before.get("occurrence") == registration.get("occurrence")
    })));
    let stored = scenario.database.collection("occurrences").count_documents(doc! {}).await.unwrap();
    assert_eq!(stored, 1, "empty occurrences are derived again");
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_change_beside_a_job_with_many_registrations_is_refused_at_once_and_a_repeat_is_answered() {
    let (scenario, ports, event, _) = in_small_steps().await;
    let scope = &scenario.tenant.scope;
    let cancel = ChangeBuilder::by("first-admin").key("cancel", 1).build();
    let begins_only = scenario.database.ports.without_steps_of(5);
    let begun = begins_only.events.cancel(scope, event.id, &cancel).await.unwrap();
    assert_eq!((begun.cancelled_registrations, begun.remaining_registrations), (0, 100));
    let many = doc! { "$set": { "remaining": 9_000_i64 } };
    scenario.database.collection("jobs").update_one(doc! {}, many).await.unwrap();
    let delete = ChangeBuilder::by("first-admin").build();
    let refused = ports.events.delete(scope, event.id, &delete).await;
    assert!(matches!(refused, Err(Failure::Fault(Fault::Overloaded))), "{refused:?}");
    assert_eq!(scenario.database.logged("registration.cancelled").await, 0, "it does not wait for steps");
    let repeated = ports.events.cancel(scope, event.id, &cancel).await.unwrap();
    assert_eq!((repeated.cancelled_registrations, repeated.remaining_registrations), (100, 0));
    ports.events.delete(scope, event.id, &delete).await.unwrap();
    scenario.assert_sound().await;
}
