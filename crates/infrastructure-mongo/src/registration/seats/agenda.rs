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

/// An agenda of more entries than this is long. What has ended is taken out of long ones only: it costs a tenth of
/// all work to look for it in every registration, and nothing to let it lie.
const LONG: usize = 50;

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

impl<'a> Claim<'a> {
    /// The same for some of the members; none if there are none.
    fn of(&self, is_meant: impl Fn(&str) -> bool) -> Option<Self> {
        let members: Vec<&'a str> = self.members.iter().copied().filter(|member| is_meant(member)).collect();
        (!members.is_empty()).then(|| Self { members, ..self.clone() })
    }
}

/// Enters the occurrences into the agendas of those members whose time is free, all in one command, and answers
/// with whom that was. Claims are served in order: where one member is in several that overlap, the first is.
pub(crate) async fn claim(
    transaction: &mut Transaction<'_>,
    claims: &[Claim<'_>],
    guards: Guards,
) -> Result<Claimed, StorageError> {
    let asked: usize = claims.iter().map(|claim| claim.members.len()).sum();
    if asked == 0 {
        return Ok(Claimed::default());
    }
    let mark = transaction.random();
    let statements = claims.iter().map(|claim| enter(claim, mark, guards)).collect();
    let updated = transaction.collection(&schema::AGENDAS).update_in_order(statements).await?;
    if usize::try_from(updated.matched) == Ok(asked) {
        return Ok(claims.iter().map(Claimed::all_of).collect());
    }
    let (claimed, long) = look_back(transaction, claims, mark).await?;
    let of_long: Vec<Claim<'_>> =
        claims.iter().filter_map(|claim| claim.of(|member| long.contains(member))).collect();
    if of_long.is_empty() {
        return Ok(claimed);
    }
    let statements = of_long.iter().map(|claim| prune_and_enter(claim, mark, guards)).collect();
    transaction.collection(&schema::AGENDAS).update_in_order(statements).await?;
    Ok(look_back(transaction, claims, mark).await?.0)
}

/// The server tells how many could be served, not who: those whose agendas carry the mark of this run. Answers
/// with them, and with those whose agendas are long.
async fn look_back(
    transaction: &mut Transaction<'_>,
    claims: &[Claim<'_>],
    mark: i64,
) -> Result<(Claimed, HashSet<String>), StorageError> {
    let members: Vec<&str> = claims.iter().flat_map(|claim| claim.members.iter().copied()).collect();
    let either = vec![doc! { "busy.batch": mark }, doc! { longer_than(LONG): { "$exists": true } }];
    let marked = doc! { "$filter": { "input": "$busy", "cond": { "$eq": ["$$this.batch", mark] } } };
    let query = Query::from(doc! { "_id": { "$in": members }, "$or": either }).projected(doc! {
        "entered": { "$map": { "input": marked, "in": "$$this.occurrence" } },
        "isLong": { "$gt": [{ "$size": "$busy" }, i64::try_from(LONG).unwrap_or(i64::MAX)] },
    });
    let found: Vec<Entered> = transaction.collection(&schema::AGENDAS).find(query).await?;
    let long = found.iter().filter(|agenda| agenda.is_long).map(|agenda| agenda.member.clone()).collect();
    Ok((found.into_iter().map(Entered::into_pairs).collect(), long))
}

/// Who got their time, and for which occurrences.
#[derive(Debug, Default)]
pub(crate) struct Claimed(HashSet<(String, String)>);

impl Claimed {
    /// Whether the member got the time of the occurrence.
    pub(crate) fn has(&self, occurrence: &str, member: &str) -> bool {
        self.0.contains(&(occurrence.to_owned(), member.to_owned()))
    }

    fn all_of(claim: &Claim<'_>) -> Vec<(String, String)> {
        let pair = |member: &&str| (claim.occurrence.id.clone(), (*member).to_owned());
        claim.members.iter().map(pair).collect()
    }
}

impl FromIterator<Vec<(String, String)>> for Claimed {
    fn from_iter<I: IntoIterator<Item = Vec<(String, String)>>>(pairs: I) -> Self {
        Self(pairs.into_iter().flatten().collect())
    }
}

/// What a run entered into a member's agenda.
#[derive(Deserialize)]
struct Entered {
    #[serde(rename = "_id")]
    member: String,
    entered: Vec<String>,
    #[serde(rename = "isLong")]
    is_long: bool,
}

impl Entered {
    fn into_pairs(self) -> Vec<(String, String)> {
        let Self { member, entered, .. } = self;
        entered.into_iter().map(|occurrence| (occurrence, member.clone())).collect()
    }
}

/// Those of the claim's members whose time is free.
pub(crate) async fn free_among(
    transaction: &mut Transaction<'_>,
    claim: &Claim<'_>,
    guards: Guards,
) -> Result<HashSet<String>, StorageError> {
    let free = transaction.collection(&schema::AGENDAS).ids(free_with_room(claim, guards)).await?;
    Ok(free.into_iter().collect())
}

/// The agendas of the claim's members that are free for the occurrence.
fn free(claim: &Claim<'_>, guards: Guards) -> Document {
    let Claim { occurrence, members, .. } = claim;
    let mut filter = doc! { "_id": { "$in": members } };
    if guards.agenda {
        let overlapping =
            doc! { "startsAt": { "$lt": occurrence.ends_at }, "endsAt": { "$gt": occurrence.starts_at } };
        filter.insert("busy", doc! { "$not": { "$elemMatch": overlapping } });
    }
    filter
}

/// Those of them that have room for one more entry, once what ended long ago is taken out.
fn free_with_room(claim: &Claim<'_>, guards: Guards) -> Document {
    let mut filter = free(claim, guards);
    if guards.agenda {
        let is_short = doc! { longer_than(LONG): { "$exists": false } };
        let most = i64::try_from(MOST_ENTRIES).unwrap_or(i64::MAX);
        let has_room = doc! { "$expr": { "$lt": [{ "$size": upcoming(claim.now) }, most] } };
        filter.insert("$or", vec![is_short, has_room]);
    }
    filter
}

/// The path of an entry that only an agenda of more entries than this has.
fn longer_than(entries: usize) -> String {
    format!("busy.{entries}")
}

/// An agenda's entries without those that ended long ago.
fn upcoming(now: Instant) -> Document {
    doc! { "$filter": { "input": "$busy", "cond": { "$gt": ["$$this.endsAt", long_past(now)] } } }
}

/// The seat's time, as it stands in an agenda.
fn entry(occurrence: &OccurrenceDocument, mark: i64) -> Document {
    doc! {
        "startsAt": occurrence.starts_at,
        "endsAt": occurrence.ends_at,
        "occurrence": &occurrence.id,
        "batch": mark,
    }
}

/// Enters a claim into agendas that are not long.
fn enter(claim: &Claim<'_>, mark: i64, guards: Guards) -> UpdateStatement {
    let mut filter = free(claim, guards);
    filter.insert(longer_than(LONG), doc! { "$exists": false });
    let entries = vec![entry(claim.occurrence, mark)];
    let update = doc! { "$push": { "busy": { "$each": entries, "$sort": { "startsAt": 1 } } } };
    UpdateStatement { filter, update: update.into(), many: true }
}

/// Enters a claim into agendas of any length, and takes what ended long ago out of them.
fn prune_and_enter(claim: &Claim<'_>, mark: i64, guards: Guards) -> UpdateStatement {
    let new = doc! { "$literal": entry(claim.occurrence, mark) };
    let all = doc! { "$concatArrays": [upcoming(claim.now), [new]] };
    let sorted = doc! { "$sortArray": { "input": all, "sortBy": { "startsAt": 1 } } };
    UpdateStatement {
        filter: free_with_room(claim, guards),
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
