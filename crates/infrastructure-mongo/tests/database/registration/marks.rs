//! Marks of waitlisted registrations whose members have another seat at that time.

use std::collections::HashMap;

use bson::{Bson, Document, doc};
use convene_application::{
    failure::{Failure, Fault},
    testing::builders::EventBuilder,
};
use convene_domain::{
    event::Event,
    id::{MemberId, RegistrationId},
    registration::Registration,
};
use futures::{TryStreamExt, future::join_all};
use time::{Duration, macros::datetime};

use crate::support::{
    Commands, FailPoint, Held, Scenario, TestDatabase, by, days, first, request_for, waitlist_request_for,
};

/// An event with one seat.
async fn wanted(scenario: &Scenario) -> Event {
    scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(1).build()).await
}

/// An event that lasts for days, in which these members have seats.
async fn long(scenario: &Scenario, members: &[MemberId]) -> Event {
    let long = EventBuilder::once(datetime!(2031-03-30 00:00)).lasting(Duration::days(5)).seats(5_000);
    let long = scenario.event(long.build()).await;
    scenario.hold(Held { event: &long, starts: &days(&long, 1), seated: members, waiting: &[] }).await;
    long
}

async fn join(scenario: &Scenario, event: &Event, member: MemberId) -> Registration {
    scenario.register(waitlist_request_for(event, member), &by(member).build()).await.unwrap()
}

async fn take(scenario: &Scenario, event: &Event, member: MemberId) -> Registration {
    scenario.register(request_for(event, member), &by(member).build()).await.unwrap()
}

async fn marked(database: &TestDatabase) -> u64 {
    let registrations = database.collection("registrations");
    registrations.count_documents(doc! { "status": "WAITLISTED", "isBusy": true }).await.unwrap()
}

/// The numbers of agendas that each transaction has read.
fn agendas_read(commands: &Commands) -> Vec<usize> {
    let mut read: HashMap<(String, i64), usize> = HashMap::new();
    for started in commands.take() {
        let command = &started.command;
        if command.get_str("find").ok() != Some("agendas") {
            continue;
        }
        let of_session = command.get_document("lsid").unwrap().to_string();
        let ids = command.get_document("filter").unwrap().to_string().matches("mbr_").count();
        *read.entry((of_session, command.get_i64("txnNumber").unwrap())).or_default() += ids;
    }
    read.into_values().collect()
}

#[tokio::test]
async fn a_busy_member_is_marked_when_joining_and_not_read_by_cancellations() {
    let (scenario, commands) = Scenario::watched().await;
    let (busy, free) = (scenario.crowd(30).await, scenario.crowd(3).await);
    long(&scenario, &busy).await;
    let other = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:30)).seats(9).build()).await;
    let wanted = wanted(&scenario).await;
    let seat = take(&scenario, &wanted, free[0]).await;
    join_all(busy.iter().map(|&member| join(&scenario, &wanted, member))).await;
    assert_eq!(marked(&scenario.database).await, 30);
    // One batch has the seat and the entry on the waitlist.
    futures::join!(take(&scenario, &other, free[1]), join(&scenario, &wanted, free[1]));
    let waiting = join(&scenario, &wanted, free[2]).await;
    assert!((30..=31).contains(&marked(&scenario.database).await));

    commands.take();
    let cancelled = scenario.cancel(&seat, &by(seat.member).build()).await.unwrap();
    assert_eq!(cancelled.promoted.map(|promoted| promoted.id), Some(waiting.id));
    let read = agendas_read(&commands);
    assert!(read.iter().sum::<usize>() <= 2, "{read:?}");
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_member_whose_time_becomes_free_while_joining_is_not_marked() {
    let scenario = Scenario::new().await;
    let crowd = scenario.crowd(2).await;
    let long = long(&scenario, &crowd[1..]).await;
    let wanted = wanted(&scenario).await;
    take(&scenario, &wanted, crowd[0]).await;
    // A cancellation that is not committed.
    let mut cancelling = scenario.database.client.start_session().await.unwrap();
    cancelling.start_transaction().await.unwrap();
    let free = doc! { "$pull": { "busy": { "occurrence": first(&long).to_string() } } };
    let agendas = scenario.database.collection("agendas");
    let agenda = doc! { "_id": crowd[1].to_string() };
    agendas.update_one(agenda, free).session(&mut cancelling).await.unwrap();
    let commit = async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        cancelling.commit_transaction().await.unwrap();
    };
    let (joined, ()) = futures::join!(join(&scenario, &wanted, crowd[1]), commit);
    assert!(joined.status.waitlist_sequence().is_some());
    assert_eq!(marked(&scenario.database).await, 0);
}

/// Members who took a seat elsewhere after they had joined the waitlist: none is marked.
async fn unmarked(scenario: &Scenario, members: usize) -> (Event, Registration) {
    let (holder, waiting) = (scenario.crowd(1).await, scenario.crowd(members).await);
    long(scenario, &waiting).await;
    let wanted = wanted(scenario).await;
    let starts = days(&wanted, 1);
    scenario.hold(Held { event: &wanted, starts: &starts, seated: &[], waiting: &waiting }).await;
    let occurrence = doc! { "_id": first(&wanted).to_string() };
    let occurrences = scenario.database.collection("occurrences");
    // The seat of a member who took it while the others waited.
    occurrences.update_one(occurrence.clone(), doc! { "$set": { "waiting": 0 } }).await.unwrap();
    let seat = take(scenario, &wanted, holder[0]).await;
    let waiting = Bson::Int32(i32::try_from(members).unwrap());
    occurrences.update_one(occurrence, doc! { "$set": { "waiting": waiting } }).await.unwrap();
    scenario.assert_sound().await;
    (wanted, seat)
}

#[tokio::test]
async fn a_long_waitlist_is_marked_in_transactions_of_their_own() {
    let (scenario, commands) = Scenario::watched().await;
    let (wanted, seat) = unmarked(&scenario, 1_300).await;
    let free = scenario.member().await;
    let waiting = join(&scenario, &wanted, free).await;
    commands.take();
    let cancelled = scenario.cancel_with_repeats(0, &seat).await.unwrap();
    assert_eq!(cancelled.promoted.map(|promoted| promoted.id), Some(waiting.id));
    let read = agendas_read(&commands);
    assert!(read.len() > 3 && read.iter().all(|&agendas| agendas <= 700), "{read:?}");
    assert_eq!(marked(&scenario.database).await, 1_300);
    scenario.assert_sound().await;
}

#[tokio::test]
async fn marks_stay_if_the_cancellation_fails() {
    let scenario = Scenario::new().await;
    let (wanted, seat) = unmarked(&scenario, 1_300).await;
    // Two reads show that the waitlist is long, and the next one is of the first transaction that marks.
    let failing = FailPoint::on("find", 0).in_collection(&scenario.database, "agendas", 3).code(91, &[]);
    let set = failing.set(&scenario.database).await;
    let failed = scenario.cancel(&seat, &by(seat.member).build()).await;
    assert!(matches!(failed, Err(Failure::Fault(Fault::Unavailable(_)))), "{failed:?}");
    assert_eq!(set.times_entered().await, 1);
    drop(set);
    assert_eq!(marked(&scenario.database).await, 500);
    scenario.assert_sound().await;
    let cancelled = scenario.cancel_with_repeats(0, &seat).await.unwrap();
    assert_eq!(cancelled.promoted, None);
    assert_eq!(scenario.counts(first(&wanted)).await, (0, 1_300));
    scenario.assert_sound().await;
}

#[tokio::test]
async fn marks_whose_commit_fails_are_made_again() {
    let (scenario, commands) = Scenario::watched().await;
    let (_, seat) = unmarked(&scenario, 1_300).await;
    commands.take();
    let transient = ["TransientTransactionError"];
    let failing = FailPoint::on("commitTransaction", 3).code(251, &transient).set(&scenario.database).await;
    scenario.cancel_with_repeats(0, &seat).await.unwrap();
    assert_eq!(failing.times_entered().await, 3);
    drop(failing);
    // The cancellation itself would have to read those that were skipped.
    let read = agendas_read(&commands);
    assert!(read.iter().all(|&agendas| agendas <= 700), "{read:?}");
    assert_eq!(marked(&scenario.database).await, 1_300);
    scenario.assert_sound().await;
}

#[tokio::test]
async fn a_cancellation_reads_only_the_begin_of_a_long_waitlist() {
    let scenario = Scenario::new().await;
    let (holder, waiting) = (scenario.crowd(1).await, scenario.crowd(600).await);
    let wanted = wanted(&scenario).await;
    let starts = days(&wanted, 1);
    scenario.hold(Held { event: &wanted, starts: &starts, seated: &holder, waiting: &waiting }).await;
    let seat = doc! { "occurrence": first(&wanted).to_string(), "status": "CONFIRMED" };
    let seat = scenario.database.collection("registrations").find_one(seat).await.unwrap().unwrap();
    let seat = RegistrationId::parse(seat.get_str("_id").unwrap()).unwrap();
    let ports = &scenario.database.ports.registrations;
    let seat = ports.get_many(&scenario.tenant.scope, &[seat]).await.unwrap().remove(0);
    let raw = scenario.database.raw();
    raw.run_command(doc! { "profile": 2 }).await.unwrap();
    let cancelled = scenario.cancel_with_repeats(0, &seat).await.unwrap();
    raw.run_command(doc! { "profile": 0 }).await.unwrap();
    assert_eq!(cancelled.promoted.map(|promoted| promoted.member), Some(waiting[0]));
    let profile = scenario.database.collection("system.profile");
    let reads = doc! { "op": "query", "ns": format!("{}.registrations", scenario.database.name()) };
    let reads: Vec<Document> = profile.find(reads).await.unwrap().try_collect().await.unwrap();
    let examined: Vec<i32> = reads.iter().map(|read| read.get_i32("docsExamined").unwrap()).collect();
    assert!(examined.iter().any(|&read| read >= 100), "{examined:?}");
    assert!(examined.iter().all(|&read| read <= 201), "{examined:?}");
}
