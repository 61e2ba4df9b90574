//! Conversions between domain values and BSON values.

use std::{array::TryFromSliceError, fmt::Display};

use bson::{Binary, spec::BinarySubtype};
use convene_application::idempotency::Fingerprint;
use convene_domain::time::{Instant, LocalDateTime};
use time::{OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description};

use crate::{error::CorruptDocument, schema::CollectionSchema};

/// `2026-11-22T10:00:00`
const LOCAL: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

/// Converts an instant, which loses fractions of milliseconds.
pub(crate) fn date(instant: Instant) -> bson::DateTime {
    bson::DateTime::from_time_0_3(instant.to_offset(UtcOffset::UTC))
}

pub(crate) fn instant(date: bson::DateTime) -> Instant {
    OffsetDateTime::to_utc(date.to_time_0_3())
}

/// Formats a local time, to the second.
pub(crate) fn local_text(local: LocalDateTime) -> String {
    // Formatting numbers into a string can't fail, and this format has no component that could be missing.
    local.format(LOCAL).unwrap_or_default()
}

/// Parses the format of [`local_text`].
pub(crate) fn local(text: &str) -> Result<LocalDateTime, time::error::Parse> {
    LocalDateTime::parse(text, LOCAL)
}

/// The length of a text. Lengths of texts are limited to far less than 2 GiB.
pub(crate) fn bytes(text: &str) -> i32 {
    i32::try_from(text.len()).unwrap_or(i32::MAX)
}

pub(crate) fn binary(fingerprint: Fingerprint) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: fingerprint.0.to_vec() }
}

pub(crate) fn fingerprint(stored: &Binary) -> Result<Fingerprint, TryFromSliceError> {
    stored.bytes.as_slice().try_into().map(Fingerprint)
}

/// Reads the fields of a stored document, with errors that name the document and the field.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'id> {
    collection: &'static str,
    id: &'id str,
}

impl<'id> Fields<'id> {
    pub(crate) const fn of(schema: &CollectionSchema, id: &'id str) -> Self {
        Self { collection: schema.name, id }
    }

    /// Returns the parsed value of a field.
    pub(crate) fn read<T, E: Display>(
        self,
        field: &'static str,
        parsed: Result<T, E>,
    ) -> Result<T, CorruptDocument> {
        parsed.map_err(|reason| self.corrupt(field, reason))
    }

    /// Returns the value of a field with a fixed set of values.
    pub(crate) fn known<T>(self, field: &'static str, parsed: Option<T>) -> Result<T, CorruptDocument> {
        parsed.ok_or_else(|| self.corrupt(field, "is not a known value"))
    }

    /// Makes the error of a field.
    pub(crate) fn corrupt(self, field: &'static str, reason: impl Display) -> CorruptDocument {
        CorruptDocument {
            collection: self.collection,
            id: self.id.to_owned(),
            field,
            reason: reason.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{datetime, utc_datetime};

    use super::*;

    #[test]
    fn instants_keep_milliseconds() {
        for time in [utc_datetime!(2026-11-22 9:00:00.123), utc_datetime!(1969-12-31 23:59:59.999)] {
            assert_eq!(instant(date(time)), time);
        }
    }

    #[test]
    fn local_times_are_parsed_as_formatted() {
        let time = datetime!(2026-03-29 02:30:05);
        assert_eq!(local_text(time), "2026-03-29T02:30:05");
        assert_eq!(local("2026-03-29T02:30:05"), Ok(time));
        assert!(local("2026-03-29 02:30:05").is_err());
    }
}
