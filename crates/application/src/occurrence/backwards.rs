//! The list of occurrences from its end to its beginning.

use convene_domain::{duration::LONGEST_ELAPSED, time::Instant};
use time::Duration;

use super::timeline::{Candidates, Step};
use crate::pace::Pace;

/// The time that is read at first.
const FIRST_LENGTH: Duration = Duration::HOUR;

/// The number of occurrences at one time above which the next time is not longer.
const ENOUGH_OCCURRENCES: usize = 256;

/// The number of occurrences at one time above which a shorter time is read instead.
const MAX_OCCURRENCES_AT_ONCE: usize = 16 * ENOUGH_OCCURRENCES;

/// The occurrences of a part, by start, then key, both descending.
///
/// Rules are only expanded in the order of time. So the list reads one time after the other, each of which ends where the one
/// before it begins, and is longer unless that one had enough occurrences. A time with too many, after one with few, is given up for a
/// shorter one.
pub(super) struct Backwards<'p, 'c> {
    candidates: Candidates<'p, 'c>,
    /// The occurrences that were read, the next one last.
    steps: Vec<Step<'c>>,
    /// The beginning of the time that was read.
    begin: Instant,
    length: Duration,
    earliest: Instant,
}

impl<'p, 'c> Backwards<'p, 'c> {
    pub(super) fn new(candidates: Candidates<'p, 'c>) -> Self {
        let starts = candidates.selection.starts();
        let earliest = candidates.selection.overlapping_since(LONGEST_ELAPSED).max(starts.start);
        Self { candidates, steps: Vec::new(), begin: starts.end, length: FIRST_LENGTH, earliest }
    }

    /// Examines the occurrence before the last one.
    pub(super) async fn step(&mut self, pace: &mut Pace) -> Option<Step<'c>> {
        while self.steps.is_empty() && self.begin > self.earliest {
            let end = self.begin;
            self.begin = end.saturating_sub(self.length).max(self.earliest);
            let max = if self.length > FIRST_LENGTH { MAX_OCCURRENCES_AT_ONCE } else { usize::MAX };
            let mut merged = self.candidates.merged(self.begin..end, pace).await;
            while self.steps.len() <= max
                && let Some(step) = merged.step(self.candidates.selection)
            {
                pace.steps(1).await;
                self.steps.push(step);
            }
            if self.steps.len() > max {
                self.steps.clear();
                self.begin = end;
                self.length = (self.length / 8_i32).max(FIRST_LENGTH);
                continue;
            }
            if self.steps.len() < ENOUGH_OCCURRENCES {
                self.length *= 2;
            }
        }
        self.steps.pop()
    }
}
