use std::sync::Arc;

use convene_domain::{
    event::Event,
    id::{MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    time::Instant,
};

use super::fresh_uuid;
use crate::ports::{ProvenOccurrence, RegistrationOrder};

/// The proof that the event's rule gives an occurrence that begins at `start`.
///
/// # Panics
/// If it does not.
#[must_use]
pub fn proven(event: &Event, start: Instant) -> ProvenOccurrence {
    let origin = event.occurrence_at(start).expect("an occurrence of the event");
    ProvenOccurrence {
        key: OccurrenceKey { event: event.id, original_start: start },
        origin: Some(origin),
        event: Arc::new(event.clone()),
    }
}

/// An occurrence that is known to be stored, whatever the event's rule says of it.
#[must_use]
pub fn stored(event: &Event, key: OccurrenceKey) -> ProvenOccurrence {
    ProvenOccurrence { key, origin: None, event: Arc::new(event.clone()) }
}

/// A wish of `member` to register, without joining the queue.
#[must_use]
pub fn register(occurrence: ProvenOccurrence, member: MemberId) -> RegistrationOrder {
    RegistrationOrder {
        id: RegistrationId::from_uuid(fresh_uuid()),
        occurrence,
        member,
        join_waitlist: false,
    }
}
