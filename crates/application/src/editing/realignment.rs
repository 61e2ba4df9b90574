//! Occurrences whose times an update of the time-zone database has changed.

use convene_domain::{correspondence::DateEdit, event::Event, occurrence::StoredOccurrence, time::Instant};
use time::Duration;

use super::{
    event::{EventPlan, plan_occurrences},
    mapping::interval_of,
};
use crate::{event::log, failure::Refusals};

/// The id of a date that an edit moves into the past may be a later second, which is ahead for less than this.
const FREE_SECONDS: Duration = Duration::MINUTE;

/// Tests whether a stored occurrence that has not begun has the original start and the times that its event gives it. It has others
/// after an update of the time-zone database.
#[must_use]
pub fn has_current_times(event: &Event, stored: &StoredOccurrence, now: Instant) -> bool {
    let StoredOccurrence { key, original_local, .. } = stored;
    let is_date = || {
        let start = event.series.zone().resolve(*original_local).instant;
        start == key.original_start && event.occurrence_at(start).is_some()
    };
    let is_ahead = key.original_start > now.saturating_add(FREE_SECONDS);
    (!is_ahead || is_date())
        && stored.interval == interval_of(event, &stored.exception, key.original_start, *original_local)
}

/// Plans to give the stored occurrences of an event, which are those of [`plan_event_edit`](super::plan_event_edit), the times that
/// their dates have now. The event stays as it is, also a cancelled one.
///
/// # Errors
/// `LimitExceeded` if too many registrations follow.
pub fn plan_realignment(
    event: &Event,
    stored: &[StoredOccurrence],
    now: Instant,
) -> Result<EventPlan, Refusals> {
    let edit = DateEdit { by: Duration::ZERO, has_rule: false, now };
    let plan = plan_occurrences(event, event.clone(), edit, stored, log::realigned)?;
    if plan.steps.is_empty() {
        return Ok(EventPlan { by: edit.by, ..EventPlan::new(plan.event, Vec::new()) });
    }
    plan.within_limit()
}

#[cfg(test)]
mod tests {
    use convene_domain::{
        occurrence::{OccurrenceKey, StoredState},
        time::interval::Interval,
    };
    use time::macros::datetime;

    use super::*;
    use crate::{
        editing::{OccurrenceStep, verify_following},
        failure::Refusal,
        fixtures::{NOW, event},
        limits::{EDITED_REGISTRATIONS, Limit},
    };

    /// The occurrence of a day, with the times that other clocks gave it.
    fn outdated(event: &Event, number: usize, by: Duration) -> StoredOccurrence {
        let date = event.series.from_start().nth(number).unwrap();
        let stored = StoredOccurrence::from_rule(event, date);
        let key = OccurrenceKey { original_start: date.start + by, ..stored.key };
        StoredOccurrence { key, ..at(stored, by) }
    }

    fn at(stored: StoredOccurrence, by: Duration) -> StoredOccurrence {
        let interval = stored.interval;
        StoredOccurrence {
            interval: Interval::new(interval.start() + by, interval.end() + by).unwrap(),
            ..stored
        }
    }

    fn daily() -> Event {
        event(1, "2026-11-02 9:00", Some("FREQ=DAILY;COUNT=9"))
    }

    #[test]
    fn every_time_of_an_occurrence_is_compared() {
        let event = daily();
        let current = outdated(&event, 0, Duration::ZERO);
        assert!(has_current_times(&event, &current, NOW));
        assert!(!has_current_times(&event, &outdated(&event, 0, Duration::HOUR), NOW));
        // An end in another day of the calendar, and a start of its own.
        assert!(!has_current_times(&event, &at(current.clone(), Duration::HOUR), NOW));
        let mut own = current.clone();
        own.exception.starts_at = Some(datetime!(2026-11-20 9:00));
        assert!(!has_current_times(&event, &own, NOW));
        let own = at(own, Duration::days(18));
        assert!(has_current_times(&event, &own, NOW));
        // The id of one that was postponed may be any second.
        let later = own.key.original_start + Duration::HOUR;
        let moved = OccurrenceKey { original_start: later - Duration::minutes(59), ..own.key };
        assert!(has_current_times(&event, &StoredOccurrence { key: moved, ..own }, later));
    }

    #[test]
    fn a_date_that_the_series_does_not_have_is_outdated() {
        let event = daily();
        let mut stored = outdated(&event, 8, Duration::ZERO);
        assert!(has_current_times(&event, &stored, NOW));
        stored = at(stored, Duration::DAY);
        stored.key.original_start += Duration::DAY;
        stored.original_local += Duration::DAY;
        assert!(!has_current_times(&event, &stored, NOW));
    }

    #[test]
    fn the_event_and_current_occurrences_stay_as_they_are() {
        let event = daily();
        let stored = [outdated(&event, 0, Duration::ZERO), outdated(&event, 1, Duration::HOUR)];
        let plan = plan_realignment(&event, &stored, NOW).unwrap();
        assert_eq!(plan.event, event);
        assert!(matches!(
            &plan.steps[..],
            [OccurrenceStep::Become { before, after }]
                if **before == stored[1] && after.interval == outdated(&event, 1, Duration::ZERO).interval
        ));
        let plan = plan_realignment(&event, &stored[..1], NOW).unwrap();
        assert!(plan.entries.is_empty());
    }

    #[test]
    fn a_cancelled_occurrence_stays_cancelled() {
        let event = daily();
        let mut stored = outdated(&event, 1, Duration::HOUR);
        stored.state = StoredState::Cancelled;
        stored.exception.cancelled = true;
        let plan = plan_realignment(&event, &[stored], NOW).unwrap();
        assert_eq!(plan.steps[0].after().state, StoredState::Cancelled);
    }

    #[test]
    fn the_registrations_that_follow_are_limited() {
        let event = daily();
        let full = StoredOccurrence { taken: EDITED_REGISTRATIONS, ..outdated(&event, 0, Duration::HOUR) };
        assert!(plan_realignment(&event, std::slice::from_ref(&full), NOW).is_ok());
        let one_more = StoredOccurrence { waiting: 1, ..full };
        let refused = Refusal::LimitExceeded(Limit::EditedRegistrations);
        assert_eq!(plan_realignment(&event, &[one_more], NOW), Err(refused.clone().into()));

        let plan = |taken| {
            let stored = StoredOccurrence { taken, ..outdated(&event, 0, Duration::HOUR) };
            plan_realignment(&event, &[stored], NOW).unwrap()
        };
        assert_eq!(verify_following(&[plan(EDITED_REGISTRATIONS), plan(0)]), Ok(()));
        assert_eq!(verify_following(&[plan(EDITED_REGISTRATIONS), plan(1)]), Err(refused));
    }
}
