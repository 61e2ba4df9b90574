use std::collections::{BTreeMap, BTreeSet, HashMap};

use bson::doc;
use convene_application::{change::Change, registration::log};
use convene_domain::{id::MemberId, occurrence::OccurrenceKey, registration::Registration};

use super::{CHUNK, Guards, Occurrences, occurrence::expect, upcoming::UpcomingTimes};
use crate::{
    documents::read_all, error::Attempt, registration::document::RegistrationDocument, schema, scoped::Query,
    transaction::Transaction,
};

/// The number of waitlisted registrations of one occurrence that are read at once.
const PAGE: usize = 200;

/// An occurrence with seats that became free.
#[derive(Debug)]
pub(crate) struct Freed<'a> {
    pub(crate) occurrence: OccurrenceKey,
    /// The changes that freed the seats, in order. The log attributes each promotion to one of them.
    pub(crate) causes: Vec<&'a Change>,
}

/// Gives the free seats of occurrences that have not begun to waitlisted members, in the order of their waitlist
/// sequence. Members with a conflict are passed over and keep their sequence; members who left the organization have no
/// agenda and get nothing. Where one member waits for several occurrences that overlap, the first one wins. Returns the
/// promoted registrations of each occurrence.
///
/// The occurrences MUST be loaded. Their counters are not written here.
pub(crate) async fn promote<'a>(
    transaction: &mut Transaction<'_>,
    occurrences: &mut Occurrences,
    freed: Vec<Freed<'a>>,
    guards: Guards,
) -> Attempt<HashMap<OccurrenceKey, Vec<Registration>>> {
    let mut promoted: HashMap<OccurrenceKey, Vec<Registration>> = HashMap::new();
    let mut open: Vec<Waitlist<'a>> = freed
        .into_iter()
        .map(|Freed { occurrence, causes }| Waitlist { occurrence, causes, passed: 0 })
        .collect();
    open.sort_by_key(|waitlist| waitlist.occurrence);
    loop {
        let (round, rest) = next_round(occurrences, open)?;
        if round.is_empty() {
            break;
        }
        let waitlisted = read(transaction, occurrences, &round).await?;
        let chosen = choose(transaction, occurrences, &round, &waitlisted, guards).await?;
        mark_confirmed(transaction, &chosen).await?;
        for registration in chosen {
            let seats = occurrences.of(registration.occurrence)?;
            seats.leave_waitlist();
            seats.take_seat();
            let after = registration.promoted();
            let of_occurrence = promoted.entry(registration.occurrence).or_default();
            let waitlist = round.iter().find(|waitlist| waitlist.occurrence == registration.occurrence);
            let causes = waitlist.map_or(&[][..], |waitlist| &waitlist.causes);
            if let Some(cause) = causes.get(of_occurrence.len()).or(causes.last()) {
                transaction.log(cause, log::promoted(&registration, &after));
            }
            of_occurrence.push(after);
        }
        open = remaining(round, &waitlisted);
        open.extend(rest);
    }
    transaction.count_promoted(promoted.values().map(Vec::len).sum());
    Ok(promoted)
}

/// A waitlist that is not read completely.
struct Waitlist<'a> {
    occurrence: OccurrenceKey,
    causes: Vec<&'a Change>,
    /// The last sequence that was read.
    passed: u64,
}

/// Splits off the waitlists of the next round: several short ones, which are read completely, or a page of a long one.
/// Waitlists without a free seat are removed.
fn next_round<'a>(
    occurrences: &mut Occurrences,
    open: Vec<Waitlist<'a>>,
) -> Attempt<(Vec<Waitlist<'a>>, Vec<Waitlist<'a>>)> {
    let (mut round, mut rest, mut size) = (Vec::new(), Vec::new(), 0);
    for waitlist in open {
        let document = &occurrences.of(waitlist.occurrence)?.document;
        let waiting = usize::try_from(document.waiting).unwrap_or(0);
        let now = waitlist.causes.iter().map(|change| change.at).max();
        let free = now.map(|now| document.seating().map(|seating| seating.promotable(now))).transpose()?;
        if waiting == 0 || free.unwrap_or(0) == 0 {
            continue;
        }
        let is_short = waiting <= PAGE && waitlist.passed == 0;
        if round.is_empty() || (is_short && size + waiting <= CHUNK) {
            size += if is_short { waiting } else { CHUNK };
            round.push(waitlist);
        } else {
            rest.push(waitlist);
        }
    }
    Ok((round, rest))
}

/// Reads the waitlists of a round.
async fn read(
    transaction: &mut Transaction<'_>,
    occurrences: &mut Occurrences,
    round: &[Waitlist<'_>],
) -> Attempt<Vec<Registration>> {
    let ids: Vec<String> = round.iter().map(|waitlist| waitlist.occurrence.to_string()).collect();
    let mut filter = doc! { "occurrence": { "$in": ids }, "status": "WAITLISTED" };
    let mut limit = CHUNK;
    if let [waitlist] = round {
        filter.insert("waitlistSequence", doc! { "$gt": waitlist.passed.cast_signed() });
        limit = occurrences.of(waitlist.occurrence)?.document.free().clamp(PAGE, CHUNK);
    }
    let query = Query::from(filter).sorted(doc! { "occurrence": 1, "waitlistSequence": 1 }).limited(limit);
    let found: Vec<RegistrationDocument> = transaction.collection(&schema::REGISTRATIONS).find(query).await?;
    Ok(read_all(found)?)
}

/// The waitlists of a round that may have further entries: a long one of which a page was read.
fn remaining<'a>(round: Vec<Waitlist<'a>>, waitlisted: &[Registration]) -> Vec<Waitlist<'a>> {
    let last = waitlisted.last().and_then(|registration| registration.status.waitlist_sequence());
    match (<[Waitlist<'a>; 1]>::try_from(round), last) {
        (Ok([waitlist]), Some(last)) if waitlisted.len() >= PAGE => {
            vec![Waitlist { passed: last, ..waitlist }]
        }
        _ => Vec::new(),
    }
}

/// Chooses the registrations whose members are free, in order, and enters them into the agendas.
async fn choose(
    transaction: &mut Transaction<'_>,
    occurrences: &mut Occurrences,
    round: &[Waitlist<'_>],
    waitlisted: &[Registration],
    guards: Guards,
) -> Attempt<Vec<Registration>> {
    let members: BTreeSet<MemberId> = waitlisted.iter().map(|registration| registration.member).collect();
    let Some(now) = round.iter().flat_map(|waitlist| &waitlist.causes).map(|change| change.at).max() else {
        return Ok(Vec::new());
    };
    let mut times = UpcomingTimes::load(transaction, &members, now).await?;
    let mut free: HashMap<OccurrenceKey, usize> = HashMap::new();
    for waitlist in round {
        free.insert(waitlist.occurrence, occurrences.of(waitlist.occurrence)?.document.free());
    }
    let mut entered: BTreeMap<MemberId, BTreeSet<OccurrenceKey>> = BTreeMap::new();
    let mut chosen = Vec::new();
    for registration in waitlisted {
        let left = free.entry(registration.occurrence).or_default();
        if *left > 0 && times.enter(registration.member, registration.interval, guards) {
            *left -= 1;
            entered.entry(registration.member).or_default().insert(registration.occurrence);
            chosen.push(registration.clone());
        }
    }
    times.write(transaction, occurrences, entered).await?;
    Ok(chosen)
}

async fn mark_confirmed(transaction: &mut Transaction<'_>, chosen: &[Registration]) -> Attempt<()> {
    if chosen.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = chosen.iter().map(|registration| registration.id.to_string()).collect();
    let filter = doc! { "_id": { "$in": ids }, "status": "WAITLISTED" };
    let update = doc! { "$set": { "status": "CONFIRMED" }, "$unset": { "waitlistSequence": "" } };
    let updated = transaction.collection(&schema::REGISTRATIONS).update_many(filter, update).await?;
    expect(updated.matched, chosen.len(), "waitlisted registrations")
}
