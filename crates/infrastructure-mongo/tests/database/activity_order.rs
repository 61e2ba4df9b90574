//! The order of the activity log, with changes that wait and several processes.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use bson::doc;
use convene_application::{
    change::Change,
    ports::{ActivityFilter, Clock, OrganizationPatch},
    testing::{
        FixedClock,
        builders::{ChangeBuilder, EventBuilder, IssueBuilder, first},
    },
};
use convene_domain::{
    activity::{Activity, Subject},
    text::OrganizationName,
    time::Instant,
};
use convene_infrastructure_mongo::registration::BookSettings;
use futures::future::join_all;
use time::{Duration, macros::datetime};

use crate::support::{
    Scenario, Tenant, TestDatabase, by, request_for, times_of_agenda, waitlist_request_for,
};

/// A clock of several processes that shows a later time whenever it is read.
#[derive(Debug, Default)]
struct TickingClock(AtomicI64);

impl Clock for TickingClock {
    fn now(&self) -> Instant {
        FixedClock::START + Duration::milliseconds(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// The whole log of the tenant, newest first.
async fn log(database: &TestDatabase, tenant: &Tenant) -> Vec<Activity> {
    let page = database.ports.activity_log.list(&tenant.scope, ActivityFilter::default(), first(100)).await;
    page.unwrap().items
}

#[tokio::test]
async fn a_registration_is_promoted_after_it_was_made_by_a_clock_ahead() {
    let mut scenario = Scenario::new().await;
    let ahead = FixedClock::START + Duration::seconds(2);
    let other = scenario.database.another_process_with(Arc::new(FixedClock::at(ahead))).await;
    scenario.books.push(other.start_registration_book(BookSettings::default()));
    let event = scenario.event(EventBuilder::once(datetime!(2031-04-01 09:00)).seats(1).build()).await;
    let members = scenario.crowd(2).await;
    let seat = scenario.register(request_for(&event, members[0]), &by(members[0]).build()).await.unwrap();
    let wait = waitlist_request_for(&event, members[1]);
    let waiting = scenario.register_by(1, wait, &by(members[1]).build()).await.unwrap();
    assert_eq!(waiting.created_at, ahead);
    // Nobody is promoted, because the agenda is full.
    let this = doc! { "_id": members[1].to_string() };
    let agendas = scenario.database.collection("agendas");
    let upcoming = bson::DateTime::builder().year(2032).month(1).day(1).build().unwrap();
    agendas
        .update_one(this.clone(), doc! { "$set": { "busy": times_of_agenda(upcoming, 1_000) } })
        .await
        .unwrap();
    let cancelled = scenario.cancel(&seat, &by(members[0]).build()).await.unwrap();
    assert_eq!(cancelled.promoted, None);
    agendas.update_one(this, doc! { "$set": { "busy": [] } }).await.unwrap();

    let change = by(members[1]).at(FixedClock::START + Duration::SECOND).build();
    let promoted = scenario.register(request_for(&event, members[1]), &change).await.unwrap();
    assert_eq!((promoted.id, promoted.updated_at), (waiting.id, ahead + Duration::MILLISECOND));
    let log = log(&scenario.database, &scenario.tenant).await;
    let subject = Subject::Registration(waiting.id);
    let actions = log.iter().filter(|entry| entry.subject == subject).map(|entry| entry.action.as_str());
    let newest_first: Vec<&str> = actions.collect();
    assert_eq!(newest_first, ["registration.promoted", "registration.waitlisted"]);
    scenario.assert_sound().await;
}

fn name(name: &str) -> OrganizationPatch {
    OrganizationPatch { name: OrganizationName::parse(name).ok(), ..OrganizationPatch::default() }
}

fn asked_at(at: Instant) -> Change {
    ChangeBuilder::by("first-admin").at(at).build()
}

#[tokio::test]
async fn a_change_that_waited_is_newer_than_what_was_recorded_meanwhile() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("choir").await;
    let clock = Arc::new(FixedClock::at(FixedClock::START + Duration::seconds(8)));
    let process = database.another_process_with(clock).await;
    let seconds = |seconds| FixedClock::START + Duration::seconds(seconds);
    let create = async |title: &str, at| {
        let issue = IssueBuilder::new(title, tenant.admin()).build();
        process.issues.create(&tenant.scope, issue, &asked_at(at)).await.unwrap()
    };
    let quick = create("Quick", seconds(8)).await;
    let slow = create("Slow", seconds(1)).await;
    assert_eq!((quick.created_at, slow.created_at, slow.updated_at), (seconds(8), seconds(8), seconds(8)));
    let subjects: Vec<String> =
        log(&database, &tenant).await.iter().map(|entry| entry.subject.to_string()).take(2).collect();
    assert_eq!(subjects, [slow.id.to_string(), quick.id.to_string()], "newest first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_of_concurrent_changes_join() {
    let database = TestDatabase::prepared().await;
    let tenant = database.organization("choir").await;
    let clock = Arc::new(TickingClock::default());
    let processes = [
        database.another_process_with(Arc::clone(&clock) as Arc<dyn Clock>).await,
        database.another_process_with(Arc::clone(&clock) as Arc<dyn Clock>).await,
    ];
    let renaming = (0..4).map(|caller| {
        let (process, clock) = (&processes[caller % 2], &clock);
        let scope = tenant.scope;
        async move {
            for number in 0..5 {
                let change = asked_at(clock.now());
                let patch = name(&format!("Name {caller} {number}"));
                // A busy machine may refuse some of them.
                process.organizations.update(&scope, patch, &change).await.ok();
            }
        }
    });
    join_all(renaming).await;
    let mut entries = log(&database, &tenant).await;
    entries.retain(|entry| entry.action.as_str() == "organization.updated");
    assert!(entries.len() >= 10, "{}", entries.len());
    let breaks: Vec<_> = entries
        .windows(2)
        .filter(|pair| pair[0].changes[0].before != pair[1].changes[0].after)
        .map(|pair| (pair[1].at, pair[0].at))
        .collect();
    assert!(breaks.is_empty(), "{breaks:?}");
}
