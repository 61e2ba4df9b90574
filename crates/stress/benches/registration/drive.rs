//! Runs callers and measures them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::ensure;
use convene_stress::cpu::Usage;
use tokio::task::JoinSet;

use crate::{
    caller::{Caller, Decision, Seat},
    fixture::{Fixture, TestData},
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) seat: Seat,
    /// Cancel the registration immediately.
    pub(crate) then_cancel: bool,
}

/// The result of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measurement {
    pub(crate) elapsed: Duration,
    /// Sorted ascending.
    pub(crate) latencies: Vec<Duration>,
    pub(crate) usage: Usage,
    pub(crate) registered: usize,
    pub(crate) cancelled: usize,
    /// The number of refusals by code.
    pub(crate) refused: BTreeMap<String, usize>,
}

impl Measurement {
    pub(crate) fn calls(&self) -> usize {
        self.latencies.len()
    }

    /// Calls per second.
    pub(crate) fn rate(&self) -> f64 {
        self.calls() as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

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

/// Runs the tasks. Each caller takes the next open task.
pub(crate) async fn drive<C: Caller>(
    fixture: &Fixture,
    callers: Vec<C>,
    tasks: Vec<Task>,
) -> anyhow::Result<Measurement> {
    let expected = tasks.iter().map(|task| 1 + usize::from(task.then_cancel)).sum::<usize>();
    let tasks: Arc<[Task]> = tasks.into();
    let next = Arc::new(AtomicUsize::new(0));
    let usage = fixture.usage()?;
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for caller in callers {
        running.spawn(call(caller, Arc::clone(&fixture.data), Arc::clone(&tasks), Arc::clone(&next)));
    }
    let mut all = Measurement::default();
    while let Some(ended) = running.join_next().await {
        all.add(ended??);
    }
    all.elapsed = begun.elapsed();
    all.usage = fixture.usage()?.since(usage);
    all.latencies.sort_unstable();
    ensure!(
        all.calls() == expected || all.refused.values().sum::<usize>() > 0,
        "{} of {expected} calls were answered",
        all.calls()
    );
    Ok(all)
}

async fn call<C: Caller>(
    mut caller: C,
    data: Arc<TestData>,
    tasks: Arc<[Task]>,
    next: Arc<AtomicUsize>,
) -> anyhow::Result<Measurement> {
    let mut own = Measurement::default();
    while let Some(Task { seat, then_cancel }) = tasks.get(next.fetch_add(1, Ordering::Relaxed)).copied() {
        let begun = Instant::now();
        let decision = caller.register(&data, seat).await?;
        own.latencies.push(begun.elapsed());
        match decision {
            Decision::Registered(registration) => {
                own.registered += 1;
                if then_cancel {
                    let begun = Instant::now();
                    caller.cancel(&data, seat, &registration).await?;
                    own.latencies.push(begun.elapsed());
                    own.cancelled += 1;
                }
            }
            Decision::Refused(code) => *own.refused.entry(code).or_default() += 1,
        }
    }
    Ok(own)
}

/// The measurement with the median rate.
pub(crate) fn median(mut measurements: Vec<Measurement>) -> Measurement {
    measurements.sort_by(|one, other| one.rate().total_cmp(&other.rate()));
    let middle = measurements.len() / 2;
    if measurements.is_empty() { Measurement::default() } else { measurements.swap_remove(middle) }
}
