//! Seats for waitlisted members whose time becomes free, in several processes.

use bson::doc;
use convene_application::{failure::Refusal, testing::builders::EventBuilder};
use convene_domain::{
    event::Event,
    id::MemberId,
    registration::{Registration, RegistrationStatus},
};
use convene_infrastructure_mongo::registration::MissingGuard;
use futures::future::join_all;
use rstest::rstest;
use time::{Duration, macros::datetime};

use crate::support::{Scenario, SeededRandom, by, first, refusal, request_for, waitlist_request_for};

const INVARIANT: &str = "no seat of an upcoming occurrence is free while a waitlisted member could take it";

/// An occurrence whose only seat is taken, and a member who waits for it and has a seat elsewhere at that time.
struct Waiting {
    wanted: Event,
    holder: Registration,
    waiting: Registration,
    elsewhere: Registration,
}

async fn waiting(scenario: &Scenario) -> Waiting {
    let wanted = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(1).build()).await;
    let other = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:30)).build()).await;
    let members = scenario.crowd(2).await;
    let [holder, member] = members.as_slice() else { panic!("two members") };
    let register = |request, member: MemberId| async move {
        scenario.register(request, &by(member).build()).await.unwrap()
    };
    let holder = register(request_for(&wanted, *holder), *holder).await;
    let waiting = register(waitlist_request_for(&wanted, *member), *member).await;
    let elsewhere = register(request_for(&other, *member), *member).await;
    Waiting { wanted, holder, waiting, elsewhere }
}

async fn status(scenario: &Scenario, registration: &Registration) -> RegistrationStatus {
    let ports = &scenario.database.ports;
    let found = ports.registrations.get_many(&scenario.tenant.scope, &[registration.id]).await.unwrap();
    found[0].status
}

/// Adds a seat in a transaction that is still open while the member cancels elsewhere. Returns the member's status.
async fn add_a_seat_meanwhile(scenario: &Scenario) -> RegistrationStatus {
    let Waiting { wanted, waiting, elsewhere, .. } = waiting(scenario).await;
    let mut organizer = scenario.database.client.start_session().await.unwrap();
    organizer.start_transaction().await.unwrap();
    let written = doc! { "_id": first(&wanted).to_string() };
    let more = doc! { "$inc": { "capacity": 1 } };
    let occurrences = scenario.database.collection("occurrences");
    occurrences.update_one(written, more).session(&mut organizer).await.unwrap();
    // The member is busy, so this transaction passes over the registration.
    let passed = doc! { "_id": waiting.id.to_string() };
    let write = doc! { "$inc": { "passed": 1_i64 } };
    let registrations = scenario.database.collection("registrations");
    registrations.update_one(passed, write).session(&mut organizer).await.unwrap();
    let cancelling = async {
        scenario.cancel(&elsewhere, &by(elsewhere.member).build()).await.unwrap();
    };
    let adding = async {
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        organizer.commit_transaction().await.unwrap();
    };
    futures::join!(cancelling, adding);
    status(scenario, &waiting).await
}

#[tokio::test]
async fn time_that_becomes_free_while_a_seat_becomes_free_is_not_missed() {
    let scenario = Scenario::new().await;
    assert_eq!(add_a_seat_meanwhile(&scenario).await, RegistrationStatus::Confirmed);
    scenario.assert_sound().await;
}

#[tokio::test]
async fn without_the_guard_it_is_missed_and_the_check_reports_it() {
    let scenario = Scenario::without(MissingGuard::FreedTime).await;
    assert!(add_a_seat_meanwhile(&scenario).await.waitlist_sequence().is_some());
    let report = scenario.report().await;
    assert_eq!(report.violations_of(INVARIANT), 1, "{report}");
}

#[tokio::test]
async fn a_waitlisted_member_who_registers_gets_the_free_seat() {
    let scenario = Scenario::new().await;
    let Waiting { wanted, holder, waiting, elsewhere } = waiting(&scenario).await;
    let member = waiting.member;
    // An organizer's edit at a shell, which promotes nobody.
    let occurrence = doc! { "_id": first(&wanted).to_string() };
    let more = doc! { "$inc": { "capacity": 1 } };
    scenario.database.collection("occurrences").update_one(occurrence, more).await.unwrap();
    let register = |request| {
        let change = by(member).build();
        let scenario = &scenario;
        async move { scenario.register(request, &change).await }
    };
    let refused = register(request_for(&wanted, member)).await;
    assert_eq!(refusal(refused), Refusal::AlreadyRegistered, "the member is busy");
    scenario.cancel(&elsewhere, &by(member).build()).await.unwrap();
    assert_eq!(status(&scenario, &waiting).await, RegistrationStatus::Confirmed);

    let cancelled = scenario.cancel(&waiting, &by(member).build()).await.unwrap();
    let again = register(waitlist_request_for(&wanted, member)).await.unwrap();
    assert_eq!(again.status, RegistrationStatus::Confirmed);
    assert_ne!(again.id, cancelled.registration.id);
    scenario.cancel(&holder, &by(holder.member).build()).await.unwrap();
    scenario.assert_sound().await;
}

/// Such a state is possible in a database of an earlier version only.
#[rstest]
#[tokio::test]
async fn a_free_seat_that_was_missed_is_reported_and_can_be_taken(#[values(false, true)] join: bool) {
    let scenario = Scenario::new().await;
    let Waiting { wanted, waiting, elsewhere, .. } = waiting(&scenario).await;
    let member = waiting.member;
    scenario.cancel(&elsewhere, &by(member).build()).await.unwrap();
    scenario.assert_sound().await;
    let occurrence = doc! { "_id": first(&wanted).to_string() };
    let more = doc! { "$inc": { "capacity": 1 } };
    scenario.database.collection("occurrences").update_one(occurrence, more).await.unwrap();
    assert_eq!(scenario.report().await.violations_of(INVARIANT), 1);

    let request = if join { waitlist_request_for(&wanted, member) } else { request_for(&wanted, member) };
    let change = by(member).key("take", 1).build();
    let seat = scenario.register(request, &change).await.unwrap();
    assert_eq!((seat.id, seat.status), (waiting.id, RegistrationStatus::Confirmed));
    assert_eq!(scenario.register(request, &change).await.unwrap(), seat, "a repeat");
    assert_eq!(scenario.counts(first(&wanted)).await, (2, 0));
    assert_eq!(scenario.database.logged("registration.promoted").await, 1);
    scenario.assert_sound().await;
}

/// Members take a seat elsewhere, join the waitlist, and leave the seat, while newcomers register, in two processes.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_free_time_is_missed_among_newcomers_in_two_processes(#[values(1, 2, 3)] seed: u64) {
    let scenario = Scenario::with_two_processes().await;
    let mut wanted = Vec::new();
    for minutes in [0, 30, 60] {
        let start = datetime!(2031-04-01 09:00) + Duration::minutes(minutes);
        wanted.push(scenario.event(EventBuilder::once(start).seats(3).build()).await);
    }
    let start = datetime!(2031-04-01 09:00);
    let other = EventBuilder::once(start).lasting(Duration::hours(2)).seats(100).build();
    let other = scenario.event(other).await;
    let members = scenario.crowd(36).await;
    join_all(members.iter().zip(1_u64..).map(|(&member, number)| {
        let (scenario, wanted, other) = (&scenario, &wanted, &other);
        async move {
            let mut random = SeededRandom(seed * 1_000 + number);
            let mut waiting = Vec::new();
            for _ in 0..3 {
                let (event, process) = (&wanted[random.below(wanted.len())], random.below(2));
                let request = waitlist_request_for(event, member);
                waiting.extend(scenario.register_with_repeats(process, request).await);
                let elsewhere = scenario.register_with_repeats(process, request_for(other, member)).await;
                if let Ok(elsewhere) = elsewhere {
                    scenario.cancel_with_repeats(random.below(2), &elsewhere).await.unwrap();
                }
                if random.below(2) == 0
                    && let Some(registration) = waiting.pop()
                {
                    scenario.cancel_with_repeats(random.below(2), &registration).await.unwrap();
                }
            }
        }
    }))
    .await;
    assert!(scenario.database.logged("registration.promoted").await > 0);
    scenario.assert_sound().await;
}
