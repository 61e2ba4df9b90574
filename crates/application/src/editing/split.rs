//! Plans splits of series.

use convene_domain::{
    correspondence::{DateEdit, begun_early},
    event::{EarlierSchedule, Event},
    id::EventId,
    occurrence::{OccurrenceKey, StoredOccurrence},
    recurrence::SeriesOccurrence,
    time::{Instant, just_after},
};

use super::{
    EventPlan,
    dropped::dropped_exceptions,
    event::{plan_whole, without_begun},
    mapping::map_occurrences,
};
use crate::{
    event::{
        log,
        patch::{Patched, patched, repeats},
    },
    failure::{Field, Refusal, Refusals},
    ports::{EventPatch, NewRecurrence},
};

/// The place of a split.
#[derive(Debug, Clone, Copy)]
pub(super) struct Split {
    /// The current key of the first occurrence of the new event.
    pub(super) from: OccurrenceKey,
    /// The new event's id.
    pub(super) new_event: EventId,
}

/// Plans a split, and an edit of the second part. A split at the first occurrence is an edit of the whole event.
pub(super) fn plan_split(
    event: &Event,
    split: Split,
    patch: &EventPatch,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Result<EventPlan, Refusals> {
    let origin = origin(event, split.from, stored, now)?;
    // A new rule begins with the occurrence at which the series is split.
    let starts_at = patch.starts_at.or_else(|| patch.recurrence.as_ref().map(|_| origin.local));
    let patch = &EventPatch { starts_at, ..patch.clone() };
    let Some((before, rest)) = event.series.split_at(origin.start) else {
        return plan_whole(event, patch, origin.local, stored, now);
    };
    let mut ended = event.clone().changed(now);
    // What was moved forward and has begun stays with the first event, which does not get its original date back.
    let used = event.series.parts().used.iter().chain(&before.parts().used).copied();
    let used = used.chain(begun_early(stored, now)).collect();
    ended.series = before.with_used(before.parts().used_until, used)?;
    let continued = Event {
        id: split.new_event,
        series: rest,
        earlier: Vec::new(),
        version: 1,
        created_at: now,
        updated_at: now,
        ..event.clone()
    };
    let patch = &of_second_part(event, &continued, patch);
    let Patched { event: edited, by, has_rule } = patched(&continued, patch, origin.local, now)?;
    let edit = DateEdit { by, has_rule, now };
    let zone = event.series.zone();
    let follows = |one: &&StoredOccurrence| zone.resolve(one.original_local).instant >= origin.start;
    let following: Vec<StoredOccurrence> = stored.iter().filter(follows).cloned().collect();
    let mut edited = Event { version: 1, ..edited };
    edited.series = without_begun(&continued, &edited, edit, &following)?;
    // The first event has the past.
    if edited.current_schedule().between(Instant::MIN, just_after(now)).next().is_some() {
        edited.earlier.push(EarlierSchedule::of(&continued, now));
    }
    let steps = map_occurrences(&continued, &edited, edit, &following, Vec::new());
    let (dropped_exceptions, of_dropped) = dropped_exceptions(event, &steps);
    let mut entries = vec![log::split(event, &ended), log::created(&edited)];
    entries.extend(of_dropped);
    Ok(EventPlan { ended: Some(ended), by, steps, dropped_exceptions, ..EventPlan::new(edited, entries) })
}

/// The patch with the recurrence of the second part if it repeats that of the whole event, which changes no date: the second part
/// has a share of a COUNT, and of the exdates and rdates.
fn of_second_part(event: &Event, second: &Event, patch: &EventPatch) -> EventPatch {
    let is_repeated = patch.recurrence.as_ref().is_some_and(|given| repeats(&event.series, given.as_ref()));
    if !is_repeated {
        return patch.clone();
    }
    let series = &second.series;
    let recurrence = series.rule().map(|rule| {
        let (exdates, rdates) = (series.exdates().to_vec(), series.rdates().to_vec());
        Some(NewRecurrence { rule: rule.clone(), exdates, rdates })
    });
    EventPatch { recurrence, ..patch.clone() }
}

/// The date at which the series is split.
fn origin(
    event: &Event,
    from: OccurrenceKey,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Result<SeriesOccurrence, Refusal> {
    let invalid = |message| Refusal::invalid(Field::FromOccurrenceId, message);
    match stored.iter().find(|occurrence| occurrence.key == from) {
        Some(dropped) if dropped.is_dropped() => return Err(Refusal::not_found(Field::FromOccurrenceId)),
        Some(begun) if begun.interval.start() <= now => return Err(invalid(HAS_BEGUN)),
        Some(postponed) if postponed.key.original_start <= now => {
            return Err(invalid("must be an occurrence whose original start has not passed"));
        }
        _ => {}
    }
    let origin = event.occurrence_at(from.original_start);
    let origin = origin.ok_or_else(|| Refusal::not_found(Field::FromOccurrenceId))?;
    if origin.start <= now { Err(invalid(HAS_BEGUN)) } else { Ok(origin) }
}

const HAS_BEGUN: &str = "must be an occurrence that has not begun";
