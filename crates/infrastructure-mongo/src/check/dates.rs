//! Stored occurrences whose times follow from the series of their event, which only this program can compute.

use std::collections::{BTreeSet, HashSet};

use bson::{RawDocumentBuf, doc};
use convene_application::{editing::has_current_times, failure::Fault, ports::OutdatedEvent};
use convene_domain::{event::Event, id::OrganizationId, occurrence::StoredOccurrence, time::Instant};
use mongodb::{ClientSession, Database};
use serde::Deserialize;

use super::{Finding, collection};
use crate::{
    decode::decode,
    documents::{
        convert::{date, local_text},
        event::EventDocument,
        ids::read_id,
        occurrence::OccurrenceDocument,
        realignment::RealignmentDocument,
    },
    error::StorageError,
    schema::{EVENTS, LAST, OCCURRENCES, ORGANIZATIONS, REALIGNMENTS},
};

/// The invariant. It does not hold after an update of the time-zone database that moves dates, until `convene update-occurrences`
/// (`docs/time-zones.md`).
const DATES: &str = "an occurrence ahead has the original start and the times that its event gives it";

/// The number of organizations that one command looks for.
const FOUND_AT_ONCE: usize = 1_000;

/// Compares every stored occurrence that is ahead with its event.
pub(super) async fn check(
    database: &Database,
    session: &mut ClientSession,
    now: Instant,
) -> Result<Finding, StorageError> {
    let mut finding = Finding::new(DATES);
    let examined = examine(database, session, now, |_, event, occurrence| {
        let expected = event.series.zone().resolve(occurrence.original_local).instant;
        finding.add(doc! {
            "_id": occurrence.key.to_string(),
            "originalLocal": local_text(occurrence.original_local),
            "expected": date(expected),
            "taken": occurrence.taken,
            "waiting": occurrence.waiting,
        });
    });
    let examined = examined.await?;
    Ok(Finding { examined, ..finding })
}

/// The events with such occurrences, of all organizations that are not deleted.
///
/// # Errors
/// A fault if the database can't be read.
pub(crate) async fn outdated(database: &Database, now: Instant) -> Result<Vec<OutdatedEvent>, Fault> {
    Ok(find_outdated(database, now).await?)
}

async fn find_outdated(database: &Database, now: Instant) -> Result<Vec<OutdatedEvent>, StorageError> {
    let mut session = database.client().start_session().snapshot(true).await?;
    let mut outdated = BTreeSet::new();
    examine(database, &mut session, now, |document, event, _| {
        if let Ok(organization) = decode::<Owned>(&OCCURRENCES, document) {
            outdated.insert((event.id, organization.organization));
        }
    })
    .await?;
    let mut present = HashSet::new();
    let organizations: BTreeSet<OrganizationId> =
        outdated.iter().map(|(_, organization)| *organization).collect();
    let organizations: Vec<String> = organizations.iter().map(ToString::to_string).collect();
    for ids in organizations.chunks(FOUND_AT_ONCE) {
        let these = doc! { "_id": { "$in": ids }, "deletedAt": null };
        let found = collection::<RawDocumentBuf>(database, &ORGANIZATIONS);
        let mut found = found.find(these).projection(doc! { "_id": 1 }).session(&mut session).await?;
        while let Some(document) = found.next(&mut session).await.transpose()? {
            present.insert(decode::<Present>(&ORGANIZATIONS, &document)?.id);
        }
    }
    let outdated = outdated.into_iter().filter(|(_, organization)| present.contains(organization));
    Ok(outdated.map(|(event, organization)| OutdatedEvent { organization, event }).collect())
}

/// The version of the time-zone database whose times the stored occurrences have, as far as it is recorded.
pub(super) async fn recorded_version(
    database: &Database,
    session: &mut ClientSession,
) -> Result<Option<String>, StorageError> {
    let realignments = collection::<RawDocumentBuf>(database, &REALIGNMENTS);
    let last = realignments.find_one(doc! { "_id": LAST }).session(session).await?;
    let last = last.map(|document| decode::<RealignmentDocument>(&REALIGNMENTS, &document)).transpose()?;
    Ok(last.map(|last| last.time_zones))
}

/// The organization of an occurrence.
#[derive(Deserialize)]
struct Owned {
    #[serde(deserialize_with = "read_id")]
    organization: OrganizationId,
}

/// The id of an organization.
#[derive(Deserialize)]
struct Present {
    #[serde(rename = "_id", deserialize_with = "read_id")]
    id: OrganizationId,
}

/// Finds the stored occurrences ahead that do not have the times of their dates, each with its document and its event. Returns the
/// number of those that were examined.
async fn examine(
    database: &Database,
    session: &mut ClientSession,
    now: Instant,
    mut found: impl FnMut(&RawDocumentBuf, &Event, &StoredOccurrence),
) -> Result<u64, StorageError> {
    let mut examined = 0;
    let ahead = doc! { "startsAt": { "$gt": date(now) }, "isDropped": { "$ne": true } };
    let by_id = doc! { "_id": 1 };
    let occurrences = collection::<RawDocumentBuf>(database, &OCCURRENCES);
    let mut occurrences = occurrences.find(ahead).sort(by_id.clone()).session(&mut *session).await?;
    let events = collection::<RawDocumentBuf>(database, &EVENTS);
    let mut events = events.find(doc! {}).sort(by_id).session(&mut *session).await?;
    let mut event: Option<Event> = None;
    while let Some(document) = occurrences.next(session).await.transpose()? {
        examined += 1;
        // Another check reports documents that cannot be read.
        let Ok(occurrence) = read_occurrence(&document) else { continue };
        // The id of an occurrence begins with that of its event, so both are in the order of events.
        while event.as_ref().is_none_or(|event| event.id < occurrence.key.event) {
            let Some(next) = events.next(session).await.transpose()? else { break };
            event = read_event(&next).ok().or(event);
        }
        let Some(event) = event.as_ref().filter(|event| event.id == occurrence.key.event) else { continue };
        if !has_current_times(event, &occurrence, now) {
            found(&document, event, &occurrence);
        }
    }
    Ok(examined)
}

fn read_occurrence(document: &RawDocumentBuf) -> Result<StoredOccurrence, StorageError> {
    Ok(decode::<OccurrenceDocument>(&OCCURRENCES, document)?.try_into()?)
}

fn read_event(document: &RawDocumentBuf) -> Result<Event, StorageError> {
    Ok(decode::<EventDocument>(&EVENTS, document)?.try_into()?)
}
