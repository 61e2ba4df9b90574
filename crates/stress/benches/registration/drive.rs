//! Callers at work, and what it took.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::ensure;
use tokio::task::JoinSet;

use crate::{
    contender::{Contender, Seat, Verdict},
    cpu::Usage,
    stage::{Cast, Stage},
};

/// Something that a caller does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    /// The seat to ask for.
    pub(crate) seat: Seat,
    /// Whether to give it back at once.
    pub(crate) give_back: bool,
}

/// What a run of callers took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measurement {
    pub(crate) elapsed: Duration,
    /// Of each call, from the shortest to the longest.
    pub(crate) latencies: Vec<Duration>,
    pub(crate) usage: Usage,
    pub(crate) registered: usize,
    pub(crate) cancelled: usize,
    /// How many were refused, by code.
    pub(crate) refused: BTreeMap<String, usize>,
}

impl Measurement {
    /// How many calls were answered.
    pub(crate) fn calls(&self) -> usize {
        self.latencies.len()
    }

    /// Calls a second.
    pub(crate) fn rate(&self) -> f64 {
        self.calls() as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// The latency that so many of a hundred calls do not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.calls() * percent).div_ceil(100).clamp(1, self.calls().max(1));
        self.latencies.get(rank - 1).copied().unwrap_or_default()
    }

    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.registered += other.registered;
        self.cancelled += other.cancelled;
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
    }
}

/// Lets callers do the tasks, each the next that nobody has begun yet.
pub(crate) async fn drive<C: Contender>(
    stage: &Stage,
    callers: Vec<C>,
    tasks: Vec<Task>,
) -> anyhow::Result<Measurement> {
    let expected = tasks.iter().map(|task| 1 + usize::from(task.give_back)).sum::<usize>();
    let tasks: Arc<[Task]> = tasks.into();
    let next = Arc::new(AtomicUsize::new(0));
    let usage = stage.usage()?;
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for caller in callers {
        running.spawn(call(caller, Arc::clone(&stage.cast), Arc::clone(&tasks), Arc::clone(&next)));
    }
    let mut all = Measurement::default();
    while let Some(ended) = running.join_next().await {
        all.add(ended??);
    }
    all.elapsed = begun.elapsed();
    all.usage = stage.usage()?.since(usage);
    all.latencies.sort_unstable();
    ensure!(
        all.calls() == expected || all.refused.values().sum::<usize>() > 0,
        "{} of {expected} calls were answered",
        all.calls()
    );
    Ok(all)
}

async fn call<C: Contender>(
    mut caller: C,
    cast: Arc<Cast>,
    tasks: Arc<[Task]>,
    next: Arc<AtomicUsize>,
) -> anyhow::Result<Measurement> {
    let mut own = Measurement::default();
    while let Some(Task { seat, give_back }) = tasks.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
        let begun = Instant::now();
        let verdict = caller.register(&cast, seat).await?;
        own.latencies.push(begun.elapsed());
        match verdict {
            Verdict::Registered(registration) => {
                own.registered += 1;
                if give_back {
                    let begun = Instant::now();
                    caller.cancel(&cast, seat, &registration).await?;
                    own.latencies.push(begun.elapsed());
                    own.cancelled += 1;
                }
            }
            Verdict::Refused(code) => *own.refused.entry(code).or_default() += 1,
        }
    }
    Ok(own)
}

/// The one in the middle, by the rate.
pub(crate) fn median(mut measurements: Vec<Measurement>) -> Measurement {
    measurements.sort_by(|one, other| one.rate().total_cmp(&other.rate()));
    let middle = measurements.len() / 2;
    if measurements.is_empty() { Measurement::default() } else { measurements.swap_remove(middle) }
}
