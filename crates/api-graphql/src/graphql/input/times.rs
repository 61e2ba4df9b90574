//! The start and the length of an event, in the forms in which a caller can give them.

use convene_application::{
    event::{Length, check_end, duration_of_days},
    failure::Field,
    ports::DaysPatch,
};
use convene_domain::{duration::EventDuration, time::LocalDateTime as WallClockTime};

use crate::graphql::{
    problems::Problems,
    scalars::{Date, Duration, LocalDateTime},
};

/// The times of an input, as given.
#[derive(Clone, Copy, Default)]
pub(super) struct GivenTimes<'i> {
    pub(super) starts_at: Option<&'i LocalDateTime>,
    pub(super) duration: Option<&'i Duration>,
    pub(super) ends_at: Option<&'i LocalDateTime>,
    pub(super) starts_on: Option<&'i Date>,
    pub(super) ends_on: Option<&'i Date>,
}

/// The times of an edit, each `None` if it stays.
#[derive(Clone, Copy, Default)]
pub(super) struct EditedTimes {
    pub(super) starts_at: Option<WallClockTime>,
    pub(super) duration: Option<EventDuration>,
    pub(super) ends_at: Option<WallClockTime>,
    pub(super) days: Option<DaysPatch>,
}

impl GivenTimes<'_> {
    /// The start and the length of a new event.
    pub(super) fn of_new_event(
        self,
        is_all_day: bool,
        problems: &mut Problems,
    ) -> Option<(WallClockTime, Length)> {
        if is_all_day && self.starts_on.is_none() {
            problems.note(Field::StartsOn, "must be given with allDay");
        }
        if !is_all_day && self.starts_at.is_none() {
            problems.note(Field::StartsAt, "must be given");
        }
        if !is_all_day && self.duration.is_none() && self.ends_at.is_none() {
            problems.note(Field::Duration, "must be given, or endsAt");
        }
        let times = self.parsed(Some(is_all_day), problems)?;
        if is_all_day {
            let days = times.days.unwrap_or_default();
            let first = days.starts_on?;
            let duration = duration_of_days(first, days.ends_on.unwrap_or(first)).ok()?;
            return Some((first.midnight(), Length::Duration(duration)));
        }
        let length = times.duration.map(Length::Duration).or(times.ends_at.map(Length::EndsAt));
        Some((times.starts_at?, length?))
    }

    /// The times of an edit.
    pub(super) fn of_edit(self, all_day: Option<bool>, problems: &mut Problems) -> Option<EditedTimes> {
        let times = self.parsed(all_day, problems)?;
        let days = times.days.filter(|days| *days != DaysPatch::default());
        Some(EditedTimes { days, ..times })
    }

    /// The times without contradictions.
    fn parsed(self, all_day: Option<bool>, problems: &mut Problems) -> Option<EditedTimes> {
        let Self { starts_at, duration, ends_at, starts_on, ends_on } = self;
        let mut is_consistent = true;
        let mut refuse = |problems: &mut Problems, field, is_given, message: &str| {
            if is_given {
                problems.note(field, message);
                is_consistent = false;
            }
        };
        if all_day == Some(true) {
            let message = "must not be given with allDay; give startsOn and endsOn";
            refuse(problems, Field::StartsAt, starts_at.is_some(), message);
            refuse(problems, Field::Duration, duration.is_some(), message);
            refuse(problems, Field::EndsAt, ends_at.is_some(), message);
        } else {
            let with_duration = duration.is_some() && ends_at.is_some();
            refuse(problems, Field::EndsAt, with_duration, "must not be given together with duration");
            let with_time = starts_at.is_some() || duration.is_some() || ends_at.is_some();
            let is_refused = all_day == Some(false) || with_time;
            let message = "goes with allDay only, and without startsAt, duration and endsAt";
            refuse(problems, Field::StartsOn, is_refused && starts_on.is_some(), message);
            refuse(problems, Field::EndsOn, is_refused && ends_on.is_some(), message);
        }
        let starts_at = problems.check_optional(Field::StartsAt, starts_at, LocalDateTime::parse);
        let duration = problems.check_optional(Field::Duration, duration, Duration::parse_event_duration);
        let ends_at = problems.check_optional(Field::EndsAt, ends_at, LocalDateTime::parse);
        let starts_on = problems.check_optional(Field::StartsOn, starts_on, Date::parse);
        let ends_on = problems.check_optional(Field::EndsOn, ends_on, Date::parse);
        if let (Some(Some(start)), Some(Some(end))) = (starts_at, ends_at) {
            is_consistent &= problems.check(Field::EndsAt, check_end(start, end)).is_some();
        }
        if let (Some(Some(first)), Some(Some(last))) = (starts_on, ends_on) {
            is_consistent &= problems.check(Field::EndsOn, duration_of_days(first, last)).is_some();
        }
        let days = DaysPatch { all_day, starts_on: starts_on?, ends_on: ends_on? };
        let times =
            EditedTimes { starts_at: starts_at?, duration: duration?, ends_at: ends_at?, days: Some(days) };
        is_consistent.then_some(times)
    }
}
