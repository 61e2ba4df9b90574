//! Promotions of members whose time becomes free, to seats that are free already.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bson::{Document, doc};
use convene_application::{change::Change, limits::WAITLISTED_REGISTRATIONS, pace::Pace, registration::log};
use convene_domain::{
    duration::LONGEST_ELAPSED,
    id::{MemberId, RegistrationId},
    registration::Registration,
    time::{Instant, interval::Interval},
};

use super::{
    CHUNK, Occurrences,
    occurrence::stale,
    passed_over::{record_as_free, record_as_without_room},
    promote::{self, choose, in_order},
};
use crate::{
    documents::{convert::date, ids::texts, read_in_parts},
    error::Attempt,
    registration::document::{RegistrationDocument, WAITLISTED},
    schema,
    scoped::Query,
    transaction::Transaction,
};

/// The number of members whose waitlisted registrations are read at once.
const MEMBERS_PER_QUERY: usize = 250;

/// The number of waitlisted registrations from which on a transaction that frees the time of many members frees that of
/// [`FEW_MEMBERS`] instead: a transaction reads and writes so many in some hundred milliseconds.
pub(crate) const MAX_READ_AT_ONCE: usize = 5_000;

/// The number of members who have at most [`MAX_READ_AT_ONCE`] waitlisted registrations.
pub(crate) const FEW_MEMBERS: usize = MAX_READ_AT_ONCE / WAITLISTED_REGISTRATIONS;

/// Time that a member no longer has in the agenda.
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
        let Registration { member, interval, .. } = *registration;
        registration.is_seat().then_some(Self { member, interval, cause })
    }
}

/// Gives members whose time became free the free seats that they wait for at that time, or that their full agendas had no room for,
/// the earliest occurrences first.
///
/// Other members cannot take these seats: they would have got them when the seat or their time became free. So only the
/// registrations of these members are read.
///
/// The counters of the occurrences are not written here.
pub(crate) async fn promote_freed<'a>(
    transaction: &mut Transaction<'_>,
    occurrences: &mut Occurrences,
    freed: Vec<FreedTime<'a>>,
) -> Attempt<()> {
    let Some(now) = freed.iter().map(|freed| freed.cause.at).max() else { return Ok(()) };
    let mut by_member: BTreeMap<MemberId, Vec<FreedTime<'a>>> = BTreeMap::new();
    for freed in freed {
        by_member.entry(freed.member).or_default().push(freed);
    }
    let mut found = Vec::new();
    let members: Vec<MemberId> = by_member.keys().copied().collect();
    for members in members.chunks(MEMBERS_PER_QUERY) {
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
    let (mut promoted, mut without_room) = (HashSet::new(), Vec::new());
    for waiting in waiting.chunks(CHUNK) {
        let chosen = choose(transaction, occurrences, waiting, now).await?;
        without_room.extend(promote::without_room(occurrences, waiting, &chosen, now)?);
        for before in chosen.promoted {
            if let Some(cause) = causes.get(&before.member) {
                let after = before.promoted(transaction.recorded_at(now));
                transaction.log(cause, log::promoted(&before, &after));
            }
            promoted.insert(before.id);
        }
    }
    let passed_over = found.iter().filter(|registration| !promoted.contains(&registration.id));
    let passed_over: Vec<RegistrationId> = passed_over.map(|registration| registration.id).collect();
    let mut waitlists = BTreeMap::new();
    for registration in found.iter().filter(|registration| !promoted.contains(&registration.id)) {
        let waiting = occurrences.of(registration.occurrence)?.document.waiting();
        waitlists.insert(registration.occurrence, waiting);
    }
    record_as_free(transaction, &passed_over, waitlists).await?;
    record_as_without_room(transaction, &without_room).await
}

/// Tests whether a transaction that frees this time has to read and write at most [`MAX_READ_AT_ONCE`] waitlisted registrations.
pub(crate) async fn is_read_at_once(
    transaction: &mut Transaction<'_>,
    freed: &[FreedTime<'_>],
) -> Attempt<bool> {
    reads_at_most(transaction, freed, MAX_READ_AT_ONCE).await
}

/// Tests whether a transaction that frees this time has to read and write at most so many waitlisted registrations.
pub(super) async fn reads_at_most(
    transaction: &mut Transaction<'_>,
    freed: &[FreedTime<'_>],
    max: usize,
) -> Attempt<bool> {
    let Some(now) = freed.iter().map(|freed| freed.cause.at).max() else { return Ok(true) };
    let members: BTreeSet<MemberId> = freed.iter().map(|freed| freed.member).collect();
    if members.len() <= max / WAITLISTED_REGISTRATIONS {
        return Ok(true);
    }
    let times: Vec<Interval> = freed.iter().map(|freed| freed.interval).collect();
    let Some(filter) = waiting_between(&Vec::from_iter(members), &times, now) else { return Ok(true) };
    let query = Query::from(filter).limited(max + 1);
    Ok(transaction.collection(&schema::REGISTRATIONS).ids::<String>(query).await?.len() <= max)
}

/// Reads the waitlisted registrations of members for occurrences that have not begun and overlap the freed times, and those that
/// their full agendas had no room for.
async fn waiting_at(
    transaction: &mut Transaction<'_>,
    members: &[MemberId],
    freed: &BTreeMap<MemberId, Vec<FreedTime<'_>>>,
    now: Instant,
) -> Attempt<Vec<Registration>> {
    let of = |member: &MemberId| freed.get(member).map_or(&[][..], Vec::as_slice);
    let times: Vec<Interval> = members.iter().flat_map(of).map(|freed| freed.interval).collect();
    let Some(filter) = waiting_between(members, &times, now) else { return Ok(Vec::new()) };
    let found: Vec<RegistrationDocument> =
        transaction.collection(&schema::REGISTRATIONS).find(filter).await?;
    let mut waiting: Vec<Registration> = Vec::new();
    let mut pace = Pace::default();
    let lacks_room: Vec<bool> = found.iter().map(|document| document.lacks_room == Some(true)).collect();
    let found = read_in_parts::<_, Registration>(found).await?;
    for (registration, lacks_room) in found.into_iter().zip(lacks_room) {
        let freed = of(&registration.member);
        pace.steps(1 + freed.len()).await;
        if lacks_room || freed.iter().any(|freed| freed.interval.overlaps(&registration.interval)) {
            waiting.push(registration);
        }
    }
    Ok(waiting)
}

/// The filter for the waitlisted registrations of members for occurrences that have not begun, and that take place between the first
/// and the last of the times or were passed over for lack of room; `None` if there is no time.
fn waiting_between(members: &[MemberId], times: &[Interval], now: Instant) -> Option<Document> {
    let first = times.iter().map(Interval::start).min()?;
    let last = times.iter().map(Interval::end).max()?;
    let of_members = doc! { "member": { "$in": texts(members) }, "status": WAITLISTED };
    let mut at_this_time = of_members.clone();
    // Nothing lasts longer, so occurrences that began before have ended: this bounds the search in the index.
    let starts_at = doc! { "$gt": date(now.max(first - LONGEST_ELAPSED)), "$lt": date(last) };
    at_this_time.extend(doc! { "startsAt": starts_at, "endsAt": { "$gt": date(first) } });
    let mut without_room = of_members;
    without_room.extend(doc! { "startsAt": { "$gt": date(now) }, "lacksRoom": true });
    Some(doc! { "$or": [at_this_time, without_room] })
}
