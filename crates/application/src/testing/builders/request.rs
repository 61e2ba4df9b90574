use convene_domain::{
    event::Event,
    id::{MemberId, RegistrationId},
    occurrence::OccurrenceKey,
    time::Instant,
};

use super::fresh_uuid;
use crate::ports::RegisterRequest;

/// The key of the occurrence that begins at `start`.
#[must_use]
pub const fn occurrence_key(event: &Event, start: Instant) -> OccurrenceKey {
    OccurrenceKey { event: event.id, original_start: start }
}

/// A request of `member` to register, without joining the waitlist.
#[must_use]
pub fn register(occurrence: OccurrenceKey, member: MemberId) -> RegisterRequest {
    RegisterRequest { id: RegistrationId::from_uuid(fresh_uuid()), occurrence, member, join_waitlist: false }
}
