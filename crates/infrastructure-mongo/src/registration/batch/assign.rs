//! The assignment of free seats to the members who ask for one.

use std::collections::BTreeMap;

use convene_domain::{id::MemberId, occurrence::OccurrenceKey};

use super::{BatchState, Registering};
use crate::{
    error::Attempt,
    registration::seats::{Claim, OccurrenceSeats, claim, free_among},
    transaction::Transaction,
};

/// The registrations of a batch, by what the occurrences and agendas have for them.
#[derive(Default)]
pub(super) struct Assignment<'b> {
    /// The members have a seat, which is entered into their agendas.
    pub(super) seated: Vec<Registering<'b>>,
    /// The members have a conflict, or no agenda, or a full one.
    pub(super) unable: Vec<Registering<'b>>,
    /// No seat was left for the members.
    pub(super) without_seat: Vec<Registering<'b>>,
}

/// The registrations for one occurrence, in order of arrival.
struct Round<'p, 'b> {
    seats: &'p OccurrenceSeats,
    free: usize,
    untried: Vec<Registering<'b>>,
}

/// Assigns the free seats in order of arrival. No member is left without a seat while one is free that they could take.
///
/// The first round claims as many seats as are free, all occurrences in one command: usually all members are free, and
/// nothing remains to be done. Further members are looked up only where a seat stayed free.
pub(super) async fn assign<'b>(
    transaction: &mut Transaction<'_>,
    state: &BatchState,
    registrations: Vec<Registering<'b>>,
) -> Attempt<Assignment<'b>> {
    let mut rounds: BTreeMap<OccurrenceKey, Round<'_, 'b>> = BTreeMap::new();
    for registering in registrations {
        if let Some(round) = rounds.get_mut(&registering.request.occurrence) {
            round.untried.push(registering);
        } else if let Some(seats) = state.occurrences.get(registering.request.occurrence) {
            let free = if transaction.guards().capacity { seats.document.free() } else { usize::MAX };
            rounds.insert(registering.request.occurrence, Round { seats, free, untried: vec![registering] });
        }
    }
    let mut assignment = Assignment::default();
    let mut rounds: Vec<Round<'_, 'b>> = rounds.into_values().collect();
    // Where one member asks for several occurrences that overlap, the first request counts.
    rounds.sort_by_key(|round| round.untried.first().map(|registering| registering.number));
    let mut tried: Vec<Vec<Registering<'b>>> = Vec::with_capacity(rounds.len());
    for round in &mut rounds {
        let rest = round.untried.split_off(round.free.min(round.untried.len()));
        tried.push(std::mem::replace(&mut round.untried, rest));
    }
    claim_seats(transaction, &mut rounds, tried, &mut assignment).await?;
    for round in &mut rounds {
        while round.free > 0 && !round.untried.is_empty() {
            let able = next_able(transaction, round, &mut assignment).await?;
            claim_seats(transaction, std::slice::from_mut(round), vec![able], &mut assignment).await?;
        }
        assignment.without_seat.append(&mut round.untried);
    }
    for group in [&mut assignment.seated, &mut assignment.unable, &mut assignment.without_seat] {
        group.sort_by_key(|registering| registering.number);
    }
    Ok(assignment)
}

/// Claims the time of the members of each round.
async fn claim_seats<'b>(
    transaction: &mut Transaction<'_>,
    rounds: &mut [Round<'_, 'b>],
    tried: Vec<Vec<Registering<'b>>>,
    assignment: &mut Assignment<'b>,
) -> Attempt<()> {
    let claims: Vec<Claim<'_>> =
        rounds.iter().zip(&tried).filter_map(|(round, tried)| claim_of(round.seats, tried)).collect();
    let claimed = claim(transaction, &claims).await?;
    for (round, registrations) in rounds.iter_mut().zip(tried) {
        for registering in registrations {
            if claimed.has(registering.request.occurrence, registering.request.member) {
                assignment.seated.push(registering);
                round.free = round.free.saturating_sub(1);
            } else {
                assignment.unable.push(registering);
            }
        }
    }
    Ok(())
}

/// Takes the next registrations whose members could take the free seats; those that could not are set aside.
async fn next_able<'b>(
    transaction: &mut Transaction<'_>,
    round: &mut Round<'_, 'b>,
    assignment: &mut Assignment<'b>,
) -> Attempt<Vec<Registering<'b>>> {
    let untried = std::mem::take(&mut round.untried);
    let Some(claim) = claim_of(round.seats, &untried) else { return Ok(Vec::new()) };
    let free = free_among(transaction, &claim).await?;
    let mut chosen = Vec::new();
    for registering in untried {
        if !free.contains(&registering.request.member) {
            assignment.unable.push(registering);
        } else if chosen.len() < round.free {
            chosen.push(registering);
        } else {
            round.untried.push(registering);
        }
    }
    Ok(chosen)
}

fn claim_of<'a>(seats: &'a OccurrenceSeats, registrations: &[Registering<'_>]) -> Option<Claim<'a>> {
    let now = registrations.iter().map(|registering| registering.change.at).min()?;
    let members: Vec<MemberId> = registrations.iter().map(|registering| registering.request.member).collect();
    Some(Claim { seats, members, now })
}
