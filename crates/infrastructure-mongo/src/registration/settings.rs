use std::{num::NonZeroUsize, time::Duration};

use crate::deadline::TRANSACTION;

/// The limits of a process that merges registrations into batches.
#[derive(Debug, Clone, Copy)]
pub struct BookSettings {
    /// The number of batches of one organization in flight. More batches carry fewer requests each; measurements
    /// showed no higher throughput.
    pub at_once: NonZeroUsize,
    /// The number of requests that may wait; further ones are refused.
    pub queue: NonZeroUsize,
    /// The largest batch. Its transaction must end well within the time limit of the server.
    pub batch: NonZeroUsize,
    /// The time by which a call is answered.
    pub deadline: Duration,
}

impl Default for BookSettings {
    fn default() -> Self {
        const fn number(number: usize) -> NonZeroUsize {
            match NonZeroUsize::new(number) {
                Some(number) => number,
                None => NonZeroUsize::MIN,
            }
        }
        Self { at_once: number(2), queue: number(10_000), batch: number(500), deadline: TRANSACTION }
    }
}
