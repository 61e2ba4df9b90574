use convene_domain::{
    event::Event,
    id::{MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    time::Instant,
};

use super::fresh_uuid;
use crate::ports::RegistrationOrder;

/// The key of the event's occurrence that begins at `start`, if its rule gives one.
#[must_use]
pub const fn occurrence_key(event: &Event, start: Instant) -> OccurrenceKey {
    OccurrenceKey { event: event.id, original_start: start }
}

/// A wish of `member` to register, without joining the queue.
#[must_use]
pub fn register(occurrence: OccurrenceKey, member: MemberId) -> RegistrationOrder {
    RegistrationOrder {
        id: RegistrationId::from_uuid(fresh_uuid()),
        occurrence,
        member,
        join_waitlist: false,
    }
}
