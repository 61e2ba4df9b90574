//! The number of stored occurrences of an event is bounded, so that it can always be edited and cancelled.

use bson::doc;
use convene_application::registration::refusals::room_for_occurrences;
use convene_domain::{id::EventId, occurrence::OccurrenceKey, time::Instant};

use crate::{
    documents::{convert::date, occurrence::OccurrenceDocument},
    error::Attempt,
    registration::seats::Occurrences,
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// The number of occurrences without registrations that are deleted at once.
const DELETED_AT_ONCE: usize = 500;

/// Makes room for so many further occurrences of an event, if necessary by deleting some that have no registrations any more.
/// Returns the number of occurrences that there is room for. The transaction MUST write the event, so that none materializes
/// others meanwhile.
pub(super) async fn make(
    transaction: &mut Transaction<'_>,
    loaded: &Occurrences,
    event: EventId,
    wanted: usize,
    now: Instant,
) -> Attempt<usize> {
    let ahead = doc! { "event": event.to_string(), "startsAt": { "$gt": date(now) } };
    let stored = transaction.collection(&schema::OCCURRENCES).count(ahead.clone()).await?;
    let room = |stored| usize::try_from(room_for_occurrences(stored)).unwrap_or(usize::MAX);
    if room(stored) >= wanted {
        return Ok(room(stored));
    }
    // Those that are stored for nothing but their versions have no registrations, and a limit of their own.
    let mut for_versions = ahead.clone();
    for_versions.extend(OccurrenceDocument::for_version());
    let for_versions = transaction.collection(&schema::OCCURRENCES).count(for_versions).await?;
    let stored = stored.saturating_sub(for_versions);
    if room(stored) >= wanted {
        return Ok(room(stored));
    }
    let mut untouched = ahead;
    untouched.extend(OccurrenceDocument::untouched());
    let of_event = loaded.keys().filter(|key| key.event == event);
    untouched.insert("_id", doc! { "$nin": of_event.map(OccurrenceKey::to_string).collect::<Vec<_>>() });
    let query = Query::from(untouched).limited(DELETED_AT_ONCE);
    let deleted: Vec<OccurrenceKey> =
        transaction.collection(&schema::OCCURRENCES).delete_found(query).await?;
    Ok(room(stored.saturating_sub(deleted.len() as u64)))
}
