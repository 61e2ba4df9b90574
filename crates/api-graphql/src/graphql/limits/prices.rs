//! The prices of fields and arguments. `docs/costs.md` explains them and shows the measurements.
//!
//! The unit of cost is the time to resolve and write a field with a short value. A test compares the costs with the
//! processor time of each field; none may be more than five times too cheap.

use convene_application::limits::{DROPPED_EXCEPTIONS, LISTED_REGISTRATIONS};
use convene_domain::{
    recurrence::limits::{EXTRA_DATES, RULE_TEXT},
    text::{Description, DisplayName, Email, Location, Title, UserId},
};
use juniper::{DefaultScalarValue, meta::Field};

use super::price::Price;
use crate::errors::limits::{MAX_INPUT_FIELDS, MAX_MESSAGE_LENGTH};

/// The bytes that a field takes in a result apart from its texts: the name, and a number, a time or an id.
const FIELD_BYTES: u64 = 200;

/// The bytes of a text for which its field costs one more.
const BYTES_OF_A_UNIT: u64 = 1_024;

/// The fields of an entry of the activity log: an event has this many.
const CHANGED_FIELDS: u64 = 14;

/// The segments of the longest path to a field of an input.
const PATH_SEGMENTS: u64 = 5;

/// The errors of a mutation: the first one of each field, which are more than the further ones of a request, and the number of the
/// others.
const MAX_USER_ERRORS: usize = MAX_INPUT_FIELDS + 1;

/// The number of values that a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// One.
    One,
    /// At most this many.
    Most(u64),
    /// As many as the enclosing page has items.
    Page,
}

/// The price of a field of which nothing is known.
pub(super) const UNKNOWN: Price = Price::new(1, FIELD_BYTES);

/// The price of the name of a field in a result.
pub(super) fn key(length: usize) -> Price {
    Price::new(count(length) / BYTES_OF_A_UNIT, 2 * count(length))
}

/// Tests for a list of introspection whose items lead to further types. A list of all types stands only at its root.
pub(super) fn is_list_of_introspection(kind: &str, name: &str) -> bool {
    kind == "__Type" && matches!(name, "fields" | "inputFields" | "interfaces" | "possibleTypes")
}

/// The price of a query of the schema. Its values are constants, and most types have no `ofType`.
pub(super) fn introspection(price: Price) -> Price {
    Price::new(price.cost / 16, price.bytes / 16)
}

/// Returns the length of a field that is a list; `None` if the list has no known bound, which a test refuses.
#[must_use]
pub fn length(kind: &str, field: &str) -> Option<Length> {
    let most = |number: usize| Some(Length::Most(count(number)));
    match (kind, field) {
        ("Recurrence", "exdates" | "rdates") => most(EXTRA_DATES),
        ("Activity", "changes") => Some(Length::Most(CHANGED_FIELDS)),
        // At most one of the errors lists registrations.
        ("RegistrationsAffected", "registrations") => most(LISTED_REGISTRATIONS.div_ceil(MAX_USER_ERRORS)),
        ("RestoreEventPayload", "formerRegistrations") => most(LISTED_REGISTRATIONS),
        ("UpdateEventPayload", "droppedExceptions") => most(DROPPED_EXCEPTIONS),
        (_, "userErrors") => most(MAX_USER_ERRORS),
        (_, "field") => Some(Length::Most(PATH_SEGMENTS)),
        (_, "edges" | "nodes") | ("PreviewRecurrencePayload", "occurrences") => Some(Length::Page),
        // The average lengths in this schema.
        ("__Schema", "types") => Some(Length::Most(110)),
        ("__Type", "fields") => Some(Length::Most(5)),
        ("__Type", "inputFields") => Some(Length::Most(2)),
        ("__Schema" | "__Type" | "__Field" | "__Directive" | "__EnumValue", _) => Some(Length::Most(1)),
        _ => None,
    }
}

/// Returns the price of one value of a field, without the fields inside it and without [`call`]. Unknown fields, which
/// validation refuses, have the price of a short value.
#[must_use]
pub fn value(kind: &str, field: &Field<DefaultScalarValue>) -> Price {
    let name = field.name.as_str();
    if kind.starts_with("__") || name.starts_with("__") {
        return UNKNOWN;
    }
    // The objects of a page are loaded whether it is asked for them or not.
    let of_page = kind.ends_with("Connection") || kind.ends_with("Edge");
    let object = object(field.field_type.innermost_name());
    let object = if of_page { Price::new(object.cost, 0) } else { object };
    let text = text(name).map_or(Price::default(), |bytes| Price::new(bytes / BYTES_OF_A_UNIT, 2 * bytes));
    UNKNOWN + object + text
}

/// The price of an object: to load and decode it, and to resolve its fields in a task.
fn object(kind: &str) -> Price {
    match kind {
        // All requests share the events in memory.
        "Event" => Price::new(10, 8 * 1_024),
        "Node" => Price::new(10, 96 * 1_024),
        // As it is stored, and as an object.
        "Issue" => Price::new(5, 96 * 1_024),
        "Activity" => Price::new(5, 160 * 1_024),
        "Occurrence" => Price::new(5, 4 * 1_024),
        "Member" | "Organization" | "Registration" => Price::new(3, 3 * 1_024),
        "Recurrence" => Price::new(2, 0),
        _ => Price::default(),
    }
}

/// The price of an object of a page, besides its fields: the memory to load it.
pub(super) fn loaded(field: &Field<DefaultScalarValue>) -> Price {
    let bytes = match field.field_type.innermost_name().strip_suffix("Connection") {
        // This list reads the database: each event is in memory as it is stored, and as an object.
        Some("Event") => 96 * 1_024,
        kind => kind.map_or(0, |kind| object(kind).bytes),
    };
    Price::new(0, bytes)
}

/// The price of the work that a field does once: calls of the database, and the computation of occurrences.
pub(super) fn call(kind: &str, name: &str) -> Price {
    let cost = match (kind, name) {
        (_, "__typename" | "__schema" | "__type") => 0,
        ("Mutation", _) => 100,
        ("Query", "previewRecurrence") => 100,
        ("Query", "viewer") => 0,
        // A window whose days are not in the time index computes them.
        ("Query", "occurrences") => 750,
        ("Event", "occurrences") => 20,
        ("Query", _) => 50,
        (_, "registrations") => 20,
        // The database counts up to 10,000 index entries, in about four milliseconds.
        (_, "totalCount") => 400,
        // The database counts the index entries up to the last position of each waitlist, which has up to 5,000.
        (_, "waitlistPosition") => 80,
        (_, "viewerRegistration") => 4,
        _ => 0,
    };
    Price::new(cost, 0)
}

/// The maximum size of a text in bytes; `None` for short ones.
fn text(field: &str) -> Option<u64> {
    /// The bytes of a character at most.
    const CHARACTER: usize = 4;
    let bytes = match field {
        "description" => CHARACTER * Description::MAX_CHARACTERS,
        "title" | "name" => CHARACTER * Title::MAX_CHARACTERS,
        "displayName" => CHARACTER * DisplayName::MAX_CHARACTERS,
        "location" => CHARACTER * Location::MAX_CHARACTERS,
        "email" => CHARACTER * Email::MAX_CHARACTERS,
        "userId" | "actor" => CHARACTER * UserId::MAX_CHARACTERS,
        "message" => CHARACTER * MAX_MESSAGE_LENGTH,
        "rrule" => RULE_TEXT,
        // A number in words takes four times its digits.
        "summary" => 4 * RULE_TEXT,
        // The average of the fields of an event: few of them are long.
        "before" | "after" => 5 * 1_024,
        _ => return None,
    };
    Some(count(bytes))
}

/// The price of a value in an argument, without the values inside it. It is checked against its type twice and
/// converted twice.
pub(super) const INPUT_VALUE: Price = Price::new(1, 100);

/// The price of a text in an argument.
pub(super) fn input_text(bytes: usize) -> Price {
    Price::new(count(bytes) / BYTES_OF_A_UNIT, 2 * count(bytes))
}

/// The additional price of the filter of a list: the database compares up to 2,000 objects with it. Of each list inside others it
/// compares 100, or more if there are few.
pub(super) fn filter(kind: &str) -> Price {
    match kind {
        "Query" | "Viewer" => Price::new(400, 0),
        _ => Price::new(20, 0),
    }
}

/// The additional price of a field of a filter.
pub(super) fn condition(field: &str) -> Price {
    match field {
        // The texts of all events in memory are compared.
        "search" => Price::new(2_000, 0),
        // The seats of up to 10,000 occurrences are read.
        "onlyOpen" => Price::new(3_000, 0),
        _ => Price::default(),
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
