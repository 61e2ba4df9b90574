use std::sync::Arc;

use convene_domain::{
    event::{Event, EventStatus},
    id::EventId,
    recurrence::{RuleParts, Series, SeriesParts},
    text::Title,
    time::Instant,
};

use super::patch::{Patched, patched};
use crate::{
    caller::{Admin, TenantScope},
    change::RequestMetadata,
    failure::{Failure, Field, Outcome, Refusal, Refusals},
    mutation_context::ContextFactory,
    ports::{DaysPatch, Duplication, EventPatch, Events, NewRecurrence, NewStart},
};

/// The command to duplicate an event.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicateEventCommand {
    pub event: EventId,
    /// The title of the copy; `None` keeps that of the original.
    pub title: Option<Title>,
    /// The start of the first occurrence of the copy; `None` keeps that of the original.
    pub start: Option<NewStart>,
}

/// Duplicates an event of the admin's organization.
pub struct DuplicateEvent {
    pub(crate) contexts: ContextFactory,
    pub(crate) events: Arc<dyn Events>,
}

impl DuplicateEvent {
    /// Creates the copy.
    ///
    /// # Errors
    /// Refused with `NotFound` on `eventId`, `InvalidInput` on `startsAt` or `startsOn`, or `CreatedAndDeleted`.
    #[tracing::instrument(name = "event.duplicate", skip_all, fields(organization = %admin.scope().organization(), event = %command.event))]
    pub async fn execute(
        &self,
        admin: Admin<'_>,
        command: DuplicateEventCommand,
        request: RequestMetadata,
    ) -> Outcome<Event> {
        let DuplicateEventCommand { event, title, start } = command;
        let change = self.contexts.for_member(&admin, request);
        let copy = self.contexts.new_id(EventId::from_uuid);
        let duplication = Duplication { event, copy, title, start };
        let duplicated = self.events.duplicate(admin.scope(), duplication, &change).await;
        match duplicated {
            Err(failure) if change.idempotency.is_some() => {
                Err(of_repeat(&*self.events, admin.scope(), event, failure).await?)
            }
            outcome => outcome,
        }
    }
}

/// The failure of a change with an idempotency key that creates an event from `original`: one that is missing is the original, or
/// the one that an earlier call created.
pub(super) async fn of_repeat(
    events: &dyn Events,
    scope: &TenantScope,
    original: EventId,
    failure: Failure,
) -> Outcome<Failure> {
    if !failure.is_missing(Field::EventId) {
        return Ok(failure);
    }
    let is_gone = events.get_many(scope, &[original]).await?.is_empty();
    Ok(if is_gone { failure } else { failure.of_creation(Field::EventId) })
}

/// The copy of an event: all that the organizer set for the whole series, with the dates moved to the new start. If that needs another
/// rule, the copy has the same rule from the new start on, if this is one of its dates: there are no registrations that would
/// follow. It is scheduled, also if the original is cancelled, and has no past.
///
/// # Errors
/// The refusals of [`Events::duplicate`], except `NotFound`.
pub fn duplicated(event: &Event, duplication: &Duplication, now: Instant) -> Result<Event, Refusals> {
    let Duplication { event: _, copy, title, start } = duplication;
    if matches!(start, Some(NewStart::On(_))) && !event.is_all_day() {
        let message = "goes with events of whole days only; give startsAt";
        return Err(Refusal::invalid(Field::StartsOn, message).into());
    }
    let mut patch = EventPatch { title: title.clone(), ..EventPatch::default() };
    let field = match *start {
        Some(NewStart::On(day)) => {
            patch.days = Some(DaysPatch { starts_on: Some(day), ..DaysPatch::default() });
            Field::StartsOn
        }
        Some(NewStart::At(start)) => {
            patch.starts_at = Some(start);
            Field::StartsAt
        }
        None => Field::StartsAt,
    };
    let named = |refusals: Refusals| refusals.map(|refusal| by_start(refusal, field));
    let first = event.series.first_date();
    let moved = patched(event, &patch, first, now);
    let needs_rule = match &moved {
        Ok(moved) => !has_same_rule(&event.series, &moved.event.series),
        Err(refusals) => asks_for_recurrence(refusals),
    };
    let rule = needs_rule.then(|| restarted(event, *start)).flatten();
    let with_rule = rule.map(|rule| EventPatch { recurrence: Some(Some(rule)), ..patch });
    let same_rule = with_rule.and_then(|patch| patched(event, &patch, first, now).ok());
    let Patched { event: moved, .. } = same_rule.map_or(moved, Ok).map_err(named)?;
    // Dates that the original has used are dates of the copy like the others.
    let series = moved.series.with_all_dates();
    Ok(Event {
        id: *copy,
        series: series.map_err(|problems| named(problems.into()))?,
        earlier: Vec::new(),
        status: EventStatus::Scheduled,
        version: 1,
        created_at: now,
        updated_at: now,
        ..moved
    })
}

/// Tests whether the rules differ in nothing but their ends.
fn has_same_rule(one: &Series, other: &Series) -> bool {
    let endless =
        |series: &Series| series.rule().map(|rule| RuleParts { count: None, until: None, ..rule.to_parts() });
    endless(one) == endless(other)
}

/// Tests whether the only problem is a rule that cannot move all of its dates alike.
fn asks_for_recurrence(refusals: &[Refusal]) -> bool {
    let asks = |refusal: &Refusal| matches!(refusal, Refusal::InvalidInput { field, .. } if field.is(Field::Recurrence));
    refusals.iter().all(asks)
}

/// The recurrence of the event from another start on.
fn restarted(event: &Event, start: Option<NewStart>) -> Option<NewRecurrence> {
    let start = match start? {
        NewStart::At(start) => start,
        NewStart::On(day) => day.midnight(),
    };
    let series = event.series.restarted(start - event.series.first_date()).ok()?;
    let SeriesParts { rule, exdates, rdates, .. } = series.parts().clone();
    Some(NewRecurrence { rule: rule?, exdates, rdates })
}

/// The refusal with the field of the start: a copy is given no recurrence.
fn by_start(refusal: Refusal, start: Field) -> Refusal {
    match refusal {
        Refusal::InvalidInput { field, .. } if field.is(Field::Recurrence) => {
            let message = "must be a date of the original's rule; copy the event without it, and then give the copy a start and a \
                           recurrence";
            Refusal::invalid(start, message)
        }
        Refusal::InvalidInput { field, message } if !field.is(start) && !field.is(Field::StartsAt) => {
            Refusal::invalid(start, format!("does not suit the dates of the original: {field} {message}"))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::time::LocalDateTime;
    use rstest::rstest;
    use time::macros::{date, datetime};

    use super::*;
    use crate::fixtures::{self, fields};

    fn copy_of(event: &Event, starts_at: Option<LocalDateTime>) -> Result<Event, Refusals> {
        let copy = fixtures::event_id(2);
        let duplication =
            Duplication { event: event.id, copy, title: None, start: starts_at.map(NewStart::At) };
        duplicated(event, &duplication, fixtures::NOW)
    }

    #[test]
    fn the_dates_move_with_the_start() {
        let mut event =
            fixtures::event(1, "2026-11-02 9:00", Some("FREQ=WEEKLY;BYDAY=MO;UNTIL=20261130T090000"));
        let parts = SeriesParts { exdates: vec![datetime!(2026-11-09 9:00)], ..event.series.parts().clone() };
        event.series = Series::new(parts).unwrap();
        event.status = EventStatus::Cancelled;
        event.version = 7;
        let copy = copy_of(&event, Some(datetime!(2027-01-05 10:00))).unwrap();
        let starts: Vec<_> = copy.series.from_start().map(|date| date.local).collect();
        let expected = [
            datetime!(2027-01-05 10:00),
            datetime!(2027-01-19 10:00),
            datetime!(2027-01-26 10:00),
            datetime!(2027-02-02 10:00),
        ];
        assert_eq!(starts, expected);
        assert_eq!((copy.status, copy.version, copy.created_at), (EventStatus::Scheduled, 1, fixtures::NOW));
        assert_eq!(copy.title, event.title);
    }

    #[test]
    fn used_dates_are_dates_of_the_copy() {
        let mut event = fixtures::event(1, "2026-11-02 9:00", Some("FREQ=DAILY;COUNT=5"));
        event.series = event.series.with_used(Some(datetime!(2026-11-03 9:00)), vec![]).unwrap();
        assert_eq!(copy_of(&event, None).unwrap().series.from_start().count(), 5);
    }

    #[rstest]
    #[case::another_month("2026-11-15 9:00", "FREQ=MONTHLY;COUNT=3", datetime!(2027-01-15 9:00), [datetime!(2027-02-15 9:00), datetime!(2027-03-15 9:00)])]
    #[case::an_end("2026-11-30 9:00", "FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20270131T090000", datetime!(2027-02-28 9:00), [datetime!(2027-03-31 9:00), datetime!(2027-04-30 9:00)])]
    #[case::weekday_of_the_month("2026-11-09 9:00", "FREQ=MONTHLY;BYDAY=2MO", datetime!(2027-09-13 10:00), [datetime!(2027-10-11 10:00), datetime!(2027-11-08 10:00)])]
    #[case::another_year("2026-11-15 9:00", "FREQ=YEARLY", datetime!(2028-03-01 9:00), [datetime!(2029-03-01 9:00), datetime!(2030-03-01 9:00)])]
    #[case::last_working_day("2026-11-30 18:00", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=5", datetime!(2027-04-30 18:00), [datetime!(2027-05-31 18:00), datetime!(2027-06-30 18:00)])]
    #[case::another_weekday("2026-11-02 9:00", "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=6", datetime!(2026-11-04 9:00), [datetime!(2026-11-06 9:00), datetime!(2026-11-09 9:00)])]
    fn a_copy_repeats_the_rule_if_its_dates_cannot_move_alike(
        #[case] start: &str,
        #[case] rule: &str,
        #[case] new_start: LocalDateTime,
        #[case] next: [LocalDateTime; 2],
    ) {
        let copy = copy_of(&fixtures::event(1, start, Some(rule)), Some(new_start)).unwrap();
        let starts: Vec<_> = copy.series.from_start().map(|date| date.local).take(3).collect();
        assert_eq!(starts, [new_start, next[0], next[1]]);
    }

    #[test]
    fn a_copy_that_repeats_the_rule_has_as_many_dates() {
        let until = "FREQ=WEEKLY;BYDAY=MO,WE,FR;UNTIL=20261113T090000";
        let copy =
            copy_of(&fixtures::event(1, "2026-11-02 9:00", Some(until)), Some(datetime!(2026-11-04 9:00)));
        let starts: Vec<_> = copy.unwrap().series.from_start().map(|date| date.local).collect();
        assert_eq!((starts.len(), starts.last()), (6, Some(&datetime!(2026-11-16 9:00))));
    }

    #[test]
    fn a_start_to_which_the_dates_cannot_move_is_refused() {
        let event = fixtures::event(1, "2026-11-02 9:00", Some("FREQ=MONTHLY;BYDAY=1MO"));
        let refusals = copy_of(&event, Some(datetime!(2026-11-04 9:00))).unwrap_err();
        assert_eq!(fields(&refusals), ["startsAt"]);
    }

    #[test]
    fn a_first_day_goes_with_whole_days_only() {
        let event = fixtures::event(1, "2026-11-02 9:00", None);
        let copy = fixtures::event_id(2);
        let start = Some(NewStart::On(date!(2027 - 01 - 01)));
        let duplication = Duplication { event: event.id, copy, title: None, start };
        let refusals = duplicated(&event, &duplication, fixtures::NOW).unwrap_err();
        let message = "goes with events of whole days only; give startsAt";
        assert_eq!(refusals[..], [Refusal::invalid(Field::StartsOn, message)]);
    }
}
