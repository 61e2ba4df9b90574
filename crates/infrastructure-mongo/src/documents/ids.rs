//! Ids in stored documents, as their texts.

use std::{fmt::Display, ops::Range, str::FromStr};

use convene_domain::id::EventId;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// The range of the ids of an event's occurrences: each is the id of the event, `_`, and an original start. The character after `_`
/// follows all of them.
pub(crate) fn occurrences_of(event: EventId) -> Range<String> {
    format!("{event}_")..format!("{event}`")
}

/// The texts of ids.
pub(crate) fn texts<'i, T: Display + 'i>(ids: impl IntoIterator<Item = &'i T>) -> Vec<String> {
    ids.into_iter().map(ToString::to_string).collect()
}

/// Writes an id.
pub(crate) fn write_id<S: Serializer>(id: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// Writes a list of ids.
pub(crate) fn write_ids<S: Serializer, T: Display>(ids: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ids.iter().map(ToString::to_string))
}

/// Reads an id.
///
/// # Errors
/// Another value.
pub(crate) fn read_id<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// Reads a list of ids.
///
/// # Errors
/// Another value.
pub(crate) fn read_ids<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}

#[cfg(test)]
mod tests {
    use bson::{Bson, doc};
    use convene_domain::{id::EventId, occurrence::OccurrenceKey};

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Ids {
        #[serde(deserialize_with = "read_id")]
        event: EventId,
        #[serde(default, deserialize_with = "read_ids")]
        occurrences: Vec<OccurrenceKey>,
    }

    const EVENT: &str = "evt_018f4e6b8c7a7c3e9f5d2b1a0c9e8d7f";
    const OCCURRENCE: &str = "evt_018f4e6b8c7a7c3e9f5d2b1a0c9e8d7f_20261122T090000Z";

    fn read(document: &bson::Document) -> Result<Ids, String> {
        let bytes = bson::serialize_to_vec(document).map_err(|error| error.to_string())?;
        bson::deserialize_from_slice(&bytes).map_err(|error| error.to_string())
    }

    #[test]
    fn ids_are_read_and_other_values_refused() {
        let read_one = read(&doc! { "event": EVENT, "occurrences": [OCCURRENCE] }).unwrap();
        assert_eq!(read_one.event.to_string(), EVENT);
        assert_eq!(texts(&read_one.occurrences), [OCCURRENCE]);
        assert_eq!(read(&doc! { "event": EVENT }).unwrap().occurrences, []);
        for other in [Bson::Int64(5), OCCURRENCE.into(), "EVT_018f".into(), Bson::Null, vec![EVENT].into()] {
            assert!(read(&doc! { "event": &other }).is_err(), "{other}");
            assert!(read(&doc! { "event": EVENT, "occurrences": &other }).is_err(), "{other}");
        }
        assert!(read(&doc! { "event": EVENT, "occurrences": [OCCURRENCE, EVENT] }).is_err());
        assert!(read(&doc! {}).is_err());
    }
}
