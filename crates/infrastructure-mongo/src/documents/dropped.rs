//! Occurrences that an edit dropped, as stored results have them.

use bson::DateTime;
use convene_domain::{
    capacity::Capacity,
    duration::LeadTime,
    event::RegistrationPolicy,
    occurrence::{Occurrence, OccurrenceKey, OccurrenceStatus},
    text::{Location, Title},
    time::interval::Interval,
};
use serde::{Deserialize, Serialize};

use super::{
    convert::{Fields, date, instant, local, local_text},
    dates::{read_date, read_optional_date},
};
use crate::{error::CorruptDocument, schema};

/// A dropped occurrence as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DroppedDocument {
    occurrence: String,
    original_local: String,
    #[serde(deserialize_with = "read_date")]
    starts_at: DateTime,
    #[serde(deserialize_with = "read_date")]
    ends_at: DateTime,
    title: String,
    location: String,
    capacity: i32,
    taken: i32,
    waiting: i32,
    status: String,
    /// True if it is no exception.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    follows_rule: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opens: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closes: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cancellation_closes: Option<i64>,
    version: i32,
    #[serde(default, deserialize_with = "read_optional_date", skip_serializing_if = "Option::is_none")]
    updated_at: Option<DateTime>,
}

impl From<&Occurrence> for DroppedDocument {
    fn from(dropped: &Occurrence) -> Self {
        let seconds = |lead: Option<LeadTime>| lead.map(|lead| lead.get().whole_seconds());
        let RegistrationPolicy { opens, closes, cancellation_closes } = dropped.policy;
        Self {
            occurrence: dropped.key.to_string(),
            original_local: local_text(dropped.original_local),
            starts_at: date(dropped.interval.start()),
            ends_at: date(dropped.interval.end()),
            title: dropped.title.to_string(),
            location: dropped.location.to_string(),
            capacity: dropped.capacity.get().cast_signed(),
            taken: dropped.taken.cast_signed(),
            waiting: dropped.waiting.cast_signed(),
            status: dropped.status.as_str().to_owned(),
            follows_rule: !dropped.is_exception,
            opens: seconds(opens),
            closes: seconds(closes),
            cancellation_closes: seconds(cancellation_closes),
            version: dropped.version.cast_signed(),
            updated_at: dropped.updated_at.map(date),
        }
    }
}

impl TryFrom<&DroppedDocument> for Occurrence {
    type Error = CorruptDocument;

    fn try_from(document: &DroppedDocument) -> Result<Self, CorruptDocument> {
        let fields = Fields::of(&schema::IDEMPOTENCY, &document.occurrence);
        let interval = Interval::new(instant(document.starts_at), instant(document.ends_at));
        let lead = |seconds: Option<i64>| {
            let lead = seconds.map(|seconds| LeadTime::new(time::Duration::seconds(seconds))).transpose();
            fields.read("dropped.closes", lead)
        };
        Ok(Self {
            key: fields.read("dropped.occurrence", OccurrenceKey::parse(&document.occurrence))?,
            original_local: fields.read("dropped.originalLocal", local(&document.original_local))?,
            interval: fields.read("dropped.endsAt", interval)?,
            title: fields.read("dropped.title", Title::from_stored(document.title.clone()))?,
            location: fields.read("dropped.location", Location::from_stored(document.location.clone()))?,
            capacity: fields.read("dropped.capacity", Capacity::new(document.capacity))?,
            taken: fields.read("dropped.taken", u32::try_from(document.taken))?,
            waiting: fields.read("dropped.waiting", u32::try_from(document.waiting))?,
            status: fields.known("dropped.status", OccurrenceStatus::parse(&document.status))?,
            is_exception: !document.follows_rule,
            policy: RegistrationPolicy {
                opens: lead(document.opens)?,
                closes: lead(document.closes)?,
                cancellation_closes: lead(document.cancellation_closes)?,
            },
            version: fields.read("dropped.version", u32::try_from(document.version))?,
            updated_at: document.updated_at.map(instant),
        })
    }
}
