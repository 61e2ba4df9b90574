//! Occurrences that somebody touched, as they are stored.

use bson::{DateTime, Document, doc};
use convene_application::editing::record_former_id;
use convene_domain::{
    capacity::Capacity,
    event::{Event, RegistrationPolicy},
    id::OrganizationId,
    occurrence::{Exception, OccurrenceKey, OccurrenceStatus, StoredOccurrence, StoredState},
    recurrence::SeriesOccurrence,
    registration::{CancellationReason, Seating},
    text::{Location, Title},
    time::interval::Interval,
};
use serde::{Deserialize, Serialize};

use super::{
    Converted,
    convert::{Fields, date, instant, local, local_text},
    dates::{read_date, read_optional_date},
    event::{count, duration},
};
use crate::{error::CorruptDocument, schema};

/// An occurrence, with its seat counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OccurrenceDocument {
    #[serde(rename = "_id")]
    pub(crate) id: String,
    pub(crate) organization: String,
    pub(crate) event: String,
    #[serde(deserialize_with = "read_date")]
    pub(crate) original_start: DateTime,
    pub(crate) original_local: String,
    #[serde(deserialize_with = "read_date")]
    pub(crate) starts_at: DateTime,
    #[serde(deserialize_with = "read_date")]
    pub(crate) ends_at: DateTime,
    pub(crate) capacity: i32,
    /// The number of confirmed registrations.
    pub(crate) taken: i32,
    /// The number of waitlisted registrations.
    pub(crate) waiting: i32,
    pub(crate) status: String,
    #[serde(default, deserialize_with = "read_optional_date")]
    pub(crate) opens_at: Option<DateTime>,
    #[serde(deserialize_with = "read_date")]
    pub(crate) closes_at: DateTime,
    #[serde(deserialize_with = "read_date")]
    pub(crate) cancellation_closes_at: DateTime,
    pub(crate) version: i32,
    /// The time of the last change of its exception.
    #[serde(default, deserialize_with = "read_optional_date", skip_serializing_if = "Option::is_none")]
    pub(crate) updated_at: Option<DateTime>,
    /// A random number that every change replaces, except changes of the counters and of `revision`. A cached occurrence
    /// with the current token is current, apart from those.
    pub(crate) change_token: i64,
    /// The values that an organizer set for this occurrence only.
    pub(crate) exception: Option<ExceptionDocument>,
    /// True if an edit dropped it from its series.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_dropped: bool,
    /// True if it returns when its date is ahead again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) has_passed: bool,
    /// The latest ids that it had before edits of its series, oldest first. It can still be found by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) former_ids: Vec<String>,
    /// The waitlist sequence of the next member who joins the waitlist; it never decreases.
    pub(crate) next_waitlist_sequence: i64,
    /// The revision of the catalogue in which an organizer last changed it; `None` if it still follows its rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<i64>,
    /// The job that cancels the remaining registrations for this cancelled occurrence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) closing: Option<ClosingDocument>,
}

/// The cancellation of the registrations for an occurrence, by a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClosingDocument {
    pub(crate) job: String,
    /// The reason of each cancellation.
    pub(crate) reason: String,
}

/// The values that an organizer set for one occurrence only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExceptionDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) starts_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) duration_seconds: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) duration_days: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) duration_weeks: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) capacity: Option<i32>,
    pub(crate) cancelled: bool,
}

impl Converted for OccurrenceDocument {}

impl OccurrenceDocument {
    /// The document of a derived occurrence, as it is stored when it is materialized.
    pub(crate) fn from_rule(
        organization: OrganizationId,
        event: &Event,
        derived: SeriesOccurrence,
        change_token: i64,
    ) -> Self {
        let stored = StoredOccurrence::from_rule(event, derived);
        Self::of(organization.to_string(), &stored, &event.policy, change_token)
    }

    /// The document of an occurrence that is stored for its version.
    pub(crate) fn returned(
        organization: OrganizationId,
        stored: &StoredOccurrence,
        policy: &RegistrationPolicy,
        revision: i64,
        change_token: i64,
    ) -> Self {
        Self { revision: Some(revision), ..Self::of(organization.to_string(), stored, policy, change_token) }
    }

    /// The document of an occurrence that never had a waitlist or another id.
    fn of(
        organization: String,
        stored: &StoredOccurrence,
        policy: &RegistrationPolicy,
        change_token: i64,
    ) -> Self {
        let start = stored.interval.start();
        Self {
            id: stored.key.to_string(),
            organization,
            event: stored.key.event.to_string(),
            original_start: date(stored.key.original_start),
            original_local: local_text(stored.original_local),
            starts_at: date(start),
            ends_at: date(stored.interval.end()),
            capacity: stored.capacity.get().cast_signed(),
            taken: stored.taken.cast_signed(),
            waiting: stored.waiting.cast_signed(),
            status: stored.status().as_str().to_owned(),
            opens_at: policy.opens_at(start).map(date),
            closes_at: date(policy.closes_at(start)),
            cancellation_closes_at: date(policy.cancellation_closes_at(start)),
            version: stored.version.cast_signed(),
            updated_at: stored.updated_at.map(date),
            change_token,
            exception: stored.exception.is_any().then(|| ExceptionDocument::from(&stored.exception)),
            is_dropped: stored.is_dropped(),
            has_passed: stored.has_passed(),
            former_ids: Vec::new(),
            next_waitlist_sequence: 1,
            revision: None,
            closing: None,
        }
    }

    /// Applies an edit; the counters and the waitlist sequence stay, as do the latest former ids.
    pub(crate) fn edited(
        &self,
        after: &StoredOccurrence,
        policy: &RegistrationPolicy,
        revision: i64,
        change_token: i64,
    ) -> Self {
        let mut edited = Self {
            taken: self.taken,
            waiting: self.waiting,
            former_ids: self.former_ids.clone(),
            next_waitlist_sequence: self.next_waitlist_sequence,
            revision: Some(revision),
            ..Self::of(self.organization.clone(), after, policy, change_token)
        };
        if edited.id != self.id {
            record_former_id(&mut edited.former_ids, self.id.clone(), &edited.id);
        }
        edited
    }

    /// The filter for occurrences that only registrations materialized, and that have none any more: the rule derives them again.
    pub(crate) fn untouched() -> Document {
        doc! { "taken": 0, "waiting": 0, "revision": { "$exists": false }, "formerIds": { "$exists": false } }
    }

    /// The filter that corresponds to [`StoredOccurrence::is_for_version`].
    pub(crate) fn for_version() -> Document {
        doc! { "taken": 0, "waiting": 0, "revision": { "$exists": true }, "exception": null }
    }

    pub(crate) fn key(&self) -> Result<OccurrenceKey, CorruptDocument> {
        self.fields().read("_id", OccurrenceKey::parse(&self.id))
    }

    pub(crate) fn interval(&self) -> Result<Interval, CorruptDocument> {
        self.fields().read("endsAt", Interval::new(instant(self.starts_at), instant(self.ends_at)))
    }

    /// The values that decide about its seats.
    pub(crate) fn seating(&self) -> Result<Seating, CorruptDocument> {
        let fields = self.fields();
        Ok(Seating {
            starts_at: instant(self.starts_at),
            capacity: fields.read("capacity", Capacity::new(self.capacity))?,
            taken: fields.read("taken", u32::try_from(self.taken))?,
            status: self.status()?,
            opens_at: self.opens_at.map(instant),
            closes_at: instant(self.closes_at),
            cancellation_closes_at: instant(self.cancellation_closes_at),
        })
    }

    fn status(&self) -> Result<OccurrenceStatus, CorruptDocument> {
        self.fields().known("status", OccurrenceStatus::parse(&self.status))
    }

    fn state(&self) -> Result<StoredState, CorruptDocument> {
        match (self.is_dropped, self.has_passed, self.status()?) {
            (false, false, status) => Ok(status.into()),
            (true, false, OccurrenceStatus::Cancelled) => Ok(StoredState::Dropped),
            (true, true, OccurrenceStatus::Cancelled) => Ok(StoredState::Passed),
            (true, _, OccurrenceStatus::Scheduled) => {
                Err(self.fields().corrupt("status", "is SCHEDULED for a dropped occurrence"))
            }
            (false, true, _) => {
                Err(self.fields().corrupt("hasPassed", "is true for an occurrence that is not dropped"))
            }
        }
    }

    /// Tests whether it has no active registrations.
    pub(crate) fn is_empty(&self) -> bool {
        self.taken == 0 && self.waiting == 0
    }

    /// The number of active registrations.
    pub(crate) fn active(&self) -> u64 {
        u64::from(self.taken.unsigned_abs()) + u64::from(self.waiting.unsigned_abs())
    }

    /// The reason for which a job cancels its registrations.
    pub(crate) fn closing_reason(&self) -> Result<CancellationReason, CorruptDocument> {
        let reason = self.closing.as_ref().map(|closing| closing.reason.as_str());
        self.fields().known("closing.reason", reason.and_then(CancellationReason::parse))
    }

    /// The number of free seats.
    pub(crate) fn free(&self) -> usize {
        usize::try_from(self.capacity - self.taken).unwrap_or(0)
    }

    /// The number of waitlisted registrations.
    pub(crate) fn waiting(&self) -> usize {
        usize::try_from(self.waiting).unwrap_or(0)
    }

    /// Tests whether an organizer cancelled this occurrence by itself.
    pub(crate) fn is_cancelled_by_itself(&self) -> bool {
        self.exception.as_ref().is_some_and(|exception| exception.cancelled)
    }

    fn fields(&self) -> Fields<'_> {
        Fields::of(&schema::OCCURRENCES, &self.id)
    }
}

impl TryFrom<OccurrenceDocument> for StoredOccurrence {
    type Error = CorruptDocument;

    fn try_from(document: OccurrenceDocument) -> Result<Self, CorruptDocument> {
        let fields = document.fields();
        let exception = match &document.exception {
            Some(exception) => exception.read(fields)?,
            None => Exception::default(),
        };
        Ok(Self {
            key: document.key()?,
            original_local: fields.read("originalLocal", local(&document.original_local))?,
            interval: document.interval()?,
            capacity: fields.read("capacity", Capacity::new(document.capacity))?,
            taken: fields.read("taken", u32::try_from(document.taken))?,
            waiting: fields.read("waiting", u32::try_from(document.waiting))?,
            state: document.state()?,
            exception,
            version: fields.read("version", u32::try_from(document.version))?,
            updated_at: document.updated_at.map(instant),
        })
    }
}

impl From<&Exception> for ExceptionDocument {
    fn from(exception: &Exception) -> Self {
        let Exception { title, location, starts_at, duration, capacity, cancelled } = exception;
        Self {
            title: title.as_ref().map(ToString::to_string),
            location: location.as_ref().map(ToString::to_string),
            starts_at: starts_at.map(local_text),
            duration_seconds: duration.map(|duration| duration.get().whole_seconds()),
            duration_days: duration.and_then(|duration| count(duration.days())),
            duration_weeks: duration.and_then(|duration| count(duration.weeks())),
            capacity: capacity.map(|capacity| capacity.get().cast_signed()),
            cancelled: *cancelled,
        }
    }
}

impl ExceptionDocument {
    fn read(&self, fields: Fields<'_>) -> Result<Exception, CorruptDocument> {
        Ok(Exception {
            title: optional(self.title.as_deref(), |text| {
                fields.read("exception.title", Title::from_stored(text.to_owned()))
            })?,
            location: optional(self.location.as_deref(), |text| {
                fields.read("exception.location", Location::from_stored(text.to_owned()))
            })?,
            starts_at: optional(self.starts_at.as_deref(), |text| {
                fields.read("exception.startsAt", local(text))
            })?,
            duration: self
                .duration_seconds
                .map(|seconds| {
                    let (days, weeks) = (self.duration_days, self.duration_weeks);
                    duration(fields, "exception.durationSeconds", seconds, days, weeks)
                })
                .transpose()?,
            capacity: optional(self.capacity, |seats| {
                fields.read("exception.capacity", Capacity::new(seats))
            })?,
            cancelled: self.cancelled,
        })
    }
}

fn optional<T, U>(
    value: Option<T>,
    read: impl FnOnce(T) -> Result<U, CorruptDocument>,
) -> Result<Option<U>, CorruptDocument> {
    value.map(read).transpose()
}

#[cfg(test)]
mod tests {
    use convene_application::testing::builders::EventBuilder;
    use time::macros::datetime;

    use super::*;

    fn stored(state: StoredState) -> (StoredOccurrence, OccurrenceDocument) {
        let event = EventBuilder::once(datetime!(2031-04-01 10:00)).build();
        let date = event.series.from_start().next().unwrap();
        let stored = StoredOccurrence { state, ..StoredOccurrence::from_rule(&event, date) };
        let document = OccurrenceDocument::of("org".to_owned(), &stored, &event.policy, 1);
        (stored, document)
    }

    #[test]
    fn every_state_is_read_as_it_was_stored() {
        let states =
            [StoredState::Scheduled, StoredState::Cancelled, StoredState::Dropped, StoredState::Passed];
        for (stored, document) in states.map(stored) {
            assert_eq!(StoredOccurrence::try_from(document).unwrap(), stored);
        }
    }

    #[test]
    fn a_state_that_contradicts_itself_is_corrupt() {
        let (_, passed) = stored(StoredState::Passed);
        let scheduled = OccurrenceDocument { status: "SCHEDULED".to_owned(), ..passed.clone() };
        let present = OccurrenceDocument { is_dropped: false, ..passed };
        for (document, field) in [(scheduled, "status"), (present, "hasPassed")] {
            assert_eq!(StoredOccurrence::try_from(document).unwrap_err().field, field);
        }
    }
}
