//! Cursors of lists. A cursor is opaque to callers, and valid only for the list, the order and the organization it was made for.
//!
//! A cursor contains a version, the kind of list and its order, the position of its item, and a checksum over all of it and the
//! organization. The checksum is not a secret: a forged cursor can only ask for another position in a list that its
//! caller may read anyway. With the checksum, a cursor of another organization, a damaged cursor and arbitrary text are
//! refused alike, and never return a page that starts at an accidental position.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use convene_application::{
    page::{Order, SortKey},
    ports::{
        EventOrderField, EventPosition, IssueOrderField, IssuePosition, RegistrationOrderField,
        RegistrationPosition,
    },
};
use convene_domain::{
    id::{ActivityId, EventId, MemberId, OrganizationId, RegistrationId},
    issue::IssuePriority,
    occurrence::OccurrenceKey,
    time::Instant,
};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The version of the format.
const VERSION: u8 = 3;

const CHECKSUM_BYTES: usize = 8;

/// More than the length of any cursor: a folded title has at most 800 characters. Longer texts are refused unread.
const MAX_TEXT_BYTES: usize = 8_192;

/// A text that is not a cursor of this list, order and organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor of this list in this order")]
pub(crate) struct InvalidCursor;

/// A position in a list: the values that the list is sorted by.
pub(crate) trait Position: SortKey + Sized {
    /// Distinguishes lists whose positions have the same fields.
    const LIST: u8;

    /// The position as it is stored in a cursor.
    type Fields: Serialize + DeserializeOwned;

    /// Distinguishes the orders of a list.
    fn order(order: Self::Order) -> u8;

    fn fields(&self) -> Self::Fields;

    fn from_fields(order: Self::Order, fields: Self::Fields) -> Self;
}

macro_rules! position {
    ($list:literal, $position:ty, $fields:ty, $to:expr, $from:expr) => {
        impl Position for $position {
            const LIST: u8 = $list;
            type Fields = $fields;

            fn order((): ()) -> u8 {
                0
            }

            fn fields(&self) -> $fields {
                let to: fn(&Self) -> $fields = $to;
                to(self)
            }

            fn from_fields((): (), fields: $fields) -> Self {
                let from: fn($fields) -> Self = $from;
                from(fields)
            }
        }
    };
}

position!(1, MemberId, Uuid, Self::uuid, Self::from_uuid);
position!(7, OrganizationId, Uuid, Self::uuid, Self::from_uuid);
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
// Entries of the activity log, by time, then id.
position!(6, (Instant, ActivityId), (Instant, Uuid), |(at, id)| (*at, id.uuid()), |(at, id)| (
    at,
    ActivityId::from_uuid(id)
));

/// The code of an order, from that of its field.
fn code<F>(order: Order<F>, field: impl FnOnce(F) -> u8) -> u8 {
    2 * field(order.field) + u8::from(order.is_descending)
}

impl Position for EventPosition {
    const LIST: u8 = 2;
    /// The title and the start have their least values in the orders without them.
    type Fields = (Instant, String, Uuid);

    fn order(order: Self::Order) -> u8 {
        code(order, |field| match field {
            EventOrderField::CreatedAt => 0,
            EventOrderField::StartsAt => 1,
            EventOrderField::Title => 2,
        })
    }

    fn fields(&self) -> Self::Fields {
        match self {
            Self::CreatedAt(id) => (Instant::UNIX_EPOCH, String::new(), id.uuid()),
            Self::StartsAt(start, id) => (*start, String::new(), id.uuid()),
            Self::Title(title, id) => (Instant::UNIX_EPOCH, title.clone(), id.uuid()),
        }
    }

    fn from_fields(order: Self::Order, (start, title, id): Self::Fields) -> Self {
        let id = EventId::from_uuid(id);
        match order.field {
            EventOrderField::CreatedAt => Self::CreatedAt(id),
            EventOrderField::StartsAt => Self::StartsAt(start, id),
            EventOrderField::Title => Self::Title(title, id),
        }
    }
}

impl Position for RegistrationPosition {
    const LIST: u8 = 4;
    type Fields = (Instant, Uuid);

    fn order(order: Self::Order) -> u8 {
        code(order, |field| match field {
            RegistrationOrderField::StartsAt => 0,
            RegistrationOrderField::CreatedAt => 1,
        })
    }

    fn fields(&self) -> Self::Fields {
        let (Self::StartsAt(time, id) | Self::CreatedAt(time, id)) = self;
        (*time, id.uuid())
    }

    fn from_fields(order: Self::Order, (time, id): Self::Fields) -> Self {
        let id = RegistrationId::from_uuid(id);
        match order.field {
            RegistrationOrderField::StartsAt => Self::StartsAt(time, id),
            RegistrationOrderField::CreatedAt => Self::CreatedAt(time, id),
        }
    }
}

impl Position for IssuePosition {
    const LIST: u8 = 5;
    /// The time is the epoch and the priority is low in the orders without them.
    type Fields = (Instant, u8, u32);

    fn order(order: Self::Order) -> u8 {
        code(order, |field| match field {
            IssueOrderField::Number => 0,
            IssueOrderField::UpdatedAt => 1,
            IssueOrderField::Priority => 2,
        })
    }

    fn fields(&self) -> Self::Fields {
        match *self {
            Self::Number(number) => (Instant::UNIX_EPOCH, 0, number),
            Self::UpdatedAt(updated, number) => (updated, 0, number),
            Self::Priority(IssuePriority::Low, number) => (Instant::UNIX_EPOCH, 0, number),
            Self::Priority(IssuePriority::Medium, number) => (Instant::UNIX_EPOCH, 1, number),
            Self::Priority(IssuePriority::High, number) => (Instant::UNIX_EPOCH, 2, number),
        }
    }

    fn from_fields(order: Self::Order, (updated, priority, number): Self::Fields) -> Self {
        match (order.field, priority) {
            (IssueOrderField::Number, _) => Self::Number(number),
            (IssueOrderField::UpdatedAt, _) => Self::UpdatedAt(updated, number),
            (IssueOrderField::Priority, 0) => Self::Priority(IssuePriority::Low, number),
            (IssueOrderField::Priority, 1) => Self::Priority(IssuePriority::Medium, number),
            (IssueOrderField::Priority, _) => Self::Priority(IssuePriority::High, number),
        }
    }
}

/// The place of the organization in cursors of lists of the platform.
pub(crate) const PLATFORM: OrganizationId = OrganizationId::from_uuid(Uuid::nil());

/// The cursor of a position in a list of this organization, in this order.
pub(crate) fn encode<P: Position>(organization: OrganizationId, order: P::Order, position: &P) -> String {
    let content = (VERSION, P::LIST, P::order(order), position.fields());
    // Numbers, times, texts and UUIDs can always be written as JSON.
    let mut bytes = serde_json::to_vec(&content).unwrap_or_default();
    let checksum = checksum(organization, &bytes);
    bytes.extend_from_slice(&checksum);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The position of a cursor.
///
/// # Errors
/// [`InvalidCursor`] for every text that [`encode`] did not return for the same list, order and organization.
pub(crate) fn decode<P: Position>(
    organization: OrganizationId,
    order: P::Order,
    text: &str,
) -> Result<P, InvalidCursor> {
    let fields = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (content, found) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
        let (version, list, found_order, fields) = serde_json::from_slice(content).ok()?;
        let expected = (VERSION, P::LIST, P::order(order), checksum(organization, content));
        ((version, list, found_order, *found) == expected).then_some(fields)
    };
    let fields = if text.len() > MAX_TEXT_BYTES { None } else { fields() };
    fields.map(|fields| P::from_fields(order, fields)).ok_or(InvalidCursor)
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
        assert_eq!(decode(OURS, (), &encode(OURS, (), &(start, key))), Ok((start, key)));
        let order = |field| Order { field, is_descending: true };
        for (field, position) in [
            (IssueOrderField::Number, IssuePosition::Number(u32::MAX)),
            (IssueOrderField::UpdatedAt, IssuePosition::UpdatedAt(start, 7)),
            (IssueOrderField::Priority, IssuePosition::Priority(IssuePriority::High, 7)),
        ] {
            assert_eq!(decode(OURS, order(field), &encode(OURS, order(field), &position)), Ok(position));
        }
        let longest = EventPosition::Title("\u{10FFFF}".repeat(800), EVENT);
        let order = Order { field: EventOrderField::Title, is_descending: false };
        assert_eq!(decode(OURS, order, &encode(OURS, order, &longest)), Ok(longest));
    }

    #[test]
    fn refuses_other_organizations_other_lists_and_damage_alike() {
        let order = Order::default();
        let cursor = encode(OURS, order, &EventPosition::CreatedAt(EVENT));
        let half = &cursor[..cursor.len() / 2];
        assert_eq!(decode::<EventPosition>(THEIRS, order, &cursor), Err(InvalidCursor));
        assert_eq!(decode::<MemberId>(OURS, (), &cursor), Err(InvalidCursor));
        for other in [
            Order { is_descending: true, ..order },
            Order { field: EventOrderField::Title, ..order },
            Order { field: EventOrderField::StartsAt, ..order },
        ] {
            assert_eq!(decode::<EventPosition>(OURS, other, &cursor), Err(InvalidCursor), "{other:?}");
        }
        for text in ["", "!!!!", half, &format!("{cursor}A"), &format!("{cursor}="), &"A".repeat(9_000)] {
            assert_eq!(decode::<EventPosition>(OURS, order, text), Err(InvalidCursor), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,64}", bytes: Vec<u8>) {
            let _ = decode::<(Instant, OccurrenceKey)>(OURS, (), &text).is_ok();
            let _ = decode::<(Instant, OccurrenceKey)>(OURS, (), &URL_SAFE_NO_PAD.encode(bytes)).is_ok();
        }

        #[test]
        fn one_changed_letter_is_noticed(number: u32, at in 0_usize..18, letter in "[A-Za-z0-9_-]") {
            let mut cursor = encode(OURS, Order::default(), &IssuePosition::Number(number));
            prop_assume!(cursor.get(at..=at).is_some_and(|found| found != letter));
            cursor.replace_range(at..=at, &letter);
            prop_assert_eq!(decode::<IssuePosition>(OURS, Order::default(), &cursor), Err(InvalidCursor));
        }
    }
}
