//! The search: the best requests for each goal, and variations of them.

use std::time::Instant;

use rand::{Rng, seq::IndexedRandom};

use crate::{
    generate::Generator,
    measure::{Goal, Meter, Values},
    request::Request,
};

/// The requests that are kept for each goal.
const MAX_BEST_REQUESTS: usize = 8;

/// The measurements of a request that seems to be the best, of which the least counts.
const REPEATS: usize = 3;

/// The best requests for one goal, the best one first.
pub(crate) struct Best {
    pub(crate) goal: Goal,
    pub(crate) requests: Vec<(u64, Request)>,
}

/// Searches until this time.
pub(crate) async fn run(
    generator: &mut Generator<'_>,
    meter: &mut Meter<'_>,
    until: Instant,
) -> anyhow::Result<Vec<Best>> {
    let mut best: Vec<Best> = Goal::ALL.map(|goal| Best { goal, requests: Vec::new() }).into();
    for request in first(generator) {
        try_out(&mut best, meter, request).await?;
    }
    while Instant::now() < until {
        let request = match next(&best, generator) {
            Some(request) => request,
            None => generator.request(),
        };
        try_out(&mut best, meter, request).await?;
    }
    Ok(best)
}

/// The requests that the search begins with: each root field on its own, with all fields below it. Those that are too
/// large are refused; the others are varied.
fn first(generator: &mut Generator<'_>) -> Vec<Request> {
    let mut requests = Vec::new();
    for (depth, page) in [(1, 100), (2, 100), (2, 20), (3, 100), (3, 20), (4, 20), (4, 5)] {
        let queries = generator.all_fields("Query", depth, page);
        requests.extend(queries.into_iter().map(|field| Request::Query(vec![field])));
    }
    let mutations = generator.all_fields("Mutation", 2, 20);
    requests.extend(mutations.into_iter().map(|field| Request::Mutation(vec![field])));
    requests
}

fn next(best: &[Best], generator: &mut Generator<'_>) -> Option<Request> {
    if generator.random.random_bool(0.05) {
        return None;
    }
    let (_, request) = best.choose(&mut generator.random)?.requests.choose(&mut generator.random)?;
    let (_, other) = best.choose(&mut generator.random)?.requests.choose(&mut generator.random)?;
    Some(generator.vary(request, other))
}

async fn try_out(best: &mut [Best], meter: &mut Meter<'_>, request: Request) -> anyhow::Result<()> {
    let mut values: Values = meter.measure(&request).await?;
    let improves = |values: &Values| {
        best.iter().zip(values).any(|(best, value)| best.goal.is_time() && best.takes(*value))
    };
    for _ in 1..REPEATS {
        if !improves(&values) {
            break;
        }
        let again = meter.measure(&request).await?;
        for (goal, (value, again)) in Goal::ALL.iter().zip(values.iter_mut().zip(again)) {
            if goal.is_time() {
                *value = again.min(*value);
            }
        }
    }
    for (best, value) in best.iter_mut().zip(values) {
        if best.takes(value) {
            let position = best.requests.partition_point(|(other, _)| *other >= value);
            best.requests.insert(position, (value, request.clone()));
            best.requests.truncate(MAX_BEST_REQUESTS);
        }
    }
    Ok(())
}

impl Best {
    fn takes(&self, value: u64) -> bool {
        value > 0
            && (self.requests.len() < MAX_BEST_REQUESTS
                || self.requests.last().is_some_and(|(least, _)| value > *least))
    }
}
