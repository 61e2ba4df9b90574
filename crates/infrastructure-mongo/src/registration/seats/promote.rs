use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bson::doc;
use convene_application::{change::Change, pace::Pace, registration::log};
use convene_domain::{
    id::{MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    registration::Registration,
    time::Instant,
};

use super::{
    CHUNK, Occurrences,
    marks::{MARKED_AT_ONCE, Unmarked, marking},
    occurrence::expect,
    passed_over::{record_as_busy, record_as_without_room, record_first},
    upcoming::{Entered, UpcomingTimes},
};
use crate::{
    documents::{convert::date, read_in_parts},
    error::Attempt,
    registration::document::{CONFIRMED, RegistrationDocument, WAITLISTED},
    schema,
    scoped::Query,
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
    /// True if the same transaction moves the occurrence, which removes the marks of busy members.
    pub(crate) is_moved: bool,
}

/// Gives the free seats of occurrences that have not begun to waitlisted members, in the order of their waitlist
/// sequence. Members with a conflict are passed over and keep their sequence; members who left the organization have no
/// agenda and get nothing. Where one member waits for several occurrences that overlap, the earliest one wins. Returns the
/// promoted registrations of each occurrence.
///
/// A registration that is passed over because its member has a seat at that time is not read again until that changes. If there
/// are many, the run ends, and [transactions of their own](marking) mark them first.
///
/// The occurrences MUST be loaded. Their counters are not written here.
pub(crate) async fn promote<'a>(
    transaction: &mut Transaction<'_>,
    occurrences: &mut Occurrences,
    freed: Vec<Freed<'a>>,
) -> Attempt<HashMap<OccurrenceKey, Vec<Registration>>> {
    let mut promoted: HashMap<OccurrenceKey, Vec<Registration>> = HashMap::new();
    let mut open: Vec<Waitlist<'a>> = freed
        .into_iter()
        .map(|Freed { occurrence, causes, is_moved }| Waitlist { occurrence, causes, is_moved, read_to: 0 })
        .collect();
    let mut times: BTreeMap<OccurrenceKey, Instant> = BTreeMap::new();
    for waitlist in &open {
        occurrences.of(waitlist.occurrence)?;
        times.extend(waitlist.latest().map(|latest| (waitlist.occurrence, latest)));
    }
    open.sort_by_key(|waitlist| {
        (occurrences.get(waitlist.occurrence).map(|seats| seats.document.starts_at), waitlist.occurrence)
    });
    let mut marked = 0;
    loop {
        let (round, rest) = next_round(occurrences, open)?;
        if round.is_empty() {
            break;
        }
        if marked >= MARKED_AT_ONCE {
            mark_first(transaction, occurrences, round.iter().chain(&rest), &promoted, &times)?;
        }
        let waitlisted = read(transaction, occurrences, &round).await?;
        let Some(now) = round.iter().filter_map(Waitlist::latest).max() else { break };
        let chosen = choose(transaction, occurrences, &waitlisted, now).await?;
        let without_room = without_room(occurrences, &waitlisted, &chosen, now)?;
        marked += chosen.busy.len();
        record_as_busy(transaction, &chosen.busy).await?;
        record_as_without_room(transaction, &without_room).await?;
        for before in chosen.promoted {
            let of_occurrence = promoted.entry(before.occurrence).or_default();
            let waitlist = round.iter().find(|waitlist| waitlist.occurrence == before.occurrence);
            let after = before.promoted(transaction.recorded_at(now));
            if let Some(cause) = waitlist.and_then(|waitlist| waitlist.cause(of_occurrence.len())) {
                transaction.log(cause, log::promoted(&before, &after));
            }
            of_occurrence.push(after);
        }
        open = remaining(round, &waitlisted);
        open.extend(rest);
    }
    let mut with_seats = Vec::new();
    for (occurrence, now) in times {
        let document = &occurrences.of(occurrence)?.document;
        if document.waiting > 0 && document.seating()?.promotable(now) > 0 {
            with_seats.push((occurrence, document.waiting()));
        }
    }
    record_first(transaction, with_seats).await?;
    Ok(promoted)
}

/// A waitlist that is not read completely.
struct Waitlist<'a> {
    occurrence: OccurrenceKey,
    causes: Vec<&'a Change>,
    is_moved: bool,
    /// The last sequence that was read.
    read_to: u64,
}

impl<'a> Waitlist<'a> {
    /// The time of the last change that freed a seat.
    fn latest(&self) -> Option<Instant> {
        self.causes.iter().map(|change| change.at).max()
    }

    /// The change to which the log attributes the promotion with this position, from 0.
    fn cause(&self, position: usize) -> Option<&'a Change> {
        self.causes.get(position).or(self.causes.last()).copied()
    }
}

/// Ends this run, so that transactions of their own mark the busy members of these waitlists, unless they have done so. The waitlists
/// of occurrences that this transaction moves are left out: the marks would be for other times.
fn mark_first<'w, 'a: 'w>(
    transaction: &mut Transaction<'_>,
    occurrences: &mut Occurrences,
    open: impl Iterator<Item = &'w Waitlist<'a>>,
    promoted: &HashMap<OccurrenceKey, Vec<Registration>>,
    times: &BTreeMap<OccurrenceKey, Instant>,
) -> Attempt<()> {
    let mut unmarked = Vec::new();
    for waitlist in open.filter(|waitlist| !waitlist.is_moved) {
        let occurrence = waitlist.occurrence;
        let now = times.get(&occurrence).copied().unwrap_or(Instant::MAX);
        let free = occurrences.of(occurrence)?.document.seating()?.promotable(now);
        let taken = promoted.get(&occurrence).map_or(0, Vec::len);
        let seats = free.saturating_add(u32::try_from(taken).unwrap_or(u32::MAX));
        unmarked.push(Unmarked { occurrence, seats, read_to: 0 });
    }
    let now = times.values().max().copied().filter(|_| !unmarked.is_empty());
    now.and_then(|now| transaction.prepare(|| marking(unmarked.into(), now))).map_or(Ok(()), Err)
}

/// Returns those of the examined registrations whose occurrence has a seat that stays free, and whose members are not busy: they have
/// no room.
pub(super) fn without_room<'r>(
    occurrences: &mut Occurrences,
    examined: &'r [Registration],
    chosen: &Chosen,
    now: Instant,
) -> Attempt<Vec<&'r Registration>> {
    let promoted = chosen.promoted.iter().map(|registration| registration.id);
    let decided: HashSet<RegistrationId> = promoted.chain(chosen.busy.iter().copied()).collect();
    let mut found = Vec::new();
    for registration in examined.iter().filter(|registration| !decided.contains(&registration.id)) {
        if occurrences.of(registration.occurrence)?.document.seating()?.promotable(now) > 0 {
            found.push(registration);
        }
    }
    Ok(found)
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
        let waiting = document.waiting();
        let free = waitlist
            .latest()
            .map(|now| document.seating().map(|seating| seating.promotable(now)))
            .transpose()?;
        if waiting == 0 || free.unwrap_or(0) == 0 {
            continue;
        }
        let is_short = waiting <= PAGE && waitlist.read_to == 0;
        if round.is_empty() || (is_short && size + waiting <= CHUNK) {
            size += if is_short { waiting } else { CHUNK };
            round.push(waitlist);
        } else {
            rest.push(waitlist);
        }
    }
    Ok((round, rest))
}

/// Reads the waitlists of a round, without the members who are known to be busy.
async fn read(
    transaction: &mut Transaction<'_>,
    occurrences: &mut Occurrences,
    round: &[Waitlist<'_>],
) -> Attempt<Vec<Registration>> {
    let ids: Vec<String> = round.iter().map(|waitlist| waitlist.occurrence.to_string()).collect();
    // "Equal to null" would be two ranges of the index, which do not give the order: all would be read.
    let mut filter =
        doc! { "occurrence": { "$in": ids }, "status": WAITLISTED, "isBusy": { "$exists": false } };
    let mut limit = CHUNK;
    if let [waitlist] = round {
        filter.insert("waitlistSequence", doc! { "$gt": waitlist.read_to.cast_signed() });
        if waitlist.read_to == 0 {
            // Usually the first members are free.
            limit = occurrences.of(waitlist.occurrence)?.document.free().clamp(PAGE, CHUNK);
        } else {
            limit = MARKED_AT_ONCE;
        }
    }
    let query = Query::from(filter).sorted(doc! { "occurrence": 1, "waitlistSequence": 1 });
    let query = query.limited(limit).hinted("waitlist_to_promote");
    let found: Vec<RegistrationDocument> = transaction.collection(&schema::REGISTRATIONS).find(query).await?;
    Ok(read_in_parts(found).await?)
}

/// The waitlists of a round that may have further entries: a long one of which a page was read.
fn remaining<'a>(round: Vec<Waitlist<'a>>, waitlisted: &[Registration]) -> Vec<Waitlist<'a>> {
    let last = waitlisted.last().and_then(|registration| registration.status.waitlist_sequence());
    match (<[Waitlist<'a>; 1]>::try_from(round), last) {
        (Ok([waitlist]), Some(last)) if waitlisted.len() >= PAGE => {
            vec![Waitlist { read_to: last, ..waitlist }]
        }
        _ => Vec::new(),
    }
}

/// The decisions on waitlisted registrations.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// Those that became seats, as they were before.
    pub(super) promoted: Vec<Registration>,
    /// Those of members who have another seat at that time.
    pub(super) busy: Vec<RegistrationId>,
}

/// Gives the free seats of the occurrences to those of the waitlisted members who are free: the earliest occurrences
/// first, each in the order of its waitlist. The log is not written here.
pub(super) async fn choose(
    transaction: &mut Transaction<'_>,
    occurrences: &mut Occurrences,
    waitlisted: &[Registration],
    now: Instant,
) -> Attempt<Chosen> {
    let mut waitlisted: Vec<&Registration> = waitlisted.iter().collect();
    waitlisted.sort_by_key(|registration| in_order(registration));
    let members: BTreeSet<MemberId> = waitlisted.iter().map(|registration| registration.member).collect();
    let mut times = UpcomingTimes::load(transaction, &members, now).await?;
    let mut entered: BTreeMap<MemberId, BTreeSet<OccurrenceKey>> = BTreeMap::new();
    let mut chosen = Chosen::default();
    let mut pace = Pace::default();
    for registration in waitlisted {
        // Comparing a time takes less than a step.
        pace.steps(1 + times.count(registration.member) / 10).await;
        let seats = occurrences.of(registration.occurrence)?;
        let is_free = seats.document.seating()?.promotable(now) > 0;
        if !is_free {
            continue;
        }
        match times.enter(registration.member, registration.interval) {
            Entered::Yes => {
                seats.leave_waitlist();
                seats.take_seat();
                entered.entry(registration.member).or_default().insert(registration.occurrence);
                chosen.promoted.push(registration.clone());
            }
            Entered::Busy => chosen.busy.push(registration.id),
            Entered::WithoutRoom => {}
        }
    }
    times.write(transaction, occurrences, entered).await?;
    for registration in &chosen.promoted {
        transaction.follow(registration.updated_at, now);
    }
    mark_confirmed(transaction, &chosen.promoted, now).await?;
    transaction.count_promoted(chosen.promoted.len());
    Ok(chosen)
}

/// The order in which waitlisted registrations get seats.
pub(super) fn in_order(registration: &Registration) -> (Instant, OccurrenceKey, Option<u64>) {
    (registration.interval.start(), registration.occurrence, registration.status.waitlist_sequence())
}

/// Marks waitlisted registrations as confirmed.
pub(crate) async fn mark_confirmed(
    transaction: &mut Transaction<'_>,
    chosen: &[Registration],
    now: Instant,
) -> Attempt<()> {
    let at = date(transaction.recorded_at(now));
    for chunk in chosen.chunks(CHUNK) {
        let ids: Vec<String> = chunk.iter().map(|registration| registration.id.to_string()).collect();
        let filter = doc! { "_id": { "$in": ids }, "status": WAITLISTED };
        let set = doc! { "status": CONFIRMED, "updatedAt": at };
        let unset = doc! { "waitlistSequence": "", "isBusy": "", "lacksRoom": "" };
        let update = doc! { "$set": set, "$unset": unset };
        let updated = transaction.collection(&schema::REGISTRATIONS).update_many(filter, update).await?;
        expect(updated.matched, chunk.len(), "waitlisted registrations")?;
    }
    Ok(())
}
