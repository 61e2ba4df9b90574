//! Cursors of lists: opaque to callers, and good only for the list and the organization they were made for.
//!
//! A cursor holds a version, the kind of list, the position of its item, and a checksum over all of it and the
//! organization. The checksum is no secret: a forged cursor can only ask for another position in a list that its
//! caller may read anyway. It lets a cursor of another organization, a damaged one and plain garbage be refused
//! alike, instead of giving a page that starts somewhere by accident.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use convene_domain::{
    id::{ActivityId, EventId, MemberId, OrganizationId, RegistrationId},
    occurrence::OccurrenceKey,
    time::Instant,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Changes whenever old cursors can't be read any more.
const VERSION: u8 = 1;

const CHECKSUM_BYTES: usize = 8;

/// Longer than any cursor; anything longer is not looked at.
const MAX_TEXT_BYTES: usize = 128;

/// The text is no cursor of this list and organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor of this list")]
pub(crate) struct InvalidCursor;

/// A position in a list: what the list is sorted by.
pub(crate) trait Position: Sized {
    /// Tells lists apart whose positions look alike.
    const LIST: u8;

    /// Appends the position in bytes.
    fn write(&self, bytes: &mut Vec<u8>);

    /// Takes the position from the front of the bytes.
    fn read(bytes: &mut &[u8]) -> Option<Self>;
}

/// The cursor of a position in a list of this organization.
pub(crate) fn encode<P: Position>(organization: OrganizationId, position: &P) -> String {
    let mut bytes = vec![VERSION, P::LIST];
    position.write(&mut bytes);
    let checksum = checksum(organization, &bytes);
    bytes.extend_from_slice(&checksum);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The position that a cursor stands for.
///
/// # Errors
/// [`InvalidCursor`] for anything but what [`encode`] gave for the same list and organization.
pub(crate) fn decode<P: Position>(organization: OrganizationId, text: &str) -> Result<P, InvalidCursor> {
    let position = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (content, found) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
        let mut rest = content.strip_prefix(&[VERSION, P::LIST])?;
        let genuine = checksum(organization, content) == *found;
        let position = P::read(&mut rest)?;
        (genuine && rest.is_empty()).then_some(position)
    };
    if text.len() > MAX_TEXT_BYTES { Err(InvalidCursor) } else { position().ok_or(InvalidCursor) }
}

fn checksum(organization: OrganizationId, content: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest = Sha256::new()
        .chain_update(b"convene cursor")
        .chain_update(organization.uuid().as_bytes())
        .chain_update(content)
        .finalize();
    std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default())
}

fn write_uuid(bytes: &mut Vec<u8>, uuid: Uuid) {
    bytes.extend_from_slice(uuid.as_bytes());
}

fn read_uuid(bytes: &mut &[u8]) -> Option<Uuid> {
    let (uuid, rest) = bytes.split_first_chunk::<16>()?;
    *bytes = rest;
    Some(Uuid::from_bytes(*uuid))
}

/// Milliseconds are what instants are kept in.
fn write_instant(bytes: &mut Vec<u8>, instant: Instant) {
    let milliseconds = instant.unix_timestamp() * 1_000 + i64::from(instant.millisecond());
    bytes.extend_from_slice(&milliseconds.to_be_bytes());
}

fn read_instant(bytes: &mut &[u8]) -> Option<Instant> {
    let (milliseconds, rest) = bytes.split_first_chunk::<8>()?;
    *bytes = rest;
    let nanoseconds = i128::from(i64::from_be_bytes(*milliseconds)) * 1_000_000;
    Instant::from_unix_timestamp_nanos(nanoseconds).ok()
}

impl Position for MemberId {
    const LIST: u8 = 1;

    fn write(&self, bytes: &mut Vec<u8>) {
        write_uuid(bytes, self.uuid());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        read_uuid(bytes).map(Self::from_uuid)
    }
}

impl Position for EventId {
    const LIST: u8 = 2;

    fn write(&self, bytes: &mut Vec<u8>) {
        write_uuid(bytes, self.uuid());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        read_uuid(bytes).map(Self::from_uuid)
    }
}

/// Occurrences, by start, then key.
impl Position for (Instant, OccurrenceKey) {
    const LIST: u8 = 3;

    fn write(&self, bytes: &mut Vec<u8>) {
        write_instant(bytes, self.0);
        write_uuid(bytes, self.1.event.uuid());
        write_instant(bytes, self.1.original_start);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let start = read_instant(bytes)?;
        let event = EventId::from_uuid(read_uuid(bytes)?);
        Some((start, OccurrenceKey { event, original_start: read_instant(bytes)? }))
    }
}

/// Registrations, by start, then id.
impl Position for (Instant, RegistrationId) {
    const LIST: u8 = 4;

    fn write(&self, bytes: &mut Vec<u8>) {
        write_instant(bytes, self.0);
        write_uuid(bytes, self.1.uuid());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some((read_instant(bytes)?, RegistrationId::from_uuid(read_uuid(bytes)?)))
    }
}

/// Issues, by number.
impl Position for u32 {
    const LIST: u8 = 5;

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_be_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (number, rest) = bytes.split_first_chunk::<4>()?;
        *bytes = rest;
        Some(Self::from_be_bytes(*number))
    }
}

/// Entries of the activity log, by moment, then id.
impl Position for (Instant, ActivityId) {
    const LIST: u8 = 6;

    fn write(&self, bytes: &mut Vec<u8>) {
        write_instant(bytes, self.0);
        write_uuid(bytes, self.1.uuid());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some((read_instant(bytes)?, ActivityId::from_uuid(read_uuid(bytes)?)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::utc_datetime;

    use super::*;

    const OURS: OrganizationId = OrganizationId::from_uuid(Uuid::from_u128(1));
    const THEIRS: OrganizationId = OrganizationId::from_uuid(Uuid::from_u128(2));
    const EVENT: EventId = EventId::from_uuid(Uuid::from_u128(3));

    #[test]
    fn reads_what_it_wrote() {
        let start = utc_datetime!(2026-11-22 09:00:00.123);
        let key = OccurrenceKey { event: EVENT, original_start: utc_datetime!(1970-01-01 00:00) };
        assert_eq!(decode(OURS, &encode(OURS, &(start, key))), Ok((start, key)));
        assert_eq!(decode(OURS, &encode(OURS, &u32::MAX)), Ok(u32::MAX));
    }

    #[test]
    fn refuses_other_organizations_other_lists_and_damage_alike() {
        let cursor = encode(OURS, &EVENT);
        let half = &cursor[..cursor.len() / 2];
        assert_eq!(decode::<EventId>(THEIRS, &cursor), Err(InvalidCursor));
        assert_eq!(decode::<MemberId>(OURS, &cursor), Err(InvalidCursor));
        for text in ["", "!!!!", half, &format!("{cursor}A"), &format!("{cursor}="), &"A".repeat(4096)] {
            assert_eq!(decode::<EventId>(OURS, text), Err(InvalidCursor), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,64}", bytes: Vec<u8>) {
            let _ = decode::<(Instant, OccurrenceKey)>(OURS, &text).is_ok();
            let _ = decode::<(Instant, OccurrenceKey)>(OURS, &URL_SAFE_NO_PAD.encode(bytes)).is_ok();
        }

        #[test]
        fn one_changed_letter_is_noticed(number: u32, at in 0_usize..18, letter in "[A-Za-z0-9_-]") {
            let mut cursor = encode(OURS, &number);
            prop_assume!(cursor.get(at..=at).is_some_and(|found| found != letter));
            cursor.replace_range(at..=at, &letter);
            prop_assert_eq!(decode::<u32>(OURS, &cursor), Err(InvalidCursor));
        }
    }
}
