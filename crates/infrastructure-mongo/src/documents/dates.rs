//! Reading of dates in stored documents.
//!
//! The deserializer of [`bson::DateTime`] formats the number of a date and parses it again, as extended JSON. This takes half of
//! the time for a document with four dates. A raw value has the number itself.

use bson::{DateTime, RawBsonRef};
use serde::{Deserialize, Deserializer, de};

/// Reads a date.
///
/// # Errors
/// Another value.
pub(crate) fn read_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime, D::Error> {
    let value = RawBsonRef::deserialize(deserializer)?;
    value.as_datetime().ok_or_else(|| unexpected(value))
}

/// Reads a date, or null.
///
/// # Errors
/// Another value.
pub(crate) fn read_optional_date<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime>, D::Error> {
    match RawBsonRef::deserialize(deserializer)? {
        RawBsonRef::Null => Ok(None),
        value => value.as_datetime().map(Some).ok_or_else(|| unexpected(value)),
    }
}

fn unexpected<E: de::Error>(value: RawBsonRef<'_>) -> E {
    E::custom(format!("a date is expected instead of {:?}", value.element_type()))
}

#[cfg(test)]
mod tests {
    use bson::{Bson, doc};

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Dates {
        #[serde(deserialize_with = "read_date")]
        date: DateTime,
        #[serde(default, deserialize_with = "read_optional_date")]
        optional: Option<DateTime>,
    }

    fn read(document: &bson::Document) -> Result<Dates, String> {
        let bytes = bson::serialize_to_vec(document).map_err(|error| error.to_string())?;
        bson::deserialize_from_slice(&bytes).map_err(|error| error.to_string())
    }

    #[test]
    fn dates_are_read_and_other_values_refused() {
        let date = DateTime::from_millis(-1);
        assert_eq!(read(&doc! { "date": date }), Ok(Dates { date, optional: None }));
        assert_eq!(read(&doc! { "date": date, "optional": Bson::Null }), Ok(Dates { date, optional: None }));
        let both = doc! { "date": date, "optional": DateTime::MAX };
        assert_eq!(read(&both), Ok(Dates { date, optional: Some(DateTime::MAX) }));
        for other in [Bson::Int64(5), Bson::from("2026-11-22T10:00:00Z"), Bson::Null, Bson::from(vec![1, 2])]
        {
            assert!(read(&doc! { "date": &other }).is_err(), "{other}");
            assert!(
                other == Bson::Null || read(&doc! { "date": date, "optional": &other }).is_err(),
                "{other}"
            );
        }
        assert!(read(&doc! {}).is_err());
    }
}
