//! The start and the duration of an event or an occurrence, from the forms in which a caller can give them.

use convene_domain::{
    duration::{DurationProblem, EventDuration, LONGEST},
    event::Event,
    occurrence::StoredOccurrence,
    recurrence::Rule,
    time::{LocalDateTime, zone::Zone},
};
use time::{Date, Time};

use crate::{
    failure::{Field, FieldPath, Refusal, Refusals},
    ports::{DaysPatch, EventPatch, OccurrencePatch},
};

/// The duration of an occurrence, in the form in which a caller gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    Duration(EventDuration),
    /// The local end of the first occurrence.
    EndsAt(LocalDateTime),
}

impl Length {
    /// The duration of an occurrence with this start.
    ///
    /// # Errors
    /// A refusal that names `endsAt`.
    pub fn duration(self, start: LocalDateTime, zone: Zone) -> Result<EventDuration, Refusals> {
        match self {
            Self::Duration(duration) => Ok(duration),
            Self::EndsAt(end) => check_end(start, end)
                .map_err(String::from)
                .and_then(|()| EventDuration::between(start, end, zone).map_err(|_| out_of_range()))
                .map_err(|message| Refusal::invalid(Field::EndsAt, message).into()),
        }
    }
}

fn out_of_range() -> String {
    format!("must be from 1 minute to {} days after startsAt", LONGEST.whole_days())
}

/// Validates that an end is after its start, both in local time.
///
/// # Errors
/// A message for the field of the end.
pub fn check_end(start: LocalDateTime, end: LocalDateTime) -> Result<(), &'static str> {
    if end <= start { Err("must be after startsAt") } else { Ok(()) }
}

/// The problems of a recurrence of whole days, as far as its parts are valid: those that are not at midnight.
#[must_use]
pub fn problems_of_days(
    rule: Option<&Rule>,
    exdates: &[LocalDateTime],
    rdates: &[LocalDateTime],
) -> Vec<(FieldPath, &'static str)> {
    let times = |rule: &Rule| rule.by_hour().iter().chain(rule.by_minute()).any(|part| *part != 0);
    let has_times = rule.is_some_and(times);
    let has_times =
        has_times.then(|| (Field::Recurrence.into(), "must have no times of day, because of allDay"));
    let dates = [(Field::Exdates, exdates), (Field::Rdates, rdates)].into_iter();
    let dates = dates
        .filter(|(_, dates)| dates.iter().any(|date| date.time() != Time::MIDNIGHT))
        .map(|(field, _)| (Field::Recurrence.child(field), "must be at midnight, because of allDay"));
    has_times.into_iter().chain(dates).collect()
}

/// The duration of the whole days from the first to the last.
///
/// # Errors
/// A message for the field of the last day.
pub fn duration_of_days(first: Date, last: Date) -> Result<EventDuration, String> {
    if last < first {
        return Err(String::from("must not be before startsOn"));
    }
    EventDuration::of_days(first, last).map_err(|_: DurationProblem| {
        format!("must be at most {} days after startsOn", LONGEST.whole_days() - 1)
    })
}

/// The patch with a start and a duration instead of an end or whole days. `old_start` is the start that it replaces.
///
/// # Errors
/// Refusals that name `startsAt`, `endsAt`, `startsOn` and `endsOn`.
pub(super) fn with_duration(
    event: &Event,
    patch: &EventPatch,
    old_start: LocalDateTime,
) -> Result<EventPatch, Refusals> {
    let start = patch.starts_at.unwrap_or(old_start);
    let mut patch = patch.clone();
    if let Some(end) = patch.ends_at.take() {
        let zone = patch.time_zone.unwrap_or(event.series.zone());
        patch.duration = Some(Length::EndsAt(end).duration(start, zone)?);
    }
    let Some(DaysPatch { all_day, starts_on, ends_on }) = patch.days.take() else { return Ok(patch) };
    if all_day == Some(false) {
        let duration = patch.duration.unwrap_or(event.duration);
        if start.time() == Time::MIDNIGHT && duration.is_days() {
            let message = "must be given with a time of day, or a duration that is not of whole days";
            return Err(Refusal::invalid(Field::StartsAt, message).into());
        }
        return Ok(patch);
    }
    if all_day.is_none() && !event.is_all_day() {
        let given = [(Field::StartsOn, starts_on), (Field::EndsOn, ends_on)];
        let given = given.into_iter().filter(|(_, date)| date.is_some());
        Refusals::verify_none(given.map(|(field, _)| Refusal::invalid(field, "goes with allDay only")))?;
        return Ok(patch);
    }
    let first = starts_on.unwrap_or(start.date());
    let duration = match ends_on {
        Some(last) => duration_of_days(first, last),
        None if event.is_all_day() => Ok(event.duration),
        None => duration_of_days(first, first),
    };
    let duration = duration.map_err(|message| Refusal::invalid(Field::EndsOn, message))?;
    if starts_on.is_some() || !event.is_all_day() {
        patch.starts_at = Some(first.midnight());
    }
    patch.duration = Some(duration);
    Ok(patch)
}

/// The field in which a patch gives the start.
pub(crate) fn start_field(patch: &EventPatch) -> Field {
    match patch.days {
        Some(DaysPatch { starts_on: Some(_), .. }) => Field::StartsOn,
        Some(DaysPatch { all_day: Some(true), .. }) if patch.starts_at.is_none() => Field::AllDay,
        _ => Field::StartsAt,
    }
}

/// The field in which a patch gives the end.
pub(crate) fn end_field(patch: &EventPatch) -> Field {
    match patch.days {
        _ if patch.ends_at.is_some() => Field::EndsAt,
        _ if patch.duration.is_some() => Field::Duration,
        Some(DaysPatch { ends_on: Some(_), .. }) => Field::EndsOn,
        _ => Field::AllDay,
    }
}

/// The patch of an occurrence with a duration instead of an end.
///
/// # Errors
/// A refusal that names `endsAt`.
pub(crate) fn occurrence_with_duration(
    event: &Event,
    occurrence: &StoredOccurrence,
    patch: &OccurrencePatch,
) -> Result<OccurrencePatch, Refusals> {
    let mut patch = patch.clone();
    if let Some(end) = patch.ends_at.take() {
        let start = patch.starts_at.or(occurrence.exception.starts_at).unwrap_or(occurrence.original_local);
        patch.duration = Some(Length::EndsAt(end).duration(start, event.series.zone())?);
    }
    Ok(patch)
}
