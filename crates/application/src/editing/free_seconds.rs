use std::collections::{HashMap, HashSet};

use convene_domain::{event::Event, occurrence::StoredOccurrence, time::Instant};
use time::Duration;

/// The seconds that are the original start of no occurrence of an event. Thousands of occurrences can ask for the same one, so
/// each second is examined once.
pub(super) struct FreeSeconds<'e> {
    event: &'e Event,
    used: HashSet<Instant>,
    /// The second at which the search continues, for seconds that are not free.
    next: HashMap<Instant, Instant>,
}

impl<'e> FreeSeconds<'e> {
    /// The free seconds beside the dates of the event, the stored occurrences, and edited ones with these original starts.
    pub(super) fn new(
        event: &'e Event,
        stored: &[StoredOccurrence],
        edited: impl Iterator<Item = Instant>,
    ) -> Self {
        let stored = stored.iter().map(|occurrence| occurrence.key.original_start);
        Self { event, used: stored.chain(edited).collect(), next: HashMap::new() }
    }

    /// Adds seconds that their occurrences leave.
    pub(super) fn without(mut self, left: impl Iterator<Item = Instant>) -> Self {
        for second in left {
            self.used.remove(&second);
        }
        self
    }

    /// Takes the first free second at or after a start.
    pub(super) fn take(&mut self, start: Instant) -> Instant {
        let mut free = start;
        let mut passed = vec![];
        loop {
            let following = match self.next.get(&free) {
                Some(next) => *next,
                None if self.is_used(free) => free.saturating_add(Duration::SECOND),
                None => break,
            };
            passed.push(free);
            free = following;
        }
        passed.push(free);
        let next = free.saturating_add(Duration::SECOND);
        self.next.extend(passed.into_iter().map(|second| (second, next)));
        free
    }

    fn is_used(&self, second: Instant) -> bool {
        self.used.contains(&second) || self.event.occurrence_at(second).is_some()
    }
}
