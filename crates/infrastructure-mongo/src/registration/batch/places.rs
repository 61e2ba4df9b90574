//! Who of those who want a seat gets one.

use std::collections::BTreeMap;

use convene_application::ports::RegisterRequest;

use super::{Batch, Numbered};
use crate::{
    documents::occurrence::OccurrenceDocument,
    error::Attempt,
    registration::seats::{Claim, claim, free_among},
    transaction::Transaction,
};

type Call<'e> = Numbered<'e, RegisterRequest>;

/// Where the callers of a batch ended up.
#[derive(Default)]
pub(super) struct Places<'e> {
    /// They have a seat, and it stands in their agendas.
    pub(super) seated: Vec<Call<'e>>,
    /// Their time is taken, or they have no agenda, or a full one.
    pub(super) unable: Vec<Call<'e>>,
    /// No seat was left for them.
    pub(super) beyond: Vec<Call<'e>>,
}

/// Those who want a seat of one occurrence, in order of arrival.
struct Round<'e> {
    occurrence: OccurrenceDocument,
    free: usize,
    untried: Vec<Call<'e>>,
}

/// Gives out the free seats, in order of arrival. Nobody is beyond the seats while a seat is free that they could
/// take.
///
/// The first round asks for as many as there are seats, all occurrences in one command: mostly everybody's time is
/// free, and mostly that is all. Only where a seat stayed free does it look who else could take one.
pub(super) async fn give<'e>(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    calls: Vec<Call<'e>>,
) -> Attempt<Places<'e>> {
    let mut rounds: BTreeMap<&str, Round<'e>> = BTreeMap::new();
    for call in calls {
        if let Some(round) = rounds.get_mut(call.occurrence) {
            round.untried.push(call);
        } else if let Some(tally) = batch.tallies.get(call.occurrence) {
            let occurrence = tally.occurrence.clone();
            let free = if batch.guards.capacity { occurrence.free() } else { usize::MAX };
            rounds.insert(call.occurrence, Round { occurrence, free, untried: vec![call] });
        }
    }
    let mut places = Places::default();
    let mut rounds: Vec<Round<'e>> = rounds.into_values().collect();
    // Where one caller asks for several that overlap, the first call counts.
    rounds.sort_by_key(|round| round.untried.first().map(|call| call.number));
    let mut tried: Vec<Vec<Call<'e>>> = Vec::with_capacity(rounds.len());
    for round in &mut rounds {
        let rest = round.untried.split_off(round.free.min(round.untried.len()));
        tried.push(std::mem::replace(&mut round.untried, rest));
    }
    try_all(transaction, batch, &mut rounds, tried, &mut places).await?;
    for round in &mut rounds {
        while round.free > 0 && !round.untried.is_empty() {
            let chosen = next(transaction, batch, round, &mut places).await?;
            try_all(transaction, batch, std::slice::from_mut(round), vec![chosen], &mut places).await?;
        }
        places.beyond.append(&mut round.untried);
    }
    // Whatever the occurrence: who came first is served first.
    for group in [&mut places.seated, &mut places.unable, &mut places.beyond] {
        group.sort_by_key(|call| call.number);
    }
    Ok(places)
}

/// Asks the agendas.
async fn try_all<'e>(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    rounds: &mut [Round<'e>],
    tried: Vec<Vec<Call<'e>>>,
    places: &mut Places<'e>,
) -> Attempt<()> {
    let members: Vec<Vec<String>> = tried.iter().map(|calls| members(calls)).collect();
    let claims: Vec<Claim<'_>> = rounds
        .iter()
        .zip(&members)
        .zip(&tried)
        .filter_map(|((round, members), calls)| claim_of(&round.occurrence, members, calls))
        .collect();
    let claimed = claim(transaction, &claims, batch.guards).await?;
    let mut gained = Vec::with_capacity(rounds.len());
    for ((round, calls), members) in rounds.iter().zip(tried).zip(&members) {
        let mut seats = 0;
        for (call, member) in calls.into_iter().zip(members) {
            if claimed.has(&round.occurrence.id, member) {
                places.seated.push(call);
                seats += 1;
            } else {
                places.unable.push(call);
            }
        }
        gained.push(seats);
    }
    for (round, seats) in rounds.iter_mut().zip(gained) {
        round.free = round.free.saturating_sub(seats);
    }
    Ok(())
}

/// The next callers who could take the seats that are free; those who could not are set aside.
async fn next<'e>(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    round: &mut Round<'e>,
    places: &mut Places<'e>,
) -> Attempt<Vec<Call<'e>>> {
    let untried = std::mem::take(&mut round.untried);
    let members = members(&untried);
    let Some(wish) = claim_of(&round.occurrence, &members, &untried) else { return Ok(Vec::new()) };
    let able = free_among(transaction, &wish, batch.guards).await?;
    let mut chosen = Vec::new();
    for (call, member) in untried.into_iter().zip(&members) {
        if !able.contains(member) {
            places.unable.push(call);
        } else if chosen.len() < round.free {
            chosen.push(call);
        } else {
            round.untried.push(call);
        }
    }
    Ok(chosen)
}

fn members(calls: &[Call<'_>]) -> Vec<String> {
    calls.iter().map(|call| call.wish.member.to_string()).collect()
}

fn claim_of<'a>(
    occurrence: &'a OccurrenceDocument,
    members: &'a [String],
    calls: &[Call<'_>],
) -> Option<Claim<'a>> {
    let now = calls.iter().map(|call| call.entry.change.at).min()?;
    Some(Claim { occurrence, members: members.iter().map(String::as_str).collect(), now })
}
