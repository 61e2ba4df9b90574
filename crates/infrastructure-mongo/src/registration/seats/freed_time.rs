//! Promotions of members whose time becomes free, to seats that are free already.

use std::collections::{BTreeMap, HashMap, HashSet};

use bson::doc;
use convene_application::{change::Change, registration::log};
use convene_domain::{
    duration::LONGEST_ELAPSED,
    id::MemberId,
    registration::{Registration, RegistrationStatus},
    time::{Instant, interval::Interval},
};

use super::{
    CHUNK, Guards, Occurrences,
    occurrence::stale,
    promote::{choose, in_order},
};
use crate::{
    documents::{convert::date, read_all},
    error::Attempt,
    registration::document::{RegistrationDocument, WAITLISTED},
    schema,
    transaction::Transaction,
};

/// The number of members whose waitlisted registrations are read at once.
const MEMBERS: usize = 250;

/// Time that a member no longer has an entry for in the agenda.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FreedTime<'a> {
    pub(crate) member: MemberId,
    pub(crate) interval: Interval,
    /// The change that freed the time. The log attributes the promotion to it.
    pub(crate) cause: &'a Change,
}

impl<'a> FreedTime<'a> {
    /// The time of a registration, if it is a seat.
    pub(crate) fn of(registration: &Registration, cause: &'a Change) -> Option<Self> {
        let Registration { member, interval, status, .. } = *registration;
        (status == RegistrationStatus::Confirmed).then_some(Self { member, interval, cause })
    }
}

/// Gives members whose time became free the free seats that they wait for at that time, the earliest occurrences first.
///
/// Other members cannot take these seats: they would have got them when the seat or their time became free. So only the
/// registrations of these members are read.
///
/// The counters of the occurrences are not written here.
pub(crate) async fn promote_freed<'a>(
    transaction: &mut Transaction<'_>,
    occurrences: &mut Occurrences,
    freed: Vec<FreedTime<'a>>,
    guards: Guards,
) -> Attempt<()> {
    let Some(now) = freed.iter().map(|freed| freed.cause.at).max() else { return Ok(()) };
    let mut by_member: BTreeMap<MemberId, Vec<FreedTime<'a>>> = BTreeMap::new();
    for freed in freed {
        by_member.entry(freed.member).or_default().push(freed);
    }
    let mut found = Vec::new();
    let members: Vec<MemberId> = by_member.keys().copied().collect();
    for members in members.chunks(MEMBERS) {
        found.extend(waiting_at(transaction, members, &by_member, now).await?);
    }
    if found.is_empty() {
        return Ok(());
    }
    occurrences.load_further(transaction, found.iter().map(|waiting| waiting.occurrence)).await?;
    let mut waiting = Vec::new();
    for registration in &found {
        let document = &occurrences.of(registration.occurrence)?.document;
        if document.waiting <= 0 {
            // The cached occurrence had no waitlist.
            return Err(stale());
        }
        if document.seating()?.promotable(now) > 0 {
            waiting.push(registration.clone());
        }
    }
    waiting.sort_by_key(in_order);
    let causes: HashMap<MemberId, &Change> =
        by_member.values().flatten().map(|freed| (freed.member, freed.cause)).collect();
    let mut promoted = HashSet::new();
    for waiting in waiting.chunks(CHUNK) {
        for before in choose(transaction, occurrences, waiting, now, guards).await? {
            if let Some(cause) = causes.get(&before.member) {
                transaction.log(cause, log::promoted(&before, &before.promoted(now)));
            }
            promoted.insert(before.id);
        }
    }
    let passed = found.iter().filter(|registration| !promoted.contains(&registration.id));
    record_as_passed(transaction, passed, guards).await
}

/// Writes registrations that a promotion passed over. A transaction that frees a seat passes over a member who is busy in its
/// snapshot, and one that frees the member's time passes over a seat that is taken in its own. As both write the
/// registration, one of them conflicts and is repeated.
pub(super) async fn record_as_passed(
    transaction: &mut Transaction<'_>,
    passed: impl Iterator<Item = &Registration>,
    guards: Guards,
) -> Attempt<()> {
    let ids: Vec<String> = passed.map(|registration| registration.id.to_string()).collect();
    for ids in ids.chunks(CHUNK).filter(|_| guards.freed_time) {
        let filter = doc! { "_id": { "$in": ids } };
        let update = doc! { "$inc": { "passed": 1_i64 } };
        transaction.collection(&schema::REGISTRATIONS).update_many(filter, update).await?;
    }
    Ok(())
}

/// Reads the waitlisted registrations of members for occurrences that have not begun and overlap the freed times.
async fn waiting_at(
    transaction: &mut Transaction<'_>,
    members: &[MemberId],
    freed: &BTreeMap<MemberId, Vec<FreedTime<'_>>>,
    now: Instant,
) -> Attempt<Vec<Registration>> {
    let of = |member: &MemberId| freed.get(member).map_or(&[][..], Vec::as_slice);
    let times = || members.iter().flat_map(of).map(|freed| freed.interval);
    let (Some(first), Some(last)) = (times().map(|it| it.start()).min(), times().map(|it| it.end()).max())
    else {
        return Ok(Vec::new());
    };
    let ids: Vec<String> = members.iter().map(ToString::to_string).collect();
    let filter = doc! {
        "member": { "$in": ids },
        "status": WAITLISTED,
        // Nothing lasts longer, so occurrences that began before have ended: this bounds the search in the index.
        "startsAt": { "$gt": date(now.max(first - LONGEST_ELAPSED)), "$lt": date(last) },
        "endsAt": { "$gt": date(first) },
    };
    let found: Vec<RegistrationDocument> =
        transaction.collection(&schema::REGISTRATIONS).find(filter).await?;
    let mut waiting: Vec<Registration> = read_all(found)?;
    waiting
        .retain(|waiting| of(&waiting.member).iter().any(|freed| freed.interval.overlaps(&waiting.interval)));
    Ok(waiting)
}
