//! The same work on the bare driver: occurrences and registrations as documents, in collections of their own.

#![expect(clippy::disallowed_methods, reason = "the harness is not part of the program and has no ports")]

use bson::{DateTime, Document, doc, oid::ObjectId};
use convene_stress::{Storage, new_id};
use futures::TryStreamExt;
use mongodb::options::FindOptions;
use time::UtcDateTime;

use crate::{
    data::{FROM, Fixture, TO, index, starts},
    request::{Operation, SEARCHED, Variant},
};

const OCCURRENCES: &str = "bare_occurrences";
const REGISTRATIONS: &str = "bare_registrations";
const AGENDAS: &str = "bare_agendas";
const CHUNK: usize = 10_000;
const PAGE: i64 = 50;

/// Stores the occurrences of the events in the window.
pub(crate) async fn fill(storage: &Storage, events: &[(Document, usize)]) -> anyhow::Result<()> {
    let collection = storage.collection(OCCURRENCES);
    index(storage, OCCURRENCES, doc! { "organization": 1, "startsAt": 1, "_id": 1 }).await?;
    index(storage, REGISTRATIONS, doc! { "organization": 1, "member": 1, "startsAt": 1, "_id": 1 }).await?;
    index(storage, AGENDAS, doc! { "organization": 1 }).await?;
    let mut chunk = Vec::with_capacity(CHUNK);
    for (event, template) in events {
        for start in starts(*template) {
            let start = start.assume_utc().unix_timestamp() * 1_000;
            chunk.push(doc! {
                "_id": format!("{}_{start}", event.get_str("_id")?),
                "organization": event.get_str("organization")?,
                "event": event.get_str("_id")?,
                "startsAt": DateTime::from_millis(start),
                "endsAt": DateTime::from_millis(start + 3_600_000),
                "title": event.get_str("title")?,
                "location": event.get_str("location")?,
                "capacity": 100, "taken": 1, "waiting": 0,
            });
            if chunk.len() == CHUNK {
                collection.insert_many(chunk.drain(..)).ordered(false).await?;
            }
        }
    }
    if !chunk.is_empty() {
        collection.insert_many(chunk).ordered(false).await?;
    }
    Ok(())
}

/// Copies the registrations, to which the bare driver adds others.
pub(crate) async fn copy_registrations(storage: &Storage) -> anyhow::Result<()> {
    let into = doc! { "$out": { "db": &storage.name, "coll": "copied" } };
    storage.collection("registrations").aggregate([into]).await?.try_collect::<Vec<_>>().await?;
    let merge = doc! { "$merge": { "into": REGISTRATIONS } };
    storage.collection("copied").aggregate([merge]).await?.try_collect::<Vec<_>>().await?;
    Ok(())
}

/// Runs an operation, and returns the number of documents.
pub(crate) async fn call(fixture: &Fixture, variant: Variant, operation: Operation) -> anyhow::Result<usize> {
    let (collection, filter) = match operation {
        Operation::Mine => {
            let member = &fixture.population.members[0].id;
            (REGISTRATIONS, doc! { "organization": &fixture.organization, "member": member })
        }
        Operation::Register => return register(fixture).await,
        _ => {
            let from = if operation == Operation::Tenth { fixture.tenth_start } else { date(FROM)? };
            let window = doc! { "$gte": from, "$lt": date(TO)? };
            let mut filter = doc! { "organization": &fixture.organization, "startsAt": window };
            if operation == Operation::Search {
                filter.insert("title", doc! { "$regex": SEARCHED, "$options": "i" });
            }
            (OCCURRENCES, filter)
        }
    };
    let options = FindOptions::builder().sort(doc! { "startsAt": 1, "_id": 1 }).limit(PAGE).build();
    let page: Vec<Document> = fixture
        .storage
        .collection(collection)
        .find(filter)
        .with_options(options)
        .await?
        .try_collect()
        .await?;
    if variant == Variant::BareOne {
        return Ok(page.len());
    }
    let mut events: Vec<&str> = page.iter().filter_map(|document| document.get_str("event").ok()).collect();
    events.sort_unstable();
    events.dedup();
    let events = doc! { "organization": &fixture.organization, "_id": { "$in": events } };
    let events: Vec<Document> =
        fixture.storage.collection("events").find(events).await?.try_collect().await?;
    Ok(page.len() + events.len())
}

/// Takes a seat and inserts a registration in one transaction.
async fn register(fixture: &Fixture) -> anyhow::Result<usize> {
    let storage = &fixture.storage;
    let mut session = storage.client.start_session().await?;
    session.start_transaction().await?;
    let registration = doc! {
        "_id": new_id().to_string(), "organization": &fixture.organization, "member": new_id().to_string(),
        "occurrence": new_id().to_string(), "startsAt": date(FROM)?, "status": "CONFIRMED",
        "key": ObjectId::new(), "createdAt": DateTime::now(),
    };
    storage.collection(REGISTRATIONS).insert_one(registration).session(&mut session).await?;
    let agenda = doc! { "_id": new_id().to_string(), "organization": &fixture.organization };
    storage.collection(AGENDAS).insert_one(agenda).session(&mut session).await?;
    session.commit_transaction().await?;
    Ok(1)
}

fn date(text: &str) -> anyhow::Result<DateTime> {
    let date = UtcDateTime::parse(text, &time::format_description::well_known::Rfc3339)?;
    Ok(DateTime::from_millis(date.unix_timestamp() * 1_000))
}
