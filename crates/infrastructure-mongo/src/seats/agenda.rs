use std::collections::{BTreeSet, HashSet};

use bson::{DateTime, Document, doc};
use convene_domain::time::Instant;
use serde::Deserialize;
use time::Duration;

use super::Guards;
use crate::{
    documents::{convert::date, occurrence::OccurrenceDocument},
    error::StorageError,
    schema::{self, MOST_ENTRIES},
    scoped::{Query, UpdateStatement},
    transaction::Transaction,
};

/// How long after its end an entry stays at least: clocks of several processes may differ.
const KEPT: Duration = Duration::hours(1);

/// Members who want their time for an occurrence.
#[derive(Debug, Clone)]
pub(crate) struct Claim<'a> {
    /// The occurrence.
    pub(crate) occurrence: &'a OccurrenceDocument,
    /// Who.
    pub(crate) members: Vec<&'a str>,
    /// When.
    pub(crate) now: Instant,
}

/// Enters the occurrences into the agendas of those members whose time is free, all in one command, and answers
/// with these members. A member must not be in two of the claims.
pub(crate) async fn claim<'a>(
    transaction: &mut Transaction<'_>,
    claims: &[Claim<'a>],
    guards: Guards,
) -> Result<HashSet<&'a str>, StorageError> {
    let asked: Vec<&'a str> = claims.iter().flat_map(|claim| claim.members.iter().copied()).collect();
    if asked.is_empty() {
        return Ok(HashSet::new());
    }
    let mark: i64 = rand::random();
    let statements = claims.iter().map(|claim| statement(claim, mark, guards)).collect();
    let updated = transaction.collection(&schema::AGENDAS).update_in_order(statements).await?;
    if usize::try_from(updated.matched) == Ok(asked.len()) {
        return Ok(asked.into_iter().collect());
    }
    // The server tells how many were free, not who: those who carry the mark of this run.
    let marked: HashSet<String> =
        ids(transaction, doc! { "_id": { "$in": &asked }, "busy.batch": mark }).await?;
    Ok(asked.into_iter().filter(|member| marked.contains(*member)).collect())
}

/// Those of the claim's members whose time is free.
pub(crate) async fn free_among(
    transaction: &mut Transaction<'_>,
    claim: &Claim<'_>,
    guards: Guards,
) -> Result<HashSet<String>, StorageError> {
    ids(transaction, free(claim, guards)).await
}

async fn ids(transaction: &mut Transaction<'_>, filter: Document) -> Result<HashSet<String>, StorageError> {
    #[derive(Deserialize)]
    struct Id {
        #[serde(rename = "_id")]
        id: String,
    }
    let query = Query::from(filter).projected(doc! { "_id": 1 });
    let found: Vec<Id> = transaction.collection(&schema::AGENDAS).find(query).await?;
    Ok(found.into_iter().map(|member| member.id).collect())
}

/// The agendas of the claim's members that are free for the occurrence and have room for one more entry.
fn free(claim: &Claim<'_>, guards: Guards) -> Document {
    let Claim { occurrence, members, now } = claim;
    let mut filter = doc! { "_id": { "$in": members } };
    if guards.agenda {
        let overlapping =
            doc! { "startsAt": { "$lt": occurrence.ends_at }, "endsAt": { "$gt": occurrence.starts_at } };
        filter.insert("busy", doc! { "$not": { "$elemMatch": overlapping } });
        let is_short = doc! { format!("busy.{}", MOST_ENTRIES - 1): { "$exists": false } };
        let most = i64::try_from(MOST_ENTRIES).unwrap_or(i64::MAX);
        let has_room = doc! { "$expr": { "$lt": [{ "$size": upcoming(*now) }, most] } };
        filter.insert("$or", [is_short, has_room]);
    }
    filter
}

/// An agenda's entries without those that ended long ago.
fn upcoming(now: Instant) -> Document {
    doc! { "$filter": { "input": "$busy", "cond": { "$gt": ["$$this.endsAt", long_past(now)] } } }
}

fn statement(claim: &Claim<'_>, mark: i64, guards: Guards) -> UpdateStatement {
    let occurrence = claim.occurrence;
    let entry = doc! {
        "startsAt": occurrence.starts_at,
        "endsAt": occurrence.ends_at,
        "occurrence": &occurrence.id,
        "batch": mark,
    };
    let all = doc! { "$concatArrays": [upcoming(claim.now), [{ "$literal": entry }]] };
    let sorted = doc! { "$sortArray": { "input": all, "sortBy": { "startsAt": 1 } } };
    UpdateStatement {
        filter: free(claim, guards),
        update: vec![doc! { "$set": { "busy": sorted } }].into(),
        many: true,
    }
}

/// What ended before this can leave an agenda.
pub(super) fn long_past(now: Instant) -> DateTime {
    date(now - KEPT)
}

/// Takes an occurrence out of the agendas of these members, with what ended long ago.
pub(super) fn release(occurrence: &str, members: &BTreeSet<&str>, now: Instant) -> UpdateStatement {
    let gone = doc! { "$or": [{ "occurrence": occurrence }, { "endsAt": { "$lte": long_past(now) } }] };
    UpdateStatement {
        filter: doc! { "_id": { "$in": members.iter().collect::<Vec<_>>() } },
        update: doc! { "$pull": { "busy": gone } }.into(),
        many: true,
    }
}
