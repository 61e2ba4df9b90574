use std::{ops::Deref, sync::Arc};

use convene_domain::{
    event::Event,
    occurrence::{Occurrence, StoredOccurrence},
};

/// An occurrence with its event, so that nobody has to look the event up.
#[derive(Debug, Clone, PartialEq)]
pub struct OccurrenceOfEvent {
    pub occurrence: Occurrence,
    pub event: Arc<Event>,
}

impl OccurrenceOfEvent {
    /// The stored occurrence of the event.
    #[must_use]
    pub fn stored(event: &Arc<Event>, stored: &StoredOccurrence) -> Self {
        Self { occurrence: Occurrence::stored(event, stored), event: Arc::clone(event) }
    }
}

impl Deref for OccurrenceOfEvent {
    type Target = Occurrence;

    fn deref(&self) -> &Occurrence {
        &self.occurrence
    }
}
