//! Seats for waitlisted members whose time becomes free, in several processes.

use bson::doc;
use convene_application::{
    failure::Refusal,
    ports::{EditScope, EventEdit, EventPatch, OnAffected},
    testing::builders::{ChangeBuilder, EventBuilder},
};
use convene_domain::{
    event::Event,
    id::{MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    registration::{Registration, RegistrationStatus},
};
use convene_infrastructure_mongo::registration::MissingGuard;
use futures::future::join_all;
use mongodb::ClientSession;
use rstest::rstest;
use time::{Duration, macros::datetime};

use crate::support::{
    Held, Scenario, SeededRandom, by, days, first, refusal, request_for, waitlist_request_for,
};

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

/// Begins a transaction that adds a seat.
async fn begin_to_add_a_seat(scenario: &Scenario, event: &Event) -> ClientSession {
    let mut organizer = scenario.database.client.start_session().await.unwrap();
    organizer.start_transaction().await.unwrap();
    let written = doc! { "_id": first(event).to_string() };
    let more = doc! { "$inc": { "capacity": 1 } };
    let occurrences = scenario.database.collection("occurrences");
    occurrences.update_one(written, more).session(&mut organizer).await.unwrap();
    organizer
}

/// Adds a seat in a transaction that is still open while the member cancels elsewhere. Returns the member's status.
async fn add_a_seat_meanwhile(scenario: &Scenario) -> RegistrationStatus {
    let Waiting { wanted, waiting, elsewhere, .. } = waiting(scenario).await;
    let mut organizer = begin_to_add_a_seat(scenario, &wanted).await;
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

/// An occurrence whose only seat is taken, with more waitlisted members than stand for all of a waitlist. Each of them has a seat in
/// an event that lasts for days.
struct BusyWaitlist {
    long: Event,
    wanted: Event,
    holder: MemberId,
    waiting: Vec<MemberId>,
}

async fn busy_waitlist(scenario: &Scenario) -> BusyWaitlist {
    let (holder, waiting) = (scenario.crowd(1).await, scenario.crowd(150).await);
    let long = busy(scenario, &waiting).await;
    let wanted = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(1).build()).await;
    let held = Held { event: &wanted, starts: &days(&wanted, 1), seated: &holder, waiting: &waiting };
    scenario.hold(held).await;
    BusyWaitlist { long, wanted, holder: holder[0], waiting }
}

/// An event that lasts for days, in which these members have seats.
async fn busy(scenario: &Scenario, members: &[MemberId]) -> Event {
    let long = EventBuilder::once(datetime!(2031-03-30 00:00)).lasting(Duration::days(5)).seats(500).build();
    let long = scenario.event(long).await;
    scenario.hold(Held { event: &long, starts: &days(&long, 1), seated: members, waiting: &[] }).await;
    long
}

#[tokio::test]
async fn busy_members_are_not_read_again_until_their_time_becomes_free() {
    let (scenario, commands) = Scenario::watched().await;
    let BusyWaitlist { long, wanted, holder, waiting } = busy_waitlist(&scenario).await;
    let newcomer = scenario.member().await;
    let registrations = scenario.database.collection("registrations");
    let written = async |passed: i64| {
        let filter = doc! { "status": "WAITLISTED", "isBusy": true, "passed": passed };
        registrations.count_documents(filter).await.unwrap()
    };
    let cancel = async |registration: &Registration| {
        commands.take();
        scenario.cancel(registration, &by(registration.member).build()).await.unwrap();
        let reads = commands
            .take()
            .into_iter()
            .filter(|command| command.command.get_str("find").is_ok_and(|found| found == "agendas"));
        reads.count()
    };
    let ports = &scenario.database.ports.registrations;
    let seat = |event: &Event, member: MemberId| {
        let (occurrence, member) = (first(event).to_string(), member.to_string());
        let filter = doc! { "occurrence": occurrence, "member": member, "active": true };
        let registrations = registrations.clone();
        async move {
            let found = registrations.find_one(filter).await.unwrap().unwrap();
            let id = RegistrationId::parse(found.get_str("_id").unwrap()).unwrap();
            ports.get_many(&scenario.tenant.scope, &[id]).await.unwrap().remove(0)
        }
    };
    assert_eq!(cancel(&seat(&wanted, holder).await).await, 1, "all agendas");
    assert_eq!((written(1).await, written(2).await), (50, 100));
    for number in 3..5 {
        let request = request_for(&wanted, newcomer);
        let taken = scenario.register(request, &by(newcomer).build()).await.unwrap();
        assert_eq!(cancel(&taken).await, 0, "no agenda");
        assert_eq!((written(1).await, written(number).await), (50, 100));
    }
    // The last one of the waitlist.
    let freed = waiting[149];
    let request = request_for(&wanted, newcomer);
    let taken = scenario.register(request, &by(newcomer).build()).await.unwrap();
    cancel(&seat(&long, freed).await).await;
    assert_eq!(cancel(&taken).await, 1, "one agenda");
    assert_eq!(seat(&wanted, freed).await.status, RegistrationStatus::Confirmed);
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_busy_member_is_considered_again_when_the_occurrence_moves() {
    let scenario = Scenario::new().await;
    let Waiting { wanted, holder, waiting, .. } = waiting(&scenario).await;
    scenario.cancel(&holder, &by(holder.member).build()).await.unwrap();
    let known = doc! { "isBusy": true };
    let registrations = scenario.database.collection("registrations");
    assert_eq!(registrations.count_documents(known.clone()).await.unwrap(), 1);
    let patch = EventPatch { starts_at: Some(datetime!(2031-04-02 09:00)), ..EventPatch::default() };
    let edit = EventEdit {
        event: wanted.id,
        expected_version: None,
        scope: EditScope::All,
        patch,
        on_affected: OnAffected::Refuse,
    };
    let admin = ChangeBuilder::by("first-admin").build();
    scenario.database.ports.events.update(&scenario.tenant.scope, edit, &admin).await.unwrap();
    assert_eq!(status(&scenario, &waiting).await, RegistrationStatus::Confirmed);
    assert_eq!(registrations.count_documents(known).await.unwrap(), 0);
    scenario.assert_sound().await;
}

/// A member with as many seats as one can have, who was passed over beside two free seats at other times.
struct FullAgenda {
    member: MemberId,
    daily: Event,
    waiting: [Registration; 2],
}

async fn full_agenda(scenario: &Scenario) -> FullAgenda {
    let members = scenario.crowd(2).await;
    let [holder, member] = members[..] else { panic!("two members") };
    let start = datetime!(2031-04-01 09:00);
    let daily = scenario.event(EventBuilder::daily(start, 1_000).build()).await;
    let starts = days(&daily, 1_000);
    scenario.hold(Held { event: &daily, starts: &starts, seated: &[member], waiting: &[] }).await;
    let mut waiting = Vec::new();
    for hours in [10, 34] {
        let event = EventBuilder::once(start + Duration::hours(hours)).seats(1).build();
        let event = scenario.event(event).await;
        let held = scenario.register(request_for(&event, holder), &by(holder).build()).await.unwrap();
        let request = waitlist_request_for(&event, member);
        waiting.push(scenario.register(request, &by(member).build()).await.unwrap());
        scenario.cancel(&held, &by(holder).build()).await.unwrap();
    }
    scenario.assert_sound().await;
    FullAgenda { member, daily, waiting: waiting.try_into().unwrap() }
}

impl FullAgenda {
    /// Cancels the seat on one of the days. Returns which of the other two seats the member has then.
    async fn cancel(&self, scenario: &Scenario, day: i64) -> [bool; 2] {
        let original_start = self.daily.series.first_start() + Duration::days(day);
        let occurrence = OccurrenceKey { event: self.daily.id, original_start }.to_string();
        let seat = doc! { "occurrence": occurrence, "member": self.member.to_string() };
        let seat = scenario.database.collection("registrations").find_one(seat).await.unwrap().unwrap();
        let seat = RegistrationId::parse(seat.get_str("_id").unwrap()).unwrap();
        let ports = &scenario.database.ports.registrations;
        let seat = ports.get_many(&scenario.tenant.scope, &[seat]).await.unwrap().remove(0);
        scenario.cancel(&seat, &by(self.member).build()).await.unwrap();
        let [first, second] = &self.waiting;
        let now = [status(scenario, first).await, status(scenario, second).await];
        now.map(|status| status == RegistrationStatus::Confirmed)
    }
}

#[tokio::test]
async fn a_member_whose_agenda_was_full_gets_the_free_seat_with_the_next_freed_time() {
    let scenario = Scenario::new().await;
    let full = full_agenda(&scenario).await;
    let agenda = doc! { "_id": full.member.to_string() };
    let agenda = scenario.database.collection("agendas").find_one(agenda).await.unwrap().unwrap();
    let writes = agenda.get_i64("waitlistJoins").unwrap();
    assert_eq!(writes, 4, "both that join and that are passed over conflict with whatever frees time");
    for (day, expected) in [(500, [true, false]), (501, [true, true])] {
        assert_eq!(full.cancel(&scenario, day).await, expected);
        scenario.assert_sound().await;
    }
    let marked = doc! { "lacksRoom": true };
    assert_eq!(scenario.database.collection("registrations").count_documents(marked).await.unwrap(), 0);
}

#[tokio::test]
async fn without_the_guard_a_member_whose_agenda_was_full_is_missed() {
    let scenario = Scenario::without(MissingGuard::FreedTime).await;
    let full = full_agenda(&scenario).await;
    assert_eq!(full.cancel(&scenario, 500).await, [false, false]);
    let report = scenario.report().await;
    assert_eq!(report.violations_of(INVARIANT), 2, "{report}");
}

#[tokio::test]
async fn a_member_far_behind_on_a_waitlist_is_not_missed() {
    let scenario = Scenario::new().await;
    let BusyWaitlist { long, wanted, waiting, .. } = busy_waitlist(&scenario).await;
    let registrations = scenario.database.collection("registrations");
    let waitlisted = doc! { "status": "WAITLISTED" };
    registrations.update_many(waitlisted.clone(), doc! { "$set": { "isBusy": true } }).await.unwrap();
    scenario.assert_sound().await;
    // A transaction that adds a seat, and does not read members who are known to be busy.
    let mut organizer = begin_to_add_a_seat(&scenario, &wanted).await;
    let mut first_ones = waitlisted;
    first_ones.insert("waitlistSequence", doc! { "$lte": 100 });
    let write = doc! { "$inc": { "passed": 1_i64 } };
    registrations.update_many(first_ones, write).session(&mut organizer).await.unwrap();

    let seat = doc! { "event": long.id.to_string(), "member": waiting[149].to_string() };
    let seat = registrations.find_one(seat).await.unwrap().unwrap();
    let seat = RegistrationId::parse(seat.get_str("_id").unwrap()).unwrap();
    let ports = &scenario.database.ports.registrations;
    let seat = ports.get_many(&scenario.tenant.scope, &[seat]).await.unwrap().remove(0);
    let cancelling = scenario.cancel_with_repeats(0, &seat);
    let adding = async {
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        organizer.commit_transaction().await.unwrap();
    };
    futures::join!(cancelling, adding).0.unwrap();
    assert_eq!(scenario.counts(first(&wanted)).await, (2, 149));
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
async fn no_free_time_is_missed_among_newcomers_in_two_processes(
    #[values(1, 2, 3)] seed: u64,
    #[values(0, 120)] busy_before: usize,
) {
    let scenario = Scenario::with_two_processes().await;
    let mut wanted = Vec::new();
    for minutes in [0, 30, 60] {
        let start = datetime!(2031-04-01 09:00) + Duration::minutes(minutes);
        wanted.push(scenario.event(EventBuilder::once(start).seats(3).build()).await);
    }
    if busy_before > 0 {
        let before = scenario.crowd(busy_before).await;
        busy(&scenario, &before).await;
        for event in &wanted {
            scenario.hold(Held { event, starts: &days(event, 1), seated: &[], waiting: &before }).await;
        }
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
