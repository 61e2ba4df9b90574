//! Between the domain's values and BSON's.

use std::{array::TryFromSliceError, fmt::Display};

use bson::{Binary, spec::BinarySubtype};
use convene_application::idempotency::Fingerprint;
use convene_domain::time::{Instant, LocalDateTime};
use time::{OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description};

use crate::error::CorruptDocument;

/// `2026-11-22T10:00:00`
const LOCAL: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

/// An instant, to the millisecond.
pub(crate) fn date(instant: Instant) -> bson::DateTime {
    bson::DateTime::from_time_0_3(instant.to_offset(UtcOffset::UTC))
}

/// The instant of a stored date.
pub(crate) fn instant(date: bson::DateTime) -> Instant {
    OffsetDateTime::to_utc(date.to_time_0_3())
}

/// A wall-clock time, to the second.
pub(crate) fn local_text(local: LocalDateTime) -> String {
    // Formatting numbers into a string can't fail, and this format has no component that could be missing.
    local.format(LOCAL).unwrap_or_default()
}

/// Reads what [`local_text`] gives.
pub(crate) fn local(text: &str) -> Result<LocalDateTime, time::error::Parse> {
    LocalDateTime::parse(text, LOCAL)
}

/// A digest as bytes.
pub(crate) fn binary(fingerprint: Fingerprint) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: fingerprint.0.to_vec() }
}

/// The digest of stored bytes.
pub(crate) fn fingerprint(stored: &Binary) -> Result<Fingerprint, TryFromSliceError> {
    stored.bytes.as_slice().try_into().map(Fingerprint)
}

/// Reads the fields of a stored document, and names the document where one is corrupt.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'id> {
    collection: &'static str,
    id: &'id str,
}

impl<'id> Fields<'id> {
    /// The fields of the document with this id.
    pub(crate) const fn of(collection: &'static str, id: &'id str) -> Self {
        Self { collection, id }
    }

    /// The value of a field that was parsed.
    pub(crate) fn read<T, E: Display>(
        self,
        field: &'static str,
        parsed: Result<T, E>,
    ) -> Result<T, CorruptDocument> {
        parsed.map_err(|reason| self.corrupt(field, reason))
    }

    /// The value of a field that may be one of a few.
    pub(crate) fn known<T>(self, field: &'static str, parsed: Option<T>) -> Result<T, CorruptDocument> {
        parsed.ok_or_else(|| self.corrupt(field, "is none of the known values"))
    }

    /// The refusal of a field.
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
    fn instants_survive_to_the_millisecond() {
        for moment in [utc_datetime!(2026-11-22 9:00:00.123), utc_datetime!(1969-12-31 23:59:59.999)] {
            assert_eq!(instant(date(moment)), moment);
        }
    }

    #[test]
    fn wall_clock_times_survive() {
        let moment = datetime!(2026-03-29 02:30:05);
        assert_eq!(local_text(moment), "2026-03-29T02:30:05");
        assert_eq!(local("2026-03-29T02:30:05"), Ok(moment));
        assert!(local("2026-03-29 02:30:05").is_err());
    }
}
