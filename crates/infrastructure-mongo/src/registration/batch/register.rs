//! The registrations of a batch.

use std::collections::{BTreeMap, HashMap, HashSet};

use bson::doc;
use convene_application::{
    failure::{Fault, Field, Refusal},
    limits::Limit,
    registration::{
        log,
        refusals::{agenda_refusal, conflict_refusal, long_waitlist_refusal, waitlist_refusal},
    },
};
use convene_domain::{
    id::MemberId,
    occurrence::OccurrenceKey,
    registration::{
        Admission, Registration, RegistrationRefusal, RegistrationStatus, Seating, decide_admission,
    },
    time::Instant,
};

use serde::Deserialize;

use super::{
    BatchState, Registering, Verification,
    assign::{Assignment, assign},
    held::{Held, conflicting},
    refused::refusals,
};
use crate::{
    documents::{
        agenda::AgendaDocument,
        convert::date,
        ids::{read_id, texts},
    },
    error::Attempt,
    guards::Guards,
    registration::{
        document::{RegistrationDocument, WAITLISTED},
        seats::{are_busy, mark_confirmed},
    },
    schema,
    transaction::Transaction,
};

/// Decides the registrations: a seat, an entry on the waitlist, or a refusal.
pub(super) async fn run(
    state: &mut BatchState,
    transaction: &mut Transaction<'_>,
    registrations: &[Registering<'_>],
    verification: Verification,
) -> Attempt<()> {
    let mut sorted = sort(state, transaction.guards(), registrations)?;
    let denied = std::mem::take(&mut sorted.denied);
    sorted.refused.extend(refusals(state, transaction, denied).await?);
    // The waitlist is in no agenda, so a waitlisted member must be found by the registration.
    let may_be_waitlisted = |registering: &&Registering<'_>| {
        let seats = state.occurrences.get(registering.request.occurrence);
        verification == Verification::Exhaustive || seats.is_some_and(|seats| seats.document.waiting > 0)
    };
    let uncertain: Vec<Registering<'_>> =
        sorted.to_seat.iter().filter(may_be_waitlisted).chain(&sorted.to_waitlist).copied().collect();
    let mut waiting = Held::load(transaction, &uncertain).await?;
    sorted.refuse_held(&waiting);

    let Assignment { seated, unable, without_seat } =
        assign(transaction, state, std::mem::take(&mut sorted.to_seat)).await?;
    let (late, full): (Vec<Registering<'_>>, Vec<Registering<'_>>) =
        without_seat.into_iter().partition(|registering| registering.request.join_waitlist);
    sorted.refused.extend(full.into_iter().map(|registering| (registering, Refusal::OccurrenceFull)));
    if !late.is_empty() {
        let held = Held::load(transaction, &late).await?;
        sorted.to_waitlist.extend(late);
        sorted.to_waitlist.sort_by_key(|registering| registering.number);
        sorted.refuse_held(&held);
    }
    let to_waitlist = std::mem::take(&mut sorted.to_waitlist);
    let known = mark_agendas(transaction, &to_waitlist).await?;
    let (waitlisted, unknown): (Vec<Registering<'_>>, Vec<Registering<'_>>) =
        to_waitlist.into_iter().partition(|registering| known.contains(&registering.request.member));
    sorted
        .refused
        .extend(unknown.into_iter().map(|registering| (registering, Refusal::not_found(Field::MemberId))));
    let waitlisted = sorted.refuse_above_limit(transaction, waitlisted).await?;
    let waitlisted = sorted.refuse_long_waitlists(state, waitlisted)?;
    let busy = busy_among(state, transaction, &waitlisted).await?;
    let waitlisted: Vec<(Registering<'_>, bool)> = waitlisted.into_iter().zip(busy).collect();
    store(state, transaction, &mut waiting, &seated, &waitlisted).await?;
    // Seats count as upcoming for all as for the first one, as they did when the others claimed theirs.
    let now = registrations.iter().map(|registering| registering.change.at).min().unwrap_or(Instant::MIN);
    refuse(state, transaction, sorted.refused, &unable, now).await
}

/// The registrations, by what the occurrence has for them.
#[derive(Default)]
struct Sorted<'b> {
    to_seat: Vec<Registering<'b>>,
    to_waitlist: Vec<Registering<'b>>,
    /// The occurrence admits none of these.
    denied: Vec<(Registering<'b>, RegistrationRefusal)>,
    refused: Vec<(Registering<'b>, Refusal)>,
}

impl<'b> Sorted<'b> {
    /// Refuses the members who are registered already. Those who wait for a seat that is free now may get it.
    fn refuse_held(&mut self, held: &Held) {
        let with_seat =
            self.to_seat.extract_if(.., |registering| held.has(registering) && !held.is_waiting(registering));
        let registered =
            with_seat.chain(self.to_waitlist.extract_if(.., |registering| held.has(registering)));
        self.refused.extend(registered.map(|registering| (registering, Refusal::AlreadyRegistered)));
    }

    /// Refuses the members who are on too many waitlists. Returns the others.
    async fn refuse_above_limit(
        &mut self,
        transaction: &mut Transaction<'_>,
        to_waitlist: Vec<Registering<'b>>,
    ) -> Attempt<Vec<Registering<'b>>> {
        let mut by_member = waitlists_of(transaction, &to_waitlist).await?;
        let mut admitted = Vec::with_capacity(to_waitlist.len());
        for registering in to_waitlist {
            let waitlists = by_member.entry(registering.request.member).or_default();
            match waitlist_refusal(*waitlists) {
                Some(refusal) => self.refused.push((registering, refusal)),
                None => {
                    *waitlists += 1;
                    admitted.push(registering);
                }
            }
        }
        Ok(admitted)
    }

    /// Refuses the members whose waitlist has too many others. Returns those who join.
    fn refuse_long_waitlists(
        &mut self,
        state: &mut BatchState,
        to_waitlist: Vec<Registering<'b>>,
    ) -> Attempt<Vec<Registering<'b>>> {
        let mut waiting: HashMap<OccurrenceKey, usize> = HashMap::new();
        let mut joining = Vec::with_capacity(to_waitlist.len());
        for registering in to_waitlist {
            let occurrence = registering.request.occurrence;
            let before = state.occurrences.of(occurrence)?.document.waiting;
            let waiting = waiting.entry(occurrence).or_insert(usize::try_from(before).unwrap_or(0));
            match long_waitlist_refusal(*waiting) {
                Some(refusal) => self.refused.push((registering, refusal)),
                None => {
                    *waiting += 1;
                    joining.push(registering);
                }
            }
        }
        Ok(joining)
    }
}

fn sort<'b>(state: &BatchState, guards: Guards, registrations: &[Registering<'b>]) -> Attempt<Sorted<'b>> {
    let mut sorted = Sorted::default();
    for &registering in registrations {
        let Some(seats) = state.occurrences.get(registering.request.occurrence) else {
            let is_without_room = state.without_room.contains(&registering.request.occurrence);
            let refusal = if is_without_room {
                Refusal::LimitExceeded(Limit::StoredOccurrences)
            } else {
                Refusal::not_found(Field::OccurrenceId)
            };
            sorted.refused.push((registering, refusal));
            continue;
        };
        let mut seating: Seating = seats.document.seating()?;
        if !guards.capacity {
            seating.taken = 0;
        }
        match decide_admission(seating, registering.change.at, registering.request.join_waitlist) {
            Ok(Admission::Seat) => sorted.to_seat.push(registering),
            Ok(Admission::Waitlist) => sorted.to_waitlist.push(registering),
            Err(reason) => sorted.denied.push((registering, reason)),
        }
    }
    Ok(sorted)
}

/// Marks the agendas of members who join a waitlist; returns those who are still members.
///
/// The agendas are written, not only read, so that a concurrent removal of a member conflicts with this transaction.
async fn mark_agendas(
    transaction: &mut Transaction<'_>,
    registrations: &[Registering<'_>],
) -> Attempt<HashSet<MemberId>> {
    let members: HashSet<MemberId> =
        registrations.iter().map(|registering| registering.request.member).collect();
    if members.is_empty() {
        return Ok(members);
    }
    let filter = doc! { "_id": { "$in": texts(&members) } };
    let mark = doc! { "$inc": { "waitlistJoins": 1_i64 } };
    let marked = transaction.collection(&schema::AGENDAS).update_many(filter.clone(), mark).await?;
    if usize::try_from(marked.matched) == Ok(members.len()) {
        return Ok(members);
    }
    Ok(transaction.collection(&schema::AGENDAS).ids(filter).await?.into_iter().collect())
}

/// Counts the upcoming waitlists of the members who join one.
async fn waitlists_of(
    transaction: &mut Transaction<'_>,
    registrations: &[Registering<'_>],
) -> Attempt<HashMap<MemberId, usize>> {
    #[derive(Deserialize)]
    struct Counted {
        #[serde(rename = "_id", deserialize_with = "read_id")]
        member: MemberId,
        waitlists: i32,
    }
    let Some(now) = registrations.iter().map(|registering| registering.change.at).min() else {
        return Ok(HashMap::new());
    };
    let members = registrations.iter().map(|registering| registering.request.member.to_string());
    let filter = doc! {
        "member": { "$in": members.collect::<Vec<_>>() },
        "status": WAITLISTED,
        "startsAt": { "$gt": date(now) },
    };
    let group = doc! { "$group": { "_id": "$member", "waitlists": { "$sum": 1 } } };
    let found: Vec<Counted> =
        transaction.collection(&schema::REGISTRATIONS).aggregate(filter, vec![group]).await?;
    let counted = |Counted { member, waitlists }| (member, usize::try_from(waitlists).unwrap_or(usize::MAX));
    Ok(found.into_iter().map(counted).collect())
}

/// Tests which of the members who join a waitlist have another seat at that time, the seats of this batch included. A promotion
/// then need not look at their agendas. [`mark_agendas`] MUST have written these: whoever frees the time conflicts with this
/// transaction.
async fn busy_among(
    state: &mut BatchState,
    transaction: &mut Transaction<'_>,
    joining: &[Registering<'_>],
) -> Attempt<Vec<bool>> {
    let guards = transaction.guards();
    let now = joining.iter().map(|registering| registering.change.at).min();
    let Some(now) = now.filter(|_| guards.agenda && guards.freed_time) else {
        return Ok(vec![false; joining.len()]);
    };
    let mut asked = Vec::with_capacity(joining.len());
    for registering in joining {
        let seats = state.occurrences.of(registering.request.occurrence)?;
        asked.push((registering.request.member, seats.document.interval()?));
    }
    are_busy(transaction, &asked, now).await
}

/// Stores, counts and logs the registrations, with a mark on those on a waitlist whose members are busy. Members who wait for the seat that they get are promoted.
async fn store(
    state: &mut BatchState,
    transaction: &mut Transaction<'_>,
    waiting: &mut Held,
    seated: &[Registering<'_>],
    waitlisted: &[(Registering<'_>, bool)],
) -> Attempt<()> {
    let mut documents = Vec::with_capacity(seated.len() + waitlisted.len());
    let mut promoted = Vec::new();
    // One command updates all promoted registrations, so they have one time.
    let latest = seated.iter().map(|registering| registering.change.at).max().unwrap_or(Instant::MIN);
    let mut waited: HashMap<usize, Registration> = seated
        .iter()
        .filter_map(|registering| Some((registering.number, waiting.take(registering)?)))
        .collect();
    for before in waited.values() {
        transaction.follow(before.updated_at, latest);
    }
    let with_seat = seated.iter().map(|registering| (registering, true, false));
    let without = waitlisted.iter().map(|(registering, is_busy)| (registering, false, *is_busy));
    for (registering, has_seat, is_busy) in with_seat.chain(without) {
        let Registering { number, change, request, .. } = *registering;
        let seats = state.occurrences.of(request.occurrence)?;
        if let Some(before) = waited.remove(&number) {
            seats.leave_waitlist();
            seats.take_seat();
            let after = before.promoted(transaction.recorded_at(latest));
            transaction.log(change, log::promoted(&before, &after));
            state.keys.record_registration(transaction, change, &after);
            state.decide_registration(number, Ok(after));
            promoted.push(before);
            continue;
        }
        let status = if has_seat {
            seats.take_seat();
            RegistrationStatus::Confirmed
        } else {
            RegistrationStatus::Waitlisted { sequence: seats.join_waitlist() }
        };
        let interval = seats.document.interval()?;
        let registration =
            request.admitted(request.occurrence, interval, status, transaction.recorded_at(change.at));
        transaction.log(change, log::created(&registration));
        let document = RegistrationDocument::new(&registration, &seats.document);
        documents.push(if is_busy { document.marked_as_busy() } else { document });
        state.keys.record_registration(transaction, change, &registration);
        state.decide_registration(number, Ok(registration));
    }
    mark_confirmed(transaction, &promoted, latest).await?;
    transaction.count_promoted(promoted.len());
    transaction.collection(&schema::REGISTRATIONS).insert_all(&documents).await?;
    Ok(())
}

/// Refuses registrations. Their keys are looked up first, because a repeat looks like a conflict with itself.
async fn refuse(
    state: &mut BatchState,
    transaction: &mut Transaction<'_>,
    refused: Vec<(Registering<'_>, Refusal)>,
    unable: &[Registering<'_>],
    now: Instant,
) -> Attempt<()> {
    let all: Vec<Registering<'_>> =
        refused.iter().map(|(registering, _)| *registering).chain(unable.iter().copied()).collect();
    let changes = all.iter().map(|registering| registering.change);
    state.keys.load(transaction, changes).await?;
    let held = Held::load(transaction, &all).await?;
    let mut refusals: BTreeMap<usize, Refusal> =
        refused.into_iter().map(|(registering, refusal)| (registering.number, refusal)).collect();
    let without_room: Vec<Registering<'_>> =
        unable.iter().filter(|registering| !held.has(registering)).copied().collect();
    refusals.extend(conflicts(state, transaction, &without_room, now).await?);
    for registering in all {
        let decision = match state.keys.registration(transaction, registering.change)? {
            Some(decision) => decision,
            None if held.has(&registering) => Err(Refusal::AlreadyRegistered),
            None => Err(refusals
                .remove(&registering.number)
                .ok_or_else(|| Fault::internal("a registration was refused without a reason"))?),
        };
        state.decide_registration(registering.number, decision);
    }
    Ok(())
}

/// Finds the refusals for members whose agendas had no room, and for those who have none. These are no members any more, although a
/// job may still have to cancel registrations of theirs.
async fn conflicts(
    state: &BatchState,
    transaction: &mut Transaction<'_>,
    registrations: &[Registering<'_>],
    now: Instant,
) -> Attempt<HashMap<usize, Refusal>> {
    let mut refusals = HashMap::new();
    let mut by_occurrence: BTreeMap<OccurrenceKey, Vec<Registering<'_>>> = BTreeMap::new();
    if registrations.is_empty() {
        return Ok(refusals);
    }
    let members = texts(registrations.iter().map(|registering| &registering.request.member));
    let known = doc! { "_id": { "$in": members } };
    let known: Vec<MemberId> = transaction.collection(&schema::AGENDAS).ids(known).await?;
    for registering in registrations {
        by_occurrence.entry(registering.request.occurrence).or_default().push(*registering);
    }
    for (occurrence, registrations) in by_occurrence {
        let Some(seats) = state.occurrences.get(occurrence) else { continue };
        let members = registrations.iter().map(|registering| registering.request.member);
        let conflicting = conflicting(transaction, &seats.document, members).await?;
        for registering in registrations {
            let member = registering.request.member;
            let refusal = match conflicting.get(&member) {
                _ if !known.contains(&member) => Refusal::not_found(Field::MemberId),
                Some(with) => conflict_refusal(with.clone()),
                None => refusal_without_conflict(transaction, member, now).await?,
            };
            refusals.insert(registering.number, refusal);
        }
    }
    Ok(refusals)
}

/// Reads the agenda of a member without a conflict and returns the refusal of a seat.
async fn refusal_without_conflict(
    transaction: &mut Transaction<'_>,
    member: MemberId,
    now: Instant,
) -> Attempt<Refusal> {
    let filter = doc! { "_id": member.to_string() };
    let agenda: Option<AgendaDocument> = transaction.collection(&schema::AGENDAS).find_one(filter).await?;
    let seats = agenda.as_ref().map(AgendaDocument::intervals).transpose()?.unwrap_or_default();
    agenda_refusal(seats, now).ok_or_else(|| {
        Fault::internal(format!("the agenda of {member} has a time without a registration")).into()
    })
}
