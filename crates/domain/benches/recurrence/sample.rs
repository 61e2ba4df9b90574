//! Timing.

use std::time::{Duration, Instant};

use crate::work::Work;

/// The minimum duration of one sample, so that the cost of reading the clock is negligible.
const SAMPLE: Duration = Duration::from_millis(5);
const SAMPLES: usize = 30;

/// The time of one repetition: the least of several samples, for whatever else runs only adds to it.
pub(crate) fn time(work: &Work) -> Duration {
    let mut run = (work.prepare)();
    let mut measure = |repetitions: u32| {
        let start = Instant::now();
        (0..repetitions).for_each(|_| run());
        start.elapsed()
    };
    let mut repetitions = 1;
    while measure(repetitions) < SAMPLE {
        repetitions *= 2;
    }
    (0..SAMPLES).map(|_| measure(repetitions) / repetitions).min().unwrap_or_default()
}
