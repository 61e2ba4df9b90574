//! Cursors of lists. A cursor is opaque to callers, and valid only for the list and the organization it was made for.
//!
//! A cursor contains a version, the kind of list, the position of its item, and a checksum over all of it and the
//! organization. The checksum is not a secret: a forged cursor can only ask for another position in a list that its
//! caller may read anyway. With the checksum, a cursor of another organization, a damaged cursor and arbitrary text are
//! refused alike, and never return a page that starts at an accidental position.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use convene_domain::{
    id::{ActivityId, EventId, MemberId, OrganizationId, RegistrationId},
    occurrence::OccurrenceKey,
    time::Instant,
};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The version of the format.
const VERSION: u8 = 2;

const CHECKSUM_BYTES: usize = 8;

/// More than the length of any cursor. Longer texts are refused unread.
const MAX_TEXT_BYTES: usize = 256;

/// A text that is not a cursor of this list and organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor of this list")]
pub(crate) struct InvalidCursor;

/// A position in a list: the values that the list is sorted by.
pub(crate) trait Position: Sized {
    /// Distinguishes lists whose positions have the same fields.
    const LIST: u8;

    /// The position as it is stored in a cursor.
    type Fields: Serialize + DeserializeOwned;

    fn fields(&self) -> Self::Fields;

    fn from_fields(fields: Self::Fields) -> Self;
}

macro_rules! position {
    ($list:literal, $position:ty, $fields:ty, $to:expr, $from:expr) => {
        impl Position for $position {
            const LIST: u8 = $list;
            type Fields = $fields;

            fn fields(&self) -> $fields {
                let to: fn(&Self) -> $fields = $to;
                to(self)
            }

            fn from_fields(fields: $fields) -> Self {
                let from: fn($fields) -> Self = $from;
                from(fields)
            }
        }
    };
}

position!(1, MemberId, Uuid, Self::uuid, Self::from_uuid);
position!(2, EventId, Uuid, Self::uuid, Self::from_uuid);
// Occurrences, by start, then key.
position!(
    3,
    (Instant, OccurrenceKey),
    (Instant, Uuid, Instant),
    |(start, key)| (*start, key.event.uuid(), key.original_start),
    |(start, event, original_start)| {
        (start, OccurrenceKey { event: EventId::from_uuid(event), original_start })
    }
);
// Registrations, by start, then id.
position!(4, (Instant, RegistrationId), (Instant, Uuid), |(start, id)| (*start, id.uuid()), |(start, id)| (
    start,
    RegistrationId::from_uuid(id)
));
// Issues, by number.
position!(5, u32, u32, |number| *number, |number| number);
// Entries of the activity log, by time, then id.
position!(6, (Instant, ActivityId), (Instant, Uuid), |(at, id)| (*at, id.uuid()), |(at, id)| (
    at,
    ActivityId::from_uuid(id)
));

/// The cursor of a position in a list of this organization.
pub(crate) fn encode<P: Position>(organization: OrganizationId, position: &P) -> String {
    // Numbers, times and UUIDs can always be written as JSON.
    let mut bytes = serde_json::to_vec(&(VERSION, P::LIST, position.fields())).unwrap_or_default();
    let checksum = checksum(organization, &bytes);
    bytes.extend_from_slice(&checksum);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The position of a cursor.
///
/// # Errors
/// [`InvalidCursor`] for every text that [`encode`] did not return for the same list and organization.
pub(crate) fn decode<P: Position>(organization: OrganizationId, text: &str) -> Result<P, InvalidCursor> {
    let fields = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (content, found) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
        let (version, list, fields) = serde_json::from_slice(content).ok()?;
        let is_valid = (version, list, *found) == (VERSION, P::LIST, checksum(organization, content));
        is_valid.then_some(fields)
    };
    let fields = if text.len() > MAX_TEXT_BYTES { None } else { fields() };
    fields.map(P::from_fields).ok_or(InvalidCursor)
}

fn checksum(organization: OrganizationId, content: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest = Sha256::new()
        .chain_update(b"convene cursor")
        .chain_update(organization.uuid().as_bytes())
        .chain_update(content)
        .finalize();
    std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default())
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
