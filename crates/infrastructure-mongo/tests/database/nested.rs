//! Lists inside others: the registrations of many events or occurrences.

use std::collections::HashMap;

use bson::{DateTime, Document, doc};
use convene_application::{
    limits::{COUNTED, EXAMINED_OF_EACH},
    page::{Direction, PageRequest},
    ports::{RegistrationBook, RegistrationFilter, RegistrationPosition},
    testing::builders::{ChangeBuilder, EventBuilder, first, fresh_uuid, occurrence_key, register},
};
use convene_domain::{
    event::Event,
    id::{EventId, RegistrationId},
    occurrence::OccurrenceKey,
    registration::RegistrationStatusKind,
};
use convene_infrastructure_mongo::registration::BookSettings;
use time::macros::datetime;

use crate::{
    plans::{plan, sum},
    support::{Commands, Tenant, TestDatabase},
};

/// The cancelled registrations of each event, all for one occurrence.
const CANCELLED: i64 = 1_000;

/// An organization with three events whose registrations were cancelled, except for one.
struct World {
    database: TestDatabase,
    commands: Commands,
    tenant: Tenant,
    events: Vec<Event>,
}

impl World {
    async fn new() -> Self {
        let (database, commands) = TestDatabase::watched().await;
        let tenant = database.organization("tenant").await;
        let change = ChangeBuilder::by("first-admin").build();
        let book = database.ports.start_registration_book(BookSettings::default());
        let mut events = Vec::new();
        for day in [3, 10, 17] {
            let start = datetime!(2031-03-01 09:00).replace_day(day).unwrap();
            let event = EventBuilder::once(start).build();
            let event = database.ports.events.create(&tenant.scope, event, &change).await.unwrap();
            let request = register(key(&event), tenant.admin());
            book.register(&tenant.scope, request, &change).await.unwrap();
            let registrations = database.collection("registrations");
            let one = doc! { "event": event.id.to_string() };
            let original = registrations.find_one(one).await.unwrap().unwrap();
            let copy = |number: i64| {
                let mut copy: Document = original.clone();
                copy.insert("_id", format!("reg_{day:02}{number:030x}"));
                copy.insert("active", false);
                copy.insert("status", "CANCELLED");
                copy.insert("cancelledAt", DateTime::from_millis(0));
                copy.insert("cancellationReason", "BY_MEMBER");
                copy
            };
            registrations.insert_many((0..CANCELLED).map(copy)).await.unwrap();
            events.push(event);
        }
        // The occurrence of the last event was dropped.
        let dropped = doc! { "_id": key(&events[2]).to_string() };
        database.collection("occurrences").delete_one(dropped).await.unwrap();
        commands.take();
        Self { database, commands, tenant, events }
    }

    fn events(&self) -> Vec<EventId> {
        self.events.iter().map(|event| event.id).collect()
    }

    fn occurrences(&self) -> Vec<OccurrenceKey> {
        self.events.iter().map(key).collect()
    }

    /// The numbers of documents and of index entries that the last commands examined, and the number of commands.
    async fn examined(&self) -> (i64, i64, usize) {
        let (mut documents, mut entries) = (0, 0);
        let mut commands = self.commands.take();
        commands.retain(|command| ["find", "aggregate"].contains(&command.command_name.as_str()));
        for command in &commands {
            let plan = plan(&self.database, command).await;
            documents += sum(&plan, "totalDocsExamined");
            entries += sum(&plan, "totalKeysExamined");
        }
        (documents, entries, commands.len())
    }
}

fn key(event: &Event) -> OccurrenceKey {
    occurrence_key(event, event.series.first_start())
}

fn confirmed() -> RegistrationFilter {
    let statuses = Some(vec![RegistrationStatusKind::Confirmed]);
    RegistrationFilter { statuses, ..RegistrationFilter::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_list_compares_a_bounded_part_and_continues() {
    let world = World::new().await;
    let (registrations, scope) = (&world.database.ports.registrations, &world.tenant.scope);
    let bound = 3 * (i64::try_from(EXAMINED_OF_EACH).unwrap() + 2);
    for direction in [Direction::Forward, Direction::Backward] {
        let mut page: PageRequest<RegistrationPosition> = PageRequest { direction, ..first(2) };
        let found =
            registrations.list_by_event(scope, &world.events(), confirmed(), page, EXAMINED_OF_EACH).await;
        let found = found.unwrap();
        let (documents, entries, commands) = world.examined().await;
        assert!(documents <= bound && entries <= bound, "{documents} documents and {entries} entries");
        let (keys, filter) = (world.occurrences(), confirmed());
        let of_occurrences =
            registrations.list_by_occurrence(scope, &keys, filter, page, EXAMINED_OF_EACH).await.unwrap();
        let (documents, entries, further) = world.examined().await;
        assert!(documents <= bound + 6 && entries <= bound + 6, "{documents} documents, {entries} entries");
        assert!(commands == 1 && further <= 2, "{commands} and {further} commands");
        for event in &world.events {
            assert_eq!(found[&event.id], of_occurrences[&key(event)]);
        }
        // The pages of one list lead to its registration.
        let id = world.events[1].id;
        let (mut lists, mut all) = (0, Vec::new());
        loop {
            world.commands.take();
            let found = registrations.list_by_event(scope, &[id], confirmed(), page, EXAMINED_OF_EACH).await;
            let list = found.unwrap().remove(&id).unwrap();
            let (documents, entries, _) = world.examined().await;
            // Behind a position, MongoDB merges two ranges, and counts a document before and after the merge.
            assert!(entries <= bound / 3 + 2, "{entries} entries");
            assert!(documents <= 2 * bound / 3, "{documents} documents");
            lists += 1;
            all.extend(list.items);
            page.from = list.examined;
            if !list.has_more {
                break;
            }
        }
        assert_eq!((all.len(), all[0].occurrence.event), (1, id));
        assert!(lists > 5, "{lists}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_of_many_lists_are_counted_with_one_command() {
    let world = World::new().await;
    let (registrations, scope) = (&world.database.ports.registrations, &world.tenant.scope);
    let all = RegistrationFilter::default;
    let number = Some(u32::try_from(CANCELLED + 1).unwrap());
    let found = registrations.count_by_event(scope, &world.events(), all(), EXAMINED_OF_EACH).await.unwrap();
    assert_eq!(found, HashMap::from_iter(world.events().into_iter().map(|id| (id, number))));
    let (documents, entries, commands) = world.examined().await;
    assert_eq!((documents, commands), (0, 1));
    assert!(entries <= 3 * (CANCELLED + 3), "{entries}");
    // Too many would have to be compared.
    let found =
        registrations.count_by_event(scope, &world.events(), confirmed(), EXAMINED_OF_EACH).await.unwrap();
    assert_eq!(found, HashMap::from_iter(world.events().into_iter().map(|id| (id, None))));
    let (documents, entries, commands) = world.examined().await;
    assert_eq!((documents, commands), (0, 1));
    assert!(entries <= 3 * i64::try_from(EXAMINED_OF_EACH + 3).unwrap(), "{entries}");
    let keys = world.occurrences();
    let found = registrations.count_by_occurrence(scope, &keys, confirmed(), 2_000).await.unwrap();
    assert_eq!(found, HashMap::from_iter(keys.into_iter().map(|key| (key, Some(1)))));

    let one = world.database.collection("registrations").find_one(doc! {}).await.unwrap().unwrap();
    let copy = |_| {
        let mut copy = one.clone();
        copy.insert("_id", RegistrationId::from_uuid(fresh_uuid()).to_string());
        copy.insert("member", copy.get_str("_id").unwrap().replace("reg_", "mbr_"));
        copy
    };
    world.database.collection("registrations").insert_many((0..COUNTED).map(copy)).await.unwrap();
    world.commands.take();
    let id = EventId::parse(one.get_str("event").unwrap()).unwrap();
    let found = registrations.count_by_event(scope, &[id], all(), EXAMINED_OF_EACH).await.unwrap();
    assert_eq!(found[&id], None);
    let (_, entries, _) = world.examined().await;
    assert!(entries <= i64::from(COUNTED) + 3, "{entries}");
}
