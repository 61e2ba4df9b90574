//! Stored occurrences whose original start follows from the series of their event, which only this program can compute.

use bson::{RawDocumentBuf, doc};
use convene_domain::{event::Event, occurrence::StoredOccurrence, time::Instant};
use mongodb::{ClientSession, Database};
use time::Duration;

use super::{Finding, collection};
use crate::{
    decode::decode,
    documents::{
        convert::{date, local_text},
        event::EventDocument,
        occurrence::OccurrenceDocument,
    },
    error::StorageError,
    schema::{EVENTS, OCCURRENCES},
};

/// The invariant. It does not hold after an update of the time-zone database that moves dates, until an edit of their event
/// (`docs/time-zones.md`).
const DATES: &str = "an occurrence ahead has the original start of a date of its event";

/// The id of a date that an edit moves into the past may be a later second, which is ahead for less than this.
const FREE_SECONDS: Duration = Duration::MINUTE;

/// Compares every stored occurrence that is ahead with its event.
pub(super) async fn check(
    database: &Database,
    session: &mut ClientSession,
    now: Instant,
) -> Result<Finding, StorageError> {
    let mut finding = Finding::new(DATES);
    let ahead = doc! {
        "originalStart": { "$gt": date(now + FREE_SECONDS) },
        "startsAt": { "$gt": date(now) },
        "isDropped": { "$ne": true },
    };
    let by_id = doc! { "_id": 1 };
    let occurrences = collection::<RawDocumentBuf>(database, &OCCURRENCES);
    let mut occurrences = occurrences.find(ahead).sort(by_id.clone()).session(&mut *session).await?;
    let events = collection::<RawDocumentBuf>(database, &EVENTS);
    let mut events = events.find(doc! {}).sort(by_id).session(&mut *session).await?;
    let mut event: Option<Event> = None;
    while let Some(document) = occurrences.next(session).await.transpose()? {
        finding.examined += 1;
        // Another check reports documents that cannot be read.
        let Ok(occurrence) = read_occurrence(&document) else { continue };
        // The id of an occurrence begins with that of its event, so both are in the order of events.
        while event.as_ref().is_none_or(|event| event.id < occurrence.key.event) {
            let Some(next) = events.next(session).await.transpose()? else { break };
            event = read_event(&next).ok().or(event);
        }
        let Some(event) = event.as_ref().filter(|event| event.id == occurrence.key.event) else { continue };
        let expected = event.series.zone().resolve(occurrence.original_local).instant;
        if expected != occurrence.key.original_start || event.occurrence_at(expected).is_none() {
            finding.add(doc! {
                "_id": occurrence.key.to_string(),
                "originalLocal": local_text(occurrence.original_local),
                "expected": date(expected),
                "taken": occurrence.taken,
                "waiting": occurrence.waiting,
            });
        }
    }
    Ok(finding)
}

fn read_occurrence(document: &RawDocumentBuf) -> Result<StoredOccurrence, StorageError> {
    Ok(decode::<OccurrenceDocument>(&OCCURRENCES, document)?.try_into()?)
}

fn read_event(document: &RawDocumentBuf) -> Result<Event, StorageError> {
    Ok(decode::<EventDocument>(&EVENTS, document)?.try_into()?)
}
