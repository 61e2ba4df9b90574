//! Applies a patch to an event.

use convene_domain::{
    event::Event,
    recurrence::{Series, SeriesParts},
    time::LocalDateTime,
};

use super::problems::series_problems;
use crate::{
    failure::Refusal,
    ports::{EventPatch, NewRecurrence},
};

/// The event with the patch applied, its version and times not yet counted on.
///
/// # Errors
/// Every problem of the patched event.
pub(super) fn apply(event: &Event, patch: &EventPatch) -> Result<Event, Vec<Refusal>> {
    let mut edited = event.clone();
    if let Some(title) = &patch.title {
        edited.title = title.clone();
    }
    if let Some(description) = &patch.description {
        edited.description = description.clone();
    }
    if let Some(location) = &patch.location {
        edited.location = location.clone();
    }
    if let Some(duration) = patch.duration {
        edited.duration = duration;
    }
    if let Some(capacity) = patch.capacity {
        edited.capacity = capacity;
    }
    if let Some(opens) = patch.registration_opens {
        edited.policy.opens = opens;
    }
    if let Some(closes) = patch.registration_closes {
        edited.policy.closes = closes;
    }
    if let Some(closes) = patch.cancellation_closes {
        edited.policy.cancellation_closes = closes;
    }
    let mut refusals = Vec::new();
    if !edited.policy.ever_opens() {
        refusals.push(Refusal::invalid("registrationCloses", "must be less than registrationOpens"));
    }
    if changes_series(patch) {
        match Series::new(series_parts(&event.series, patch)) {
            Ok(series) => edited.series = series,
            Err(problems) => {
                let structured = matches!(&patch.recurrence, Some(Some(new)) if new.structured);
                refusals.extend(series_problems(problems, structured));
            }
        }
    }
    if refusals.is_empty() { Ok(edited) } else { Err(refusals) }
}

const fn changes_series(patch: &EventPatch) -> bool {
    patch.starts_at.is_some() || patch.time_zone.is_some() || patch.recurrence.is_some()
}

fn series_parts(series: &Series, patch: &EventPatch) -> SeriesParts {
    let start = patch.starts_at.unwrap_or_else(|| series.start());
    let zone = patch.time_zone.unwrap_or_else(|| series.zone());
    match &patch.recurrence {
        Some(Some(NewRecurrence { rule, exdates, rdates, .. })) => SeriesParts {
            start,
            zone,
            rule: Some(rule.clone()),
            exdates: exdates.clone(),
            rdates: rdates.clone(),
        },
        Some(None) => SeriesParts { start, zone, rule: None, exdates: Vec::new(), rdates: Vec::new() },
        None => SeriesParts {
            start,
            zone,
            rule: series.rule().cloned(),
            // What was left out stays left out when the time of day changes.
            exdates: series.exdates().iter().map(|&date| follow(date, series.start(), start)).collect(),
            rdates: series.rdates().to_vec(),
        },
    }
}

/// A date that had the series' time of day gets its new one; any other stays.
fn follow(date: LocalDateTime, old_start: LocalDateTime, new_start: LocalDateTime) -> LocalDateTime {
    if date.time() == old_start.time() { date.replace_time(new_start.time()) } else { date }
}
