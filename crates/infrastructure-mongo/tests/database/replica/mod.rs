//! Replicas of catalogues: what they answer equals the database, at once and whatever they missed.

mod memory;
mod process;
mod writer;

use bson::{Document, doc};
use convene_application::{
    catalogue::Replica,
    ports::{EditScope, EventEdit, EventFilter, EventPatch, OnAffected},
    testing::builders::{ChangeBuilder, EventBuilder},
};
use convene_domain::{
    occurrence::{OccurrenceKey, StoredOccurrence},
    text::Title,
    time::Instant,
};
use time::{Duration, macros::utc_datetime};

use self::{
    process::Process,
    writer::{FIRST, Writer},
};
use crate::support::{FailPoint, Tenant, TestDatabase};

/// A window that contains nearly all occurrences.
const WINDOW: (Instant, Instant) = (utc_datetime!(2031-02-20 0:00), utc_datetime!(2031-05-10 0:00));

/// Much smaller than any catalogue.
const TOO_SMALL: usize = 100;

/// The number of reads from the variable `CONVENE_TEST_READS`, by default 150; 10,000 is the full run.
fn reads() -> usize {
    let asked = std::env::var("CONVENE_TEST_READS").ok();
    asked.map_or(150, |number| number.parse().expect("CONVENE_TEST_READS must be a number"))
}

struct World {
    database: TestDatabase,
    tenant: Tenant,
    processes: [Process; 2],
    /// A process without replicas.
    plain: Process,
}

impl World {
    async fn new() -> Self {
        let database = TestDatabase::prepared().await;
        let tenant = database.organization("tenant").await;
        let processes =
            [Process::new(database.ports.in_steps_of(1)), Process::new(database.another_process().await)];
        let plain = Process::new(database.another_process().await.with_catalogue_bytes(0));
        Self { database, tenant, processes, plain }
    }

    async fn replica(&self, process: &Process) -> Option<std::sync::Arc<Replica>> {
        let caller = process.caller(&self.tenant).await;
        process.ports.catalogue.replica(caller.scope()).await.unwrap()
    }

    async fn create(&self, event: EventBuilder) -> convene_domain::event::Event {
        let change = ChangeBuilder::by("first-admin").build();
        self.plain.ports.events.create(&self.tenant.scope, event.build(), &change).await.unwrap()
    }

    async fn rename(&self, process: &Process, event: convene_domain::id::EventId, title: &str) {
        let patch = EventPatch { title: Title::parse(title).ok(), ..EventPatch::default() };
        let edit = EventEdit {
            event,
            expected_version: None,
            scope: EditScope::All,
            patch,
            on_affected: OnAffected::Refuse,
        };
        let change = ChangeBuilder::by("first-admin").build();
        process.ports.events.update(&self.tenant.scope, edit, &change).await.unwrap();
    }

    async fn titles(&self, process: &Process) -> Vec<String> {
        process.list(&self.tenant, WINDOW).await.iter().map(|it| it.title.to_string()).collect()
    }
}

/// The content of a replica, without the seat counts.
fn content(replica: &Replica) -> (Vec<String>, Vec<StoredOccurrence>) {
    let mut events: Vec<String> = replica
        .held_events()
        .filter_map(|held| held.event())
        .map(|event| format!("{:?}", event.event))
        .collect();
    events.sort_unstable();
    let known = replica.held_events().filter(|held| held.event().is_some());
    let mut exceptions: Vec<_> = known
        .flat_map(|held| held.exceptions().map(|exception| StoredOccurrence::clone(exception)))
        .map(|stored| StoredOccurrence { taken: 0, waiting: 0, ..stored })
        .collect();
    exceptions.sort_by_key(|stored| stored.key);
    (events, exceptions)
}

#[tokio::test]
async fn a_read_after_an_acknowledged_write_of_another_process_is_never_stale() {
    let world = World::new().await;
    let mut writer = Writer::new(0x5EED);
    for number in 0..reads() {
        let writing = number % 2;
        writer.write(&world.processes[writing], &world.tenant).await;
        let reader = &world.processes[1 - writing];
        let found = reader.list(&world.tenant, WINDOW).await;
        let expected = world.plain.list(&world.tenant, WINDOW).await;
        assert_eq!(found, expected, "after change {number}");
        // The writing process sees its own write as well.
        let own = world.processes[writing].list(&world.tenant, WINDOW).await;
        assert_eq!(own, expected, "after change {number}, by the same process");
        for recurring in [true, false] {
            let filter =
                EventFilter { recurring: Some(recurring), from: Some(writer.now), ..EventFilter::default() };
            let (found, expected) = (
                reader.events(&world.tenant, &filter).await,
                world.plain.events(&world.tenant, &filter).await,
            );
            assert_eq!(found, expected, "{filter:?} after change {number}");
        }
        // Without a replica, a lookup reads the whole stored occurrences.
        for process in [&world.plain, reader] {
            let looked_up = process.looked_up(&world.tenant, &expected).await;
            assert_eq!(looked_up, expected, "after change {number}");
        }
        // A replica that followed all changes equals one that is loaded now.
        if number % 10 == 0 {
            let fresh = Process::new(world.database.another_process().await);
            let (followed, loaded) = (world.replica(reader).await, world.replica(&fresh).await);
            let (followed, loaded) = (followed.unwrap(), loaded.unwrap());
            assert_eq!(content(&followed), content(&loaded), "after change {number}");
            assert_eq!(followed.revision(), loaded.revision());
        }
    }
    assert!(writer.scheduled() > 0);
}

#[tokio::test]
async fn a_read_is_never_stale_while_the_database_fails() {
    let world = World::new().await;
    let mut writer = Writer::new(0xFA11);
    // The codes of a member that is no primary any more, and of one that steps down.
    for (number, code) in [10_107, 11_602, 189].into_iter().cycle().take(reads() / 5).enumerate() {
        writer.write(&world.processes[1], &world.tenant).await;
        let caller = world.processes[0].caller(&world.tenant).await;
        let reader = &world.processes[0];
        let failing = FailPoint::on("aggregate", 1).code(code, &[]).set(&world.database).await;
        // The driver repeats the read once.
        let found = reader.list_as(&caller, WINDOW).await;
        drop(failing);
        let expected = world.plain.list_as(&world.plain.caller(&world.tenant).await, WINDOW).await;
        assert_eq!(found, expected, "after change {number}");
    }
}

#[tokio::test]
async fn a_request_sees_what_its_own_process_wrote_since_it_was_authenticated() {
    let world = World::new().await;
    let event = world.create(EventBuilder::once(FIRST).title("Before")).await;
    let process = &world.processes[0];
    let caller = process.caller(&world.tenant).await;
    let titles = async || {
        let found = process.list_as(&caller, WINDOW).await;
        found.iter().map(|it| it.title.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(titles().await, ["Before"]);
    world.rename(process, event.id, "After").await;
    assert_eq!(process.ports.catalogue.held(caller.scope()), None);
    assert_eq!(titles().await, ["After"]);
    let held = process.ports.catalogue.held(caller.scope()).unwrap();
    assert_eq!(held.event(event.id).unwrap().title.as_str(), "After");
}

#[tokio::test]
async fn a_catalogue_whose_history_is_gone_is_loaded_again() {
    let world = World::new().await;
    let event = world.create(EventBuilder::daily(FIRST, 3).title("One")).await;
    let other = world.create(EventBuilder::once(FIRST).title("Two")).await;
    let reader = &world.processes[0];
    assert_eq!(world.titles(reader).await.len(), 4);
    let change = ChangeBuilder::by("first-admin").build();
    for gone in [1, 2] {
        world.rename(&world.plain, event.id, &format!("Changed {gone}")).await;
        if gone == 2 {
            world.plain.ports.events.delete(&world.tenant.scope, other.id, &change).await.unwrap();
        }
        // It has expired, or was written by a program that does not store it.
        world.database.collection("revisions").delete_many(doc! {}).await.unwrap();
        if gone == 2 {
            world.rename(&world.plain, event.id, "Last").await;
        }
        assert_eq!(world.titles(reader).await, world.titles(&world.plain).await);
        assert!(world.replica(reader).await.is_some());
    }
}

#[tokio::test]
async fn many_changes_are_followed_in_parts() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("tenant").await;
    let writing = Process::new(database.another_process().await);
    let reading = Process::new(database.ports.in_steps_of(1));
    let plain = Process::new(database.another_process().await.with_catalogue_bytes(0));
    let world = World { processes: [reading, writing], plain, tenant, database };
    let [reader, writer] = &world.processes;
    let mut events = Vec::new();
    for number in 0..9 {
        events.push(world.create(EventBuilder::daily(FIRST, 3).title(&format!("Event {number}"))).await);
    }
    assert_eq!(world.titles(reader).await.len(), 27);
    let change = ChangeBuilder::by("first-admin").build();
    let scope = &world.tenant.scope;
    for number in 0..150 {
        let event = &events[number % 8];
        let day = Duration::days(i64::try_from(number % 3).unwrap());
        let key = OccurrenceKey { event: event.id, original_start: FIRST.as_utc() + day };
        match number {
            60 => drop(writer.ports.events.delete(scope, events[8].id, &change).await.unwrap()),
            _ if number % 5 == 4 => {
                // It is cancelled already, if it is not the first time.
                drop(writer.ports.events.cancel_occurrence(scope, key.into(), &change).await);
            }
            _ => world.rename(writer, event.id, &format!("Changed {number}")).await,
        }
    }
    commands.take();
    let followed = world.replica(reader).await.unwrap();
    let of_revisions = |it: &mongodb::event::command::CommandStartedEvent| {
        it.command_name == "aggregate" && it.command.get_str("aggregate").ok() == Some("revisions")
    };
    let parts = commands.take().iter().filter(|it| of_revisions(it)).count();
    assert_eq!(parts, 3, "10, 100 and the others");
    let fresh = Process::new(world.database.another_process().await);
    let loaded = world.replica(&fresh).await.unwrap();
    assert_eq!(content(&followed), content(&loaded));
    assert_eq!(followed.revision(), loaded.revision());
    assert_eq!(world.titles(reader).await, world.titles(&world.plain).await);
}

#[tokio::test]
async fn a_replica_that_is_far_behind_is_loaded_again() {
    let (database, commands) = TestDatabase::watched().await;
    let tenant = database.organization("tenant").await;
    let reader = Process::new(database.ports.in_steps_of(1));
    let plain = Process::new(database.another_process().await.with_catalogue_bytes(0));
    let other = Process::new(database.another_process().await);
    let world = World { processes: [reader, other], plain, tenant, database };
    let reader = &world.processes[0];
    let event = world.create(EventBuilder::once(FIRST).title("Before")).await;
    let before = world.replica(reader).await.unwrap().revision();
    world.rename(&world.plain, event.id, "After").await;
    // As many changes of which each is stored.
    let revisions = world.database.collection("revisions");
    let last = revisions.find_one(doc! {}).sort(doc! { "revision": -1 }).await.unwrap().unwrap();
    let (from, behind) = (last.get_i64("revision").unwrap(), 10_001);
    let copy = |revision: i64| {
        let mut copy = last.clone();
        copy.insert("_id", format!("copy of {revision}"));
        copy.insert("revision", revision);
        copy
    };
    revisions.insert_many((from + 1..=before + behind).map(copy)).await.unwrap();
    let set = doc! { "$set": { "revision": before + behind } };
    world.database.collection("organizations").update_many(doc! {}, set).await.unwrap();
    commands.take();
    assert_eq!(world.titles(reader).await, ["After"]);
    assert_eq!(world.replica(reader).await.unwrap().revision(), before + behind);
    let sent = commands.take().len();
    assert!(sent <= 20, "{sent} commands");
}

#[tokio::test]
async fn a_catalogue_with_an_unreadable_document_is_read_from_the_database() {
    let world = World::new().await;
    world.create(EventBuilder::once(FIRST).title("Fine")).await;
    let far = world.create(EventBuilder::once(FIRST + Duration::days(1_000)).title("Far")).await;
    let reader = &world.processes[0];
    assert_eq!(world.titles(reader).await, ["Fine"]);
    // By another program, which increments the revision.
    let organization = doc! { "_id": world.tenant.scope.organization().to_string() };
    world
        .database
        .collection("organizations")
        .update_one(organization, doc! { "$inc": { "revision": 1_i64 } })
        .await
        .unwrap();
    let revision = world.database.collection("organizations").find_one(doc! {}).await.unwrap().unwrap();
    let revision = revision.get_i64("revision").unwrap();
    let raw = world.database.raw();
    raw.run_command(doc! { "collMod": "events", "validationLevel": "off" }).await.unwrap();
    let broken = doc! { "$set": { "timeZone": "Nowhere/Land", "revision": revision } };
    world.database.collection("events").update_one(doc! { "_id": far.id.to_string() }, broken).await.unwrap();
    for process in &world.processes {
        assert_eq!(world.replica(process).await, None);
        assert_eq!(world.titles(process).await, ["Fine"], "it is not in the window");
        let caller = process.caller(&world.tenant).await;
        let found = process.ports.events.get_many(caller.scope(), &[far.id]).await;
        assert!(found.is_err(), "{found:?}");
    }
}

#[tokio::test]
async fn a_catalogue_that_is_larger_than_the_bound_is_read_from_the_database() {
    let world = World::new().await;
    let small = Process::new(world.database.another_process().await.with_catalogue_bytes(TOO_SMALL));
    let mut writer = Writer::new(7);
    for _ in 0..20 {
        writer.write(&world.processes[1], &world.tenant).await;
        assert_eq!(small.list(&world.tenant, WINDOW).await, world.plain.list(&world.tenant, WINDOW).await);
        // A catalogue without events takes no bytes.
        let held = world.replica(&small).await;
        assert!(held.is_none_or(|replica| replica.held_events().next().is_none()));
    }
}

#[tokio::test]
async fn many_exceptions_of_one_revision_are_loaded() {
    let world = World::new().await;
    let event = world.create(EventBuilder::daily(FIRST, 2_000)).await;
    let change = ChangeBuilder::by("first-admin").build();
    let key =
        |day: i64| OccurrenceKey { event: event.id, original_start: FIRST.as_utc() + Duration::days(day) };
    world.plain.ports.events.cancel_occurrence(&world.tenant.scope, key(0).into(), &change).await.unwrap();
    let occurrences = world.database.collection("occurrences");
    let template = occurrences.find_one(doc! {}).await.unwrap().unwrap();
    let copy = |day: i64| {
        let start = key(day).original_start;
        let local = FIRST + Duration::days(day);
        let mut copy: Document = template.clone();
        copy.insert("_id", key(day).to_string());
        copy.insert("originalStart", date(start));
        copy.insert("startsAt", date(start));
        copy.insert("endsAt", date(start + Duration::HOUR));
        copy.insert("originalLocal", format!("{}T{}", local.date(), "10:00:00"));
        copy
    };
    occurrences.insert_many((1..1_700).map(copy)).await.unwrap();
    let replica = world.replica(&world.processes[0]).await.unwrap();
    assert_eq!(replica.held_event(event.id).unwrap().exceptions().count(), 1_700);
}

fn date(instant: Instant) -> bson::DateTime {
    bson::DateTime::from_millis(instant.unix_timestamp() * 1_000)
}
