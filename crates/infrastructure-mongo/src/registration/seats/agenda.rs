use std::collections::{BTreeSet, HashSet};

use bson::{Bson, DateTime, Document, doc};
use convene_application::limits::UPCOMING_REGISTRATIONS;
use convene_domain::{id::MemberId, occurrence::OccurrenceKey, time::Instant};
use serde::Deserialize;
use time::Duration;

use super::OccurrenceSeats;
use crate::{
    documents::{
        convert::date,
        ids::{read_id, read_ids, texts},
        occurrence::OccurrenceDocument,
    },
    error::Attempt,
    guards::Guards,
    schema,
    scoped::{Query, UpdateStatement},
    transaction::Transaction,
};

/// The number of times of an agenda.
#[expect(clippy::cast_possible_wrap, reason = "a small number")]
const MAX_TIMES: i64 = UPCOMING_REGISTRATIONS as i64;

/// The period for which a time is kept after its end, unless there are too many: the clocks of several processes may differ.
const AGENDA_RETENTION: Duration = Duration::hours(1);

/// The number of times above which an agenda is pruned. Pruning in every registration would cost a tenth of all work.
const PRUNE_THRESHOLD: usize = 50;

/// Members who ask for the time of an occurrence.
#[derive(Debug, Clone)]
pub(crate) struct Claim<'a> {
    pub(crate) seats: &'a OccurrenceSeats,
    pub(crate) members: Vec<MemberId>,
    pub(crate) now: Instant,
}

impl Claim<'_> {
    /// The claim of some of the members; `None` if there are none.
    fn of(&self, is_meant: impl Fn(MemberId) -> bool) -> Option<Self> {
        let members: Vec<MemberId> =
            self.members.iter().copied().filter(|&member| is_meant(member)).collect();
        (!members.is_empty()).then(|| Self { members, ..self.clone() })
    }
}

/// Enters the occurrences into the agendas of the members who are free, all in one command. Claims are served in order:
/// where one member is in several that overlap, the first one wins.
pub(crate) async fn claim(transaction: &mut Transaction<'_>, claims: &[Claim<'_>]) -> Attempt<Claimed> {
    let asked: usize = claims.iter().map(|claim| claim.members.len()).sum();
    if asked == 0 {
        return Ok(Claimed::default());
    }
    let (mark, guards) = (transaction.random(), transaction.guards());
    let statements = claims.iter().map(|claim| enter(claim, mark, guards)).collect();
    let updated = transaction.collection(&schema::AGENDAS).update_in_order(statements).await?;
    if usize::try_from(updated.matched) == Ok(asked) {
        return Ok(Claimed::all(claims));
    }
    let (claimed, long) = read_marked(transaction, claims, mark).await?;
    let of_long: Vec<Claim<'_>> =
        claims.iter().filter_map(|claim| claim.of(|member| long.contains(&member))).collect();
    if of_long.is_empty() {
        return Ok(claimed);
    }
    let statements = of_long.iter().map(|claim| prune_and_enter(claim, mark, guards)).collect();
    transaction.collection(&schema::AGENDAS).update_in_order(statements).await?;
    Ok(read_marked(transaction, claims, mark).await?.0)
}

/// Reads the agendas that carry the mark of this run, because the server returns only how many were written. Returns the
/// successful claims, and the members whose agendas exceed the threshold.
async fn read_marked(
    transaction: &mut Transaction<'_>,
    claims: &[Claim<'_>],
    mark: i64,
) -> Attempt<(Claimed, HashSet<MemberId>)> {
    let members = texts(claims.iter().flat_map(|claim| &claim.members));
    let either =
        vec![doc! { "busy.batch": mark }, doc! { longer_than(PRUNE_THRESHOLD): { "$exists": true } }];
    let marked = doc! { "$filter": { "input": "$busy", "cond": { "$eq": ["$$this.batch", mark] } } };
    let query = Query::from(doc! { "_id": { "$in": members }, "$or": either }).projected(doc! {
        "entered": { "$map": { "input": marked, "in": "$$this.occurrence" } },
        "isLong": { "$gt": [{ "$size": "$busy" }, i64::try_from(PRUNE_THRESHOLD).unwrap_or(i64::MAX)] },
    });
    let found: Vec<MarkedAgenda> = transaction.collection(&schema::AGENDAS).find(query).await?;
    let (mut claimed, mut long) = (Claimed::default(), HashSet::new());
    for MarkedAgenda { member, entered, is_long } in found {
        claimed.0.extend(entered.into_iter().map(|key| (key, member)));
        if is_long {
            long.insert(member);
        }
    }
    Ok((claimed, long))
}

/// The claims that succeeded.
#[derive(Debug, Default)]
pub(crate) struct Claimed(HashSet<(OccurrenceKey, MemberId)>);

impl Claimed {
    pub(crate) fn has(&self, occurrence: OccurrenceKey, member: MemberId) -> bool {
        self.0.contains(&(occurrence, member))
    }

    fn all(claims: &[Claim<'_>]) -> Self {
        let pairs = |claim: &Claim<'_>| {
            let key = claim.seats.key;
            claim.members.clone().into_iter().map(move |member| (key, member))
        };
        Self(claims.iter().flat_map(pairs).collect())
    }
}

/// An agenda, with the occurrences that a run entered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MarkedAgenda {
    #[serde(rename = "_id", deserialize_with = "read_id")]
    member: MemberId,
    #[serde(deserialize_with = "read_ids")]
    entered: Vec<OccurrenceKey>,
    is_long: bool,
}

/// Finds the members of a claim who are free.
pub(crate) async fn free_among(
    transaction: &mut Transaction<'_>,
    claim: &Claim<'_>,
) -> Attempt<HashSet<MemberId>> {
    let free = free_with_room(claim, transaction.guards());
    let free = transaction.collection(&schema::AGENDAS).ids(free).await?;
    Ok(free.into_iter().collect())
}

/// The agendas of the claim's members that are free for the occurrence.
fn free(claim: &Claim<'_>, guards: Guards) -> Document {
    let mut filter = doc! { "_id": { "$in": texts(&claim.members) } };
    if guards.agenda {
        let occurrence = &claim.seats.document;
        let overlapping =
            doc! { "startsAt": { "$lt": occurrence.ends_at }, "endsAt": { "$gt": occurrence.starts_at } };
        filter.insert("busy", doc! { "$not": { "$elemMatch": overlapping } });
    }
    filter
}

/// Those of them that have room for one more time.
fn free_with_room(claim: &Claim<'_>, guards: Guards) -> Document {
    let mut filter = free(claim, guards);
    if guards.agenda {
        let is_short = doc! { longer_than(PRUNE_THRESHOLD): { "$exists": false } };
        let upcoming = times_after(date(claim.now));
        let has_room = doc! { "$expr": { "$lt": [{ "$size": upcoming }, MAX_TIMES] } };
        filter.insert("$or", vec![is_short, has_room]);
    }
    filter
}

/// The path of a time that exists only in an agenda with more times than this.
fn longer_than(times: usize) -> String {
    format!("busy.{times}")
}

/// The times of an agenda that end after this instant.
fn times_after(instant: DateTime) -> Document {
    doc! { "$filter": { "input": "$busy", "cond": { "$gt": ["$$this.endsAt", instant] } } }
}

/// The times of an agenda after pruning, with further ones for which there is room. The ended ones, which are the first, make it.
pub(super) fn with_times(new: impl Into<Bson>, now: Instant) -> Document {
    let all = doc! { "$concatArrays": [times_after(retention_limit(now)), new.into()] };
    let sorted = doc! { "$sortArray": { "input": all, "sortBy": { "startsAt": 1 } } };
    doc! { "$slice": [sorted, -MAX_TIMES] }
}

/// The time of a seat in an agenda.
pub(super) fn seat_time(occurrence: &OccurrenceDocument, mark: i64) -> Document {
    doc! {
        "startsAt": occurrence.starts_at,
        "endsAt": occurrence.ends_at,
        "occurrence": &occurrence.id,
        "batch": mark,
    }
}

/// Enters a claim into agendas below the threshold.
fn enter(claim: &Claim<'_>, mark: i64, guards: Guards) -> UpdateStatement {
    let mut filter = free(claim, guards);
    filter.insert(longer_than(PRUNE_THRESHOLD), doc! { "$exists": false });
    let times = vec![seat_time(&claim.seats.document, mark)];
    let update = doc! { "$push": { "busy": { "$each": times, "$sort": { "startsAt": 1 } } } };
    UpdateStatement { filter, update: update.into(), many: true }
}

/// Enters a claim into agendas of any length and prunes them.
fn prune_and_enter(claim: &Claim<'_>, mark: i64, guards: Guards) -> UpdateStatement {
    let new = doc! { "$literal": seat_time(&claim.seats.document, mark) };
    UpdateStatement {
        filter: free_with_room(claim, guards),
        update: vec![doc! { "$set": { "busy": with_times(vec![new], claim.now) } }].into(),
        many: true,
    }
}

/// The instant before which a time must have ended to be pruned.
fn retention_limit(now: Instant) -> DateTime {
    date(now - AGENDA_RETENTION)
}

/// Takes occurrences out of the agendas of these members, and prunes them.
pub(super) fn remove_times(
    occurrences: &BTreeSet<OccurrenceKey>,
    members: &[MemberId],
    now: Instant,
) -> UpdateStatement {
    let occurrences = texts(occurrences);
    let ended = doc! { "endsAt": { "$lte": retention_limit(now) } };
    let gone = doc! { "$or": [{ "occurrence": { "$in": occurrences } }, ended] };
    UpdateStatement {
        filter: doc! { "_id": { "$in": texts(members) } },
        update: doc! { "$pull": { "busy": gone } }.into(),
        many: true,
    }
}
