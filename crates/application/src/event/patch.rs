//! The rules for patches of events.

use convene_domain::{
    correspondence::shift_of_rule,
    event::{Event, RegistrationPolicy},
    recurrence::{Series, SeriesParts},
    time::{Instant, LocalDateTime},
};

use time::Duration;

use super::times::{start_field, with_duration};
use crate::{
    failure::{Field, Refusal, Refusals},
    ports::{EventPatch, NewRecurrence},
};

/// An event after a patch.
#[derive(Debug, Clone, PartialEq)]
pub struct Patched {
    /// The event. Its series has the used dates of the series before, moved by the shift.
    pub event: Event,
    /// The shift ([`convene_domain::correspondence`]).
    pub by: Duration,
    /// True if the dates follow a given rule. One that says what the event says already is as good as none.
    pub has_rule: bool,
}

/// Applies the patch: increments the version and sets the time of change, or returns the event unchanged if the patch
/// changes nothing. `old_start` is the start that `startsAt` replaces.
///
/// # Errors
/// All contradictions, each with its field: a start that the rule does not match, a rule that cannot move with the start, whole
/// days with times of day, a registration window that closes before it opens.
pub fn patched(
    event: &Event,
    patch: &EventPatch,
    old_start: LocalDateTime,
    at: Instant,
) -> Result<Patched, Refusals> {
    let named = |refusal| match refusal {
        Refusal::InvalidInput { field, message } if field.is(Field::StartsAt) => {
            Refusal::invalid(start_field(patch), message)
        }
        other => other,
    };
    applied(event, patch, old_start, at).map_err(|refusals| refusals.map(named))
}

/// As [`patched`]; the refusals name `startsAt` for each form of a start.
fn applied(
    event: &Event,
    patch: &EventPatch,
    old_start: LocalDateTime,
    at: Instant,
) -> Result<Patched, Refusals> {
    let is_all_day = patch.days.as_ref().is_some_and(|days| days.all_day != Some(false));
    let patch = &with_duration(event, patch, old_start)?;
    let policy = RegistrationPolicy {
        opens: patch.registration_opens.unwrap_or(event.policy.opens),
        closes: patch.registration_closes.unwrap_or(event.policy.closes),
        cancellation_closes: patch.cancellation_closes.unwrap_or(event.policy.cancellation_closes),
    };
    let dates = patched_series(&event.series, patch, old_start, at);
    let (dates, policy) = Refusals::both(dates, checked_policy(policy))?;
    let Dates { series, by, has_rule } = dates;
    let same = Event {
        title: patch.title.clone().unwrap_or_else(|| event.title.clone()),
        description: patch.description.clone().unwrap_or_else(|| event.description.clone()),
        location: patch.location.clone().unwrap_or_else(|| event.location.clone()),
        series,
        duration: patch.duration.unwrap_or(event.duration),
        capacity: patch.capacity.unwrap_or(event.capacity),
        policy,
        ..event.clone()
    };
    if is_all_day && !same.is_all_day() {
        let message = "needs a recurrence whose dates are all at midnight";
        return Err(Refusal::invalid(Field::AllDay, message).into());
    }
    let event = if same == *event { same } else { same.changed(at) };
    Ok(Patched { event, by, has_rule })
}

/// Validates that the registration window of the policy is not empty.
///
/// # Errors
/// A refusal that names `registrationCloses`.
pub fn checked_policy(policy: RegistrationPolicy) -> Result<RegistrationPolicy, Refusals> {
    if policy.ever_opens() {
        return Ok(policy);
    }
    let message = "must be nearer to the start than registrationOpens, or registration would never be open";
    Err(Refusal::invalid(Field::RegistrationCloses, message).into())
}

/// The dates after a patch.
struct Dates {
    series: Series,
    by: Duration,
    has_rule: bool,
}

/// The dates after a patch. `old_start` is the start that `startsAt` replaces.
fn patched_series(
    series: &Series,
    patch: &EventPatch,
    old_start: LocalDateTime,
    at: Instant,
) -> Result<Dates, Refusals> {
    let by = patch.starts_at.map_or(Duration::ZERO, |start| start - old_start);
    let zone = patch.time_zone.unwrap_or(series.zone());
    let given = patch.recurrence.as_ref();
    let stays_on_its_day = patch.starts_at.is_none_or(|start| start.date() == old_start.date());
    if given.is_none_or(|given| repeats(series, given.as_ref())) {
        // No rule for a one-off event says as little as no recurrence.
        let names_nothing = given.is_none_or(Option::is_none);
        match series.shifted(by, zone) {
            Ok(moved)
                if names_nothing
                    || moved.has_same_parts(series)
                        && (stays_on_its_day || !series.names_dates_of(&moved, at)) =>
            {
                return Ok(Dates { series: moved, by, has_rule: false });
            }
            Err(problems) if names_nothing => return Err(problems.into()),
            // The caller has given dates of the new rule, or a rule that names days or times, which would move or cannot.
            Ok(_) | Err(_) => {}
        }
    }
    let given = given.cloned().flatten();
    let shift = |given: &Series| shift_of_rule(series, given, old_start, by, at);
    let names_start = |start| given.as_ref().is_some_and(|given| given.rdates.contains(&start));
    let starts_at_rdate = patch.starts_at.is_some_and(names_start);
    let beginning = |start: LocalDateTime| {
        let once = SeriesParts::once(start, zone);
        Series::new(match given.clone() {
            None => once,
            Some(NewRecurrence { rule, exdates, rdates }) => {
                SeriesParts { rule: Some(rule), exdates, rdates, ..once }
            }
        })
    };
    let given = match (patch.starts_at, &given) {
        (Some(start), Some(_)) if starts_at_rdate => {
            // The first date is an rdate. If only such dates are added or removed, the rule stays where it is. Otherwise it begins as
            // long after its first date as before.
            let stays = |kept: &Series| kept.first_date() == start && shift(kept).is_zero();
            let kept = beginning(series.start()).ok().filter(stays);
            let moved = || match series.start() == old_start {
                true => beginning(start),
                false => beginning(series.start().saturating_add(by)),
            };
            kept.map_or_else(moved, Ok)
        }
        (start, Some(_)) => beginning(start.unwrap_or(series.start())),
        // The one occurrence is the first one, which an rdate can be.
        (start, None) => beginning(start.unwrap_or(old_start)),
    }?;
    let by = shift(&given);
    let given = match by.is_zero() || starts_at_rdate {
        true => given,
        false => given.with_unchanged_of(series, by, at)?,
    };
    let used = series.parts().used.iter().map(|date| date.saturating_add(by)).collect();
    let used_until = series.parts().used_until.map(|until| until.saturating_add(by));
    Ok(Dates { series: given.with_used(used_until, used)?, by, has_rule: true })
}

/// Tests whether a recurrence is the one that the series has, in any form in which the API shows or takes it.
pub(crate) fn repeats(series: &Series, given: Option<&NewRecurrence>) -> bool {
    match given {
        None => !series.is_recurring(),
        Some(NewRecurrence { rule, exdates, rdates }) => series.is_given_by(rule, exdates, rdates),
    }
}

#[cfg(test)]
mod tests {
    use convene_domain::{duration::LeadTime, recurrence::Rule, text::Title, time::zone::Zone};
    use time::macros::datetime;

    use super::*;
    use crate::{
        fixtures::{self, fields},
        ports::DaysPatch,
    };

    fn series() -> Event {
        let parts = SeriesParts {
            rule: Some(Rule::parse("FREQ=DAILY").unwrap()),
            exdates: vec![datetime!(2026-11-03 9:00), datetime!(2026-11-04 12:00)],
            rdates: vec![datetime!(2026-11-05 20:00)],
            ..SeriesParts::once(datetime!(2026-11-02 9:00), Zone::UTC)
        };
        Event { series: Series::new(parts).unwrap(), ..fixtures::event(1, "2026-11-02 9:00", None) }
    }

    fn edited(event: &Event, patch: &EventPatch) -> Result<Event, Refusals> {
        patched(event, patch, event.series.start(), fixtures::NOW).map(|patched| patched.event)
    }

    fn lead(hours: i64) -> Option<LeadTime> {
        Some(LeadTime::new(Duration::hours(hours)).unwrap())
    }

    #[test]
    fn an_empty_patch_leaves_even_the_version() {
        let event = series();
        assert_eq!(edited(&event, &EventPatch::default()), Ok(event));
    }

    #[test]
    fn a_patch_with_current_values_changes_nothing() {
        let event = series();
        let patch = EventPatch {
            title: Some(event.title.clone()),
            starts_at: Some(event.series.start()),
            time_zone: Some(Zone::UTC),
            ..EventPatch::default()
        };
        assert_eq!(edited(&event, &patch), Ok(event));
    }

    #[test]
    fn applies_given_fields_and_increments_the_version() {
        let event = series();
        let title = Title::parse("Encore").unwrap();
        let patch = EventPatch { title: Some(title.clone()), ..EventPatch::default() };
        let after = edited(&event, &patch).unwrap();
        assert_eq!(after, Event { title, version: 2, updated_at: fixtures::NOW, ..event });
    }

    #[test]
    fn all_dates_move_with_the_start() {
        let patch = EventPatch { starts_at: Some(datetime!(2026-11-02 10:00)), ..EventPatch::default() };
        let after = edited(&series(), &patch).unwrap();
        assert_eq!(after.series.exdates(), [datetime!(2026-11-03 10:00), datetime!(2026-11-04 13:00)]);
        assert_eq!(after.series.rdates(), [datetime!(2026-11-05 21:00)]);
        assert_eq!(after.series.occurrences_on(time::macros::date!(2026 - 11 - 03)).count(), 0);
    }

    #[test]
    fn a_cleared_recurrence_leaves_one_occurrence() {
        let patch = EventPatch { recurrence: Some(None), ..EventPatch::default() };
        let after = edited(&series(), &patch).unwrap();
        assert!(!after.series.is_recurring());
        assert_eq!(after.series.start(), datetime!(2026-11-02 9:00));
    }

    #[test]
    fn refuses_everything_at_once() {
        let rule = Rule::parse("FREQ=WEEKLY;BYDAY=SU").unwrap();
        let patch = EventPatch {
            recurrence: Some(Some(NewRecurrence { rule, exdates: vec![], rdates: vec![] })),
            registration_opens: Some(lead(1)),
            registration_closes: Some(lead(2)),
            ..EventPatch::default()
        };
        let refusals = edited(&series(), &patch).unwrap_err();
        assert_eq!(fields(&refusals), ["registrationCloses", "startsAt"]);
    }

    #[test]
    fn whole_days_have_no_times_of_day() {
        let days = DaysPatch { all_day: Some(true), starts_on: None, ends_on: None };
        let patch = EventPatch { days: Some(days), ..EventPatch::default() };
        assert_eq!(fields(&edited(&series(), &patch).unwrap_err()), ["allDay"], "an rdate has one");
        let rule = Rule::parse("FREQ=DAILY;COUNT=3").unwrap();
        let recurrence = NewRecurrence { rule, exdates: vec![], rdates: vec![] };
        let patch = EventPatch { recurrence: Some(Some(recurrence)), ..patch };
        assert!(edited(&series(), &patch).unwrap().is_all_day());
    }

    #[test]
    fn checks_a_policy_of_which_only_one_end_changes() {
        let mut event = series();
        event.policy.closes = lead(48);
        let patch = EventPatch { registration_opens: Some(lead(24)), ..EventPatch::default() };
        assert_eq!(fields(&edited(&event, &patch).unwrap_err()), ["registrationCloses"]);
    }
}
