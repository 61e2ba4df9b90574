//! The registrations of a batch.

use std::collections::{BTreeMap, HashMap, HashSet};

use bson::doc;
use convene_application::{
    failure::{Fault, Refusal},
    ports::RegisterRequest,
};
use convene_domain::registration::{Admission, Registration, Seating, decide_admission};

use super::{
    Answer, Batch, Care, Numbered,
    held::{Held, in_the_way},
    places::{self, Places},
    refused::tell_why,
};
use crate::{
    documents::agenda::AgendaDocument,
    error::Attempt,
    registration::{document::RegistrationDocument, seats},
    schema::{self, MOST_ENTRIES},
    transaction::Transaction,
};

type Call<'e> = Numbered<'e, RegisterRequest>;

/// Gives each caller a seat, a place in the queue, or the reason why not.
pub(super) async fn run(
    batch: &mut Batch,
    transaction: &mut Transaction<'_>,
    calls: &[Call<'_>],
    care: Care,
) -> Attempt<()> {
    let mut sorted = sort(batch, calls)?;
    tell_why(batch, transaction, &mut sorted.refused).await?;
    // A place in the queue stands in no agenda: who waits already must be found out another way.
    let may_wait = |call: &&Call<'_>| {
        care == Care::More || batch.tallies.get(call.occurrence).is_some_and(|t| t.occurrence.waiting > 0)
    };
    let suspects: Vec<Call<'_>> =
        sorted.seats.iter().filter(may_wait).chain(&sorted.queue).copied().collect();
    let mut held = Held::load(transaction, &suspects).await?;
    sorted.refuse_holders(&held);

    let Places { seated, unable, beyond } =
        places::give(transaction, batch, std::mem::take(&mut sorted.seats)).await?;
    let (late, full): (Vec<Call<'_>>, Vec<Call<'_>>) =
        beyond.into_iter().partition(|call| call.wish.join_waitlist);
    sorted.refused.extend(full.into_iter().map(|call| (call, Refusal::OccurrenceFull)));
    if !late.is_empty() {
        held = Held::load(transaction, &late).await?;
        sorted.queue.extend(late);
        sorted.queue.sort_by_key(|call| call.number);
        sorted.refuse_holders(&held);
    }
    let queue = std::mem::take(&mut sorted.queue);
    let queued = join(transaction, &queue).await?;
    let (queued, strangers): (Vec<Call<'_>>, Vec<Call<'_>>) =
        queue.into_iter().partition(|call| queued.contains(&call.wish.member.to_string()));
    sorted.refused.extend(strangers.into_iter().map(|call| (call, Refusal::not_found("memberId"))));

    enter(batch, transaction, &seated, &queued).await?;
    explain(batch, transaction, sorted.refused, &unable).await
}

/// The callers, by what the occurrence has for them.
#[derive(Default)]
struct Sorted<'e> {
    seats: Vec<Call<'e>>,
    queue: Vec<Call<'e>>,
    refused: Vec<(Call<'e>, Refusal)>,
}

impl Sorted<'_> {
    /// Refuses those who have what they ask for.
    fn refuse_holders(&mut self, held: &Held) {
        for group in [&mut self.seats, &mut self.queue] {
            let holders = group.extract_if(.., |call| held.has(call));
            self.refused.extend(holders.map(|call| (call, Refusal::AlreadyRegistered)));
        }
    }
}

fn sort<'e>(batch: &mut Batch, calls: &[Call<'e>]) -> Attempt<Sorted<'e>> {
    let mut sorted = Sorted::default();
    for &call in calls {
        let Some(tally) = batch.tallies.get(call.occurrence) else {
            sorted.refused.push((call, Refusal::not_found("occurrenceId")));
            continue;
        };
        let mut seating: Seating = tally.occurrence.seating()?;
        if !batch.guards.capacity {
            seating.taken = 0;
        }
        match decide_admission(seating, call.entry.change.at, call.wish.join_waitlist) {
            Ok(Admission::Seat) => sorted.seats.push(call),
            Ok(Admission::Waitlist) => sorted.queue.push(call),
            Err(refusal) => sorted.refused.push((call, refusal.into())),
        }
    }
    Ok(sorted)
}

/// Marks that members join a queue, and answers with those who are members still.
async fn join(transaction: &mut Transaction<'_>, calls: &[Call<'_>]) -> Attempt<HashSet<String>> {
    let members: HashSet<String> = calls.iter().map(|call| call.wish.member.to_string()).collect();
    if members.is_empty() {
        return Ok(members);
    }
    let filter = doc! { "_id": { "$in": members.iter().collect::<Vec<_>>() } };
    // Written, not only read: so a removal of the member at the same time conflicts with this transaction.
    let mark = doc! { "$inc": { "queued": 1_i64 } };
    let marked = transaction.collection(&schema::AGENDAS).update_many(filter.clone(), mark).await?;
    if usize::try_from(marked.matched) == Ok(members.len()) {
        return Ok(members);
    }
    let agendas: Vec<AgendaDocument> = transaction.collection(&schema::AGENDAS).find(filter).await?;
    Ok(agendas.into_iter().map(|agenda| agenda.id).collect())
}

/// Stores the registrations, counts and logs them.
async fn enter(
    batch: &mut Batch,
    transaction: &mut Transaction<'_>,
    seated: &[Call<'_>],
    queued: &[Call<'_>],
) -> Attempt<()> {
    let mut registrations = Vec::with_capacity(seated.len() + queued.len());
    let all = seated.iter().map(|call| (call, true)).chain(queued.iter().map(|call| (call, false)));
    for (call, has_seat) in all {
        batch.keys.forget(transaction, call.entry).await?;
        let tally = batch.tallies.of(call.occurrence)?;
        let place = if has_seat {
            tally.take();
            None
        } else {
            Some(tally.join())
        };
        let change = &call.entry.change;
        let RegisterRequest { id, member, .. } = *call.wish;
        let registration = RegistrationDocument::new(id, member, &tally.occurrence, place, change);
        let entry = if has_seat { seats::created(&registration) } else { seats::waitlisted(&registration) };
        transaction.log(change, entry?);
        batch.answer(call.number, Ok(Answer::Registered(Registration::try_from(&registration)?)));
        registrations.push(registration);
    }
    transaction.collection(&schema::REGISTRATIONS).insert_all(&registrations).await?;
    Ok(())
}

/// Tells everyone else why not. A call that is repeated looks like a conflict with itself, so keys come first.
async fn explain(
    batch: &mut Batch,
    transaction: &mut Transaction<'_>,
    refused: Vec<(Call<'_>, Refusal)>,
    unable: &[Call<'_>],
) -> Attempt<()> {
    let losers: Vec<Call<'_>> = refused.iter().map(|(call, _)| *call).chain(unable.iter().copied()).collect();
    batch.keys.load_registered(transaction, losers.iter().map(|call| call.entry)).await?;
    let held = Held::load(transaction, &losers).await?;
    let mut refusals: BTreeMap<usize, Refusal> =
        refused.into_iter().map(|(call, refusal)| (call.number, refusal)).collect();
    let clashing: Vec<Call<'_>> = unable.iter().filter(|call| !held.has(call)).copied().collect();
    refusals.extend(clashes(batch, transaction, &clashing).await?);
    for call in losers {
        let verdict = match batch.keys.verdict(transaction, call.entry).await? {
            Some(verdict) => verdict,
            None if held.has(&call) => Err(Refusal::AlreadyRegistered),
            None => Err(refusals
                .remove(&call.number)
                .ok_or_else(|| Fault::internal("a registration was refused without a reason"))?),
        };
        batch.answer(call.number, verdict);
    }
    Ok(())
}

/// Why the agendas of these callers had no room.
async fn clashes(
    batch: &Batch,
    transaction: &mut Transaction<'_>,
    calls: &[Call<'_>],
) -> Attempt<HashMap<usize, Refusal>> {
    let mut refusals = HashMap::new();
    let mut by_occurrence: BTreeMap<&str, Vec<Call<'_>>> = BTreeMap::new();
    for call in calls {
        by_occurrence.entry(call.occurrence).or_default().push(*call);
    }
    for (occurrence, calls) in by_occurrence {
        let Some(tally) = batch.tallies.get(occurrence) else { continue };
        let members: Vec<String> = calls.iter().map(|call| call.wish.member.to_string()).collect();
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        let in_the_way = in_the_way(transaction, &tally.occurrence, &members).await?;
        for (call, &member) in calls.iter().zip(&members) {
            let refusal = match in_the_way.get(member) {
                Some(registration) => {
                    Refusal::ScheduleConflict { with: Box::new(Registration::try_from(registration)?) }
                }
                None => without_clash(transaction, member).await?,
            };
            refusals.insert(call.number, refusal);
        }
    }
    Ok(refusals)
}

/// Why an agenda had no room although nothing is in the way.
async fn without_clash(transaction: &mut Transaction<'_>, member: &str) -> Attempt<Refusal> {
    let filter = doc! { "_id": member };
    let agenda: Option<AgendaDocument> = transaction.collection(&schema::AGENDAS).find_one(filter).await?;
    match agenda {
        None => Ok(Refusal::not_found("memberId")),
        Some(agenda) if agenda.busy.len() >= MOST_ENTRIES => Ok(Refusal::LimitExceeded {
            what: "the number of a member's upcoming registrations",
            limit: u32::try_from(MOST_ENTRIES).unwrap_or(u32::MAX),
        }),
        Some(_) => {
            Err(Fault::internal(format!("the agenda of {member} holds what no registration tells of")).into())
        }
    }
}
