//! Derived occurrences that are edited with their event.

use convene_domain::{
    event::Event,
    occurrence::{Occurrence, OccurrenceKey},
    time::Instant,
};

use super::EventPlan;

/// The result of an edit for an occurrence, for those who know its id.
#[derive(Debug, Clone, PartialEq)]
pub enum Successor {
    /// It gets this id.
    Occurrence(OccurrenceKey),
    /// It is gone. This was its last state.
    None(Box<Occurrence>),
}

impl EventPlan {
    /// Tests whether a derived occurrence of the event `before` can get another id, or be gone.
    #[must_use]
    pub fn moves_derived(&self, before: &Event) -> bool {
        self.ended.is_some() || self.event.series != before.series
    }

    /// The successor of a derived, upcoming occurrence of the event `before` that does not keep its id.
    #[must_use]
    pub fn successor(&self, before: &Event, key: OccurrenceKey, now: Instant) -> Option<Successor> {
        let date = before.occurrence_at(key.original_start).filter(|date| date.start > now)?;
        let stays = |ended: &Event| ended.occurrence_at(date.start).is_some();
        if self.ended.as_ref().is_some_and(stays) {
            return None;
        }
        let moved = date.local.saturating_add(self.by);
        let after = self.event.series.occurrence_at_local(moved);
        match after.filter(|after| after.local == moved && after.start > now) {
            Some(after) => {
                let after = OccurrenceKey { event: self.event.id, original_start: after.start };
                (after != key).then_some(Successor::Occurrence(after))
            }
            None => Some(Successor::None(Box::new(Occurrence::untouched(before, date)))),
        }
    }
}
