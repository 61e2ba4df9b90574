//! Stored events.

use std::fmt::Display;

use convene_domain::{
    capacity::Capacity,
    duration::{EventDuration, LeadTime},
    event::{EarlierSchedule, Event, EventStatus, RegistrationPolicy},
    id::EventId,
    recurrence::{Rule, Series, SeriesParts},
    text::{Description, FoldedText, Location, Title},
    time::{LocalDateTime, zone::Zone},
};
use serde::{Deserialize, Serialize};
use time::Duration;

use super::{
    CONVERSION, Converted,
    convert::{Fields, bytes, date, instant, local, local_text},
    dates::{read_date, read_optional_date},
};
use crate::{error::CorruptDocument, schema};

/// An event. [`ScopedCollection`](crate::scoped::ScopedCollection) adds the organization.
///
/// The local times and the rule define the series. The first start and the last end are derived instants, for queries.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventDocument {
    #[serde(rename = "_id")]
    pub(crate) id: String,
    pub(crate) title: String,
    /// The folded title, by which lists are sorted.
    #[serde(skip_deserializing)]
    pub(crate) sort_title: String,
    pub(crate) description: String,
    /// The folded title and description, for searches.
    #[serde(skip_deserializing)]
    pub(crate) search: String,
    /// The length of `search`.
    #[serde(skip_deserializing)]
    pub(crate) search_bytes: i32,
    pub(crate) location: String,
    pub(crate) starts_at: String,
    pub(crate) time_zone: String,
    /// The sum of the duration, with days of 24 hours.
    pub(crate) duration_seconds: i32,
    /// The days of the calendar in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) duration_days: Option<i32>,
    /// The weeks that these days are written as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) duration_weeks: Option<i32>,
    pub(crate) recurrence: Option<RecurrenceDocument>,
    /// Whether the series has a rule or further dates, for lists.
    #[serde(skip_deserializing)]
    pub(crate) recurring: bool,
    /// The schedules before edits of the series, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) earlier: Vec<EarlierScheduleDocument>,
    pub(crate) capacity: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) registration_opens_seconds: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) registration_closes_seconds: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cancellation_closes_seconds: Option<i32>,
    pub(crate) status: String,
    pub(crate) version: i32,
    /// The number of occurrences that registrations have ever materialized, or more: edits that conflicted with them count, too.
    #[serde(default, skip_serializing)]
    pub(crate) materialized: u64,
    /// The revision of the catalogue that created this version of the event.
    pub(crate) revision: i64,
    #[serde(deserialize_with = "read_date")]
    pub(crate) first_start: bson::DateTime,
    /// `None` if the series is endless.
    #[serde(default, deserialize_with = "read_optional_date")]
    pub(crate) last_end: Option<bson::DateTime>,
    #[serde(deserialize_with = "read_date")]
    pub(crate) created_at: bson::DateTime,
    #[serde(deserialize_with = "read_date")]
    pub(crate) updated_at: bson::DateTime,
}

/// The recurrence of an event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecurrenceDocument {
    /// Canonical RFC 5545 text; `None` if the series has only its start and rdates.
    pub(crate) rule: Option<String>,
    pub(crate) exdates: Vec<String>,
    pub(crate) rdates: Vec<String>,
    /// Dates whose occurrences have begun at another time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) used: Vec<String>,
    /// All dates up to this one are used as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) used_until: Option<String>,
}

/// The schedule of an event until an edit changed its series.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EarlierScheduleDocument {
    pub(crate) title: String,
    pub(crate) location: String,
    pub(crate) capacity: i32,
    pub(crate) starts_at: String,
    pub(crate) time_zone: String,
    pub(crate) duration_seconds: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) duration_days: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) duration_weeks: Option<i32>,
    pub(crate) recurrence: Option<RecurrenceDocument>,
    /// The end of the period in which occurrences begin by this schedule.
    #[serde(deserialize_with = "read_date")]
    pub(crate) until: bson::DateTime,
    /// The time of the cancellation that was reversed at the end.
    #[serde(default, deserialize_with = "read_optional_date", skip_serializing_if = "Option::is_none")]
    pub(crate) cancelled_after: Option<bson::DateTime>,
}

/// An event can have a thousand earlier schedules and thousands of dates.
impl Converted for EventDocument {
    fn steps(&self) -> usize {
        /// The dates that are read in a step.
        const DATES: usize = 4;
        let earlier = self.earlier.iter().map(|earlier| earlier.recurrence.as_ref());
        let series = earlier.chain([self.recurrence.as_ref()]);
        series.map(|recurrence| CONVERSION + recurrence.map_or(0, RecurrenceDocument::dates) / DATES).sum()
    }
}

impl RecurrenceDocument {
    /// The number of single dates.
    fn dates(&self) -> usize {
        self.exdates.len() + self.rdates.len() + self.used.len()
    }

    /// The recurrence of the series; `None` for a single date.
    fn of(series: &Series) -> Option<Self> {
        let texts = |dates: &[LocalDateTime]| dates.iter().copied().map(local_text).collect();
        let recurrence = Self {
            rule: series.rule().map(ToString::to_string),
            exdates: texts(series.exdates()),
            rdates: texts(series.rdates()),
            used: texts(&series.parts().used),
            used_until: series.parts().used_until.map(local_text),
        };
        (recurrence != Self::default()).then_some(recurrence)
    }
}

impl EarlierScheduleDocument {
    fn new(earlier: &EarlierSchedule) -> Self {
        Self {
            title: earlier.title.to_string(),
            location: earlier.location.to_string(),
            capacity: earlier.capacity.get().cast_signed(),
            starts_at: local_text(earlier.series.start()),
            time_zone: earlier.series.zone().name().to_owned(),
            duration_seconds: seconds(earlier.duration.get()),
            duration_days: count(earlier.duration.days()),
            duration_weeks: count(earlier.duration.weeks()),
            recurrence: RecurrenceDocument::of(&earlier.series),
            until: date(earlier.until),
            cancelled_after: earlier.cancelled_after.map(date),
        }
    }
}

impl EventDocument {
    /// Makes the document of an event at this revision.
    pub(crate) fn new(event: &Event, revision: i64) -> Self {
        let series = &event.series;
        let search = FoldedText::of_object(&event.title, &event.description).into_string();
        Self {
            id: event.id.to_string(),
            title: event.title.to_string(),
            sort_title: FoldedText::of(event.title.as_str()).into_string(),
            description: event.description.to_string(),
            search_bytes: bytes(&search),
            search,
            location: event.location.to_string(),
            starts_at: local_text(series.start()),
            time_zone: series.zone().name().to_owned(),
            duration_seconds: seconds(event.duration.get()),
            duration_days: count(event.duration.days()),
            duration_weeks: count(event.duration.weeks()),
            recurrence: RecurrenceDocument::of(series),
            recurring: series.is_recurring(),
            earlier: event.earlier.iter().map(EarlierScheduleDocument::new).collect(),
            capacity: event.capacity.get().cast_signed(),
            registration_opens_seconds: event.policy.opens.map(|lead| seconds(lead.get())),
            registration_closes_seconds: event.policy.closes.map(|lead| seconds(lead.get())),
            cancellation_closes_seconds: event.policy.cancellation_closes.map(|lead| seconds(lead.get())),
            status: event.status.as_str().to_owned(),
            version: event.version.cast_signed(),
            materialized: 0,
            revision,
            first_start: date(event.first_start()),
            last_end: event.last_end().map(date),
            created_at: date(event.created_at),
            updated_at: date(event.updated_at),
        }
    }
}

/// The number of days or weeks of a duration; `None` if it has none.
pub(super) fn count(number: u32) -> Option<i32> {
    i32::try_from(number).ok().filter(|number| *number > 0)
}

/// Reads a duration. `field` is that of its sum.
pub(super) fn duration(
    fields: Fields<'_>,
    field: &'static str,
    seconds: i64,
    days: Option<i32>,
    weeks: Option<i32>,
) -> Result<EventDuration, CorruptDocument> {
    let count = |number: Option<i32>| u32::try_from(number.unwrap_or_default()).unwrap_or(u32::MAX);
    fields.read(field, EventDuration::of(Duration::seconds(seconds), count(days), count(weeks)))
}

/// Converts a duration or a lead time, whose maximum of 31 days fits.
fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.whole_seconds()).unwrap_or(i32::MAX)
}

impl TryFrom<EventDocument> for Event {
    type Error = CorruptDocument;

    fn try_from(document: EventDocument) -> Result<Self, CorruptDocument> {
        let fields = Fields::of(&schema::EVENTS, &document.id);
        let lead = |field, seconds: Option<i32>| {
            seconds
                .map(|seconds| fields.read(field, LeadTime::new(Duration::seconds(seconds.into()))))
                .transpose()
        };
        let duration =
            |seconds: i32, days, weeks| duration(fields, "durationSeconds", seconds.into(), days, weeks);
        let earlier = |earlier: &EarlierScheduleDocument| {
            Ok(EarlierSchedule {
                title: fields.read("earlier.title", Title::from_stored(earlier.title.clone()))?,
                location: fields.read("earlier.location", Location::from_stored(earlier.location.clone()))?,
                capacity: fields.read("earlier.capacity", Capacity::new(earlier.capacity))?,
                series: series(fields, &earlier.starts_at, &earlier.time_zone, earlier.recurrence.as_ref())?,
                duration: duration(earlier.duration_seconds, earlier.duration_days, earlier.duration_weeks)?,
                until: instant(earlier.until),
                cancelled_after: earlier.cancelled_after.map(instant),
            })
        };
        let recurrence = document.recurrence.as_ref();
        Ok(Self {
            id: fields.read("_id", EventId::parse(&document.id))?,
            title: fields.read("title", Title::from_stored(document.title))?,
            description: fields.read("description", Description::from_stored(document.description))?,
            location: fields.read("location", Location::from_stored(document.location))?,
            series: series(fields, &document.starts_at, &document.time_zone, recurrence)?,
            duration: duration(document.duration_seconds, document.duration_days, document.duration_weeks)?,
            earlier: document.earlier.iter().map(earlier).collect::<Result<_, CorruptDocument>>()?,
            capacity: fields.read("capacity", Capacity::new(document.capacity))?,
            policy: RegistrationPolicy {
                opens: lead("registrationOpensSeconds", document.registration_opens_seconds)?,
                closes: lead("registrationClosesSeconds", document.registration_closes_seconds)?,
                cancellation_closes: lead("cancellationClosesSeconds", document.cancellation_closes_seconds)?,
            },
            status: fields.known("status", EventStatus::parse(&document.status))?,
            version: fields.read("version", u32::try_from(document.version))?,
            created_at: instant(document.created_at),
            updated_at: instant(document.updated_at),
        })
    }
}

fn series(
    fields: Fields<'_>,
    starts_at: &str,
    time_zone: &str,
    recurrence: Option<&RecurrenceDocument>,
) -> Result<Series, CorruptDocument> {
    let locals = |field, texts: &[String]| -> Result<Vec<LocalDateTime>, CorruptDocument> {
        texts.iter().map(|text| fields.read(field, local(text))).collect()
    };
    let start = fields.read("startsAt", local(starts_at))?;
    let zone = fields.read("timeZone", Zone::parse(time_zone))?;
    let mut parts = SeriesParts::once(start, zone);
    if let Some(recurrence) = recurrence {
        let rule =
            recurrence.rule.as_deref().map(|rule| Rule::parse(rule).map_err(|problems| joined(&problems)));
        parts.rule = rule.map(|rule| fields.read("recurrence.rule", rule)).transpose()?;
        parts.exdates = locals("recurrence.exdates", &recurrence.exdates)?;
        parts.rdates = locals("recurrence.rdates", &recurrence.rdates)?;
        parts.used = locals("recurrence.used", &recurrence.used)?;
        let used_until = recurrence.used_until.as_deref().map(local);
        parts.used_until = used_until.map(|until| fields.read("recurrence.usedUntil", until)).transpose()?;
    }
    fields.read("recurrence", Series::new(parts).map_err(|problems| joined(&problems)))
}

fn joined(problems: &[impl Display]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
