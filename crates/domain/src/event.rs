//! One-off and recurring events.

use ::time::Duration;

use crate::{
    capacity::Capacity,
    duration::{EventDuration, LeadTime},
    id::EventId,
    names::names,
    recurrence::{Occurrences, Series, SeriesOccurrence, SeriesParts},
    text::{Description, Location, Title},
    time::{Instant, LocalDateTime, interval::Interval, just_after},
};

names! {
    /// The status of an event.
    pub enum EventStatus {
        /// The event takes place.
        Scheduled => "SCHEDULED",
        /// Every occurrence that had not begun is cancelled.
        Cancelled => "CANCELLED",
    }
}

/// The registration window of an occurrence and its cancellation deadline, as times before its start.
///
/// ```
/// use convene_domain::{duration::LeadTime, event::RegistrationPolicy};
/// use time::{Duration, macros::utc_datetime};
///
/// let start = utc_datetime!(2027-03-01 09:00);
/// let policy = RegistrationPolicy {
///     opens: Some(LeadTime::new(Duration::days(7))?),
///     ..RegistrationPolicy::default()
/// };
/// assert_eq!(policy.opens_at(start), Some(utc_datetime!(2027-02-22 09:00)));
/// assert_eq!(policy.closes_at(start), start);
/// # Ok::<(), convene_domain::duration::DurationProblem>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RegistrationPolicy {
    /// The time before the start at which registration opens; `None` means that it is open from the beginning.
    pub opens: Option<LeadTime>,
    /// The time before the start at which registration closes; `None` means at the start.
    pub closes: Option<LeadTime>,
    /// The time before the start until which a member may cancel; `None` means until the start.
    pub cancellation_closes: Option<LeadTime>,
}

impl RegistrationPolicy {
    /// The instant at which registration for an occurrence with this start opens; `None` if it is open from the beginning.
    #[must_use]
    pub fn opens_at(&self, start: Instant) -> Option<Instant> {
        self.opens.map(|lead| start - lead.get())
    }

    /// The instant at which registration closes.
    #[must_use]
    pub fn closes_at(&self, start: Instant) -> Instant {
        start - self.closes.map_or(Duration::ZERO, LeadTime::get)
    }

    /// The instant from which members can no longer cancel.
    #[must_use]
    pub fn cancellation_closes_at(&self, start: Instant) -> Instant {
        start - self.cancellation_closes.map_or(Duration::ZERO, LeadTime::get)
    }

    /// Returns true if registration opens before it closes.
    #[must_use]
    pub fn ever_opens(&self) -> bool {
        self.opens.is_none_or(|opens| opens.get() > self.closes.map_or(Duration::ZERO, LeadTime::get))
    }
}

/// A schedule that was replaced by an edit, with the other values of its occurrences.
///
/// An edit of a series changes future occurrences only, so the event keeps the schedule of those that had begun.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlierSchedule {
    /// The title of the occurrences.
    pub title: Title,
    /// The location of the occurrences.
    pub location: Location,
    /// The number of seats of each occurrence.
    pub capacity: Capacity,
    /// The dates of the occurrences.
    pub series: Series,
    /// The duration of each occurrence.
    pub duration: EventDuration,
    /// The time of the edit: occurrences of this schedule begin at or before it.
    pub until: Instant,
    /// The time of a cancellation of the event that was reversed at `until`: occurrences that begin after it did not take
    /// place.
    pub cancelled_after: Option<Instant>,
}

impl EarlierSchedule {
    /// The schedule of an event that an edit, or the end of its cancellation, replaces at this time. Of its exdates and rdates, it
    /// keeps those of its own period.
    #[must_use]
    pub fn of(event: &Event, until: Instant) -> Self {
        Self {
            title: event.title.clone(),
            location: event.location.clone(),
            capacity: event.capacity,
            series: event.series.within(event.earlier.last().map(|earlier| earlier.until), until),
            duration: event.duration,
            until,
            cancelled_after: event.cancelled_at(),
        }
    }

    /// The number of bytes that the schedule takes as text.
    #[must_use]
    pub fn bytes(&self) -> usize {
        /// The bytes of a wall-clock time.
        const DATE: usize = 19;
        let SeriesParts { rule, exdates, rdates, used, .. } = self.series.parts();
        let rule = rule.as_ref().map_or(0, |rule| rule.to_string().len());
        let dates = exdates.len() + rdates.len() + used.len();
        self.title.as_str().len() + self.location.as_str().len() + rule + DATE * dates
    }
}

/// The period of an event's life with one series and one duration.
#[derive(Debug, Clone, Copy)]
pub struct Schedule<'event> {
    /// The dates of the occurrences.
    pub series: &'event Series,
    /// The duration of each occurrence.
    pub duration: EventDuration,
    /// Occurrences begin after this instant; `None` means from the beginning.
    after: Option<Instant>,
    /// Occurrences begin at or before this instant; `None` means without end.
    until: Option<Instant>,
}

impl<'event> Schedule<'event> {
    /// Returns true if an occurrence with this start belongs to this period.
    #[must_use]
    pub fn covers(&self, start: Instant) -> bool {
        self.after.is_none_or(|after| start > after) && self.until.is_none_or(|until| start <= until)
    }

    /// The occurrences of this period that begin in `[from, to)`.
    pub fn between(&self, from: Instant, to: Instant) -> Occurrences<'event> {
        let from = self.after.map_or(from, |after| from.max(just_after(after)));
        let to = self.until.map_or(to, |until| to.min(just_after(until)));
        self.series.between(from, to)
    }

    /// The time before which the last occurrence of this period has ended; `None` if the period is endless.
    fn last_end(&self) -> Option<Instant> {
        let by_rule = self.series.last_end(self.duration.longest());
        let by_edit = self.until.map(|until| until + self.duration.longest());
        match (by_rule, by_edit) {
            (Some(by_rule), Some(by_edit)) => Some(by_rule.min(by_edit)),
            (by_rule, by_edit) => by_rule.or(by_edit),
        }
    }
}

/// An event of an organization.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The event's id.
    pub id: EventId,
    /// The title.
    pub title: Title,
    /// The description.
    pub description: Description,
    /// The location.
    pub location: Location,
    /// The dates of the occurrences: start, zone, and the rule of a recurring event. It applies after the end of the
    /// last earlier schedule.
    pub series: Series,
    /// The duration of each occurrence.
    pub duration: EventDuration,
    /// The schedules that edits have replaced, oldest first; at most
    /// [`MAX_EARLIER_SCHEDULES`](Self::MAX_EARLIER_SCHEDULES).
    pub earlier: Vec<EarlierSchedule>,
    /// The number of seats of each occurrence without a capacity of its own.
    pub capacity: Capacity,
    /// The registration window and the cancellation deadline.
    pub policy: RegistrationPolicy,
    /// The status.
    pub status: EventStatus,
    /// The number of changes, from 1. A change of an outdated version is refused.
    pub version: u32,
    /// The creation time.
    pub created_at: Instant,
    /// The time of the last change.
    pub updated_at: Instant,
}

impl Event {
    /// The maximum number of earlier schedules that edits leave behind: a daily class in another room each day for almost three
    /// years, in a document that is still small.
    pub const MAX_EARLIER_SCHEDULES: usize = 1_000;

    /// The maximum number of bytes of these earlier schedules: a thousand of usual size, or the four largest ones.
    pub const MAX_EARLIER_BYTES: usize = 128 * 1024;

    /// The number of further earlier schedules that restorations may leave behind. A cancelled event cannot be edited or split, so the
    /// limits of edits must not end its life.
    pub const EARLIER_OF_RESTORATIONS: usize = 100;

    /// Tests whether the event can keep a further earlier schedule of this number of [bytes](EarlierSchedule::bytes). A cancelled
    /// event, which is being restored, has further room.
    #[must_use]
    pub fn has_room_for_earlier(&self, bytes: usize) -> bool {
        let (number, size) = match self.status {
            EventStatus::Scheduled => (Self::MAX_EARLIER_SCHEDULES, Self::MAX_EARLIER_BYTES),
            EventStatus::Cancelled => (
                Self::MAX_EARLIER_SCHEDULES + Self::EARLIER_OF_RESTORATIONS,
                Self::MAX_EARLIER_BYTES + Self::EARLIER_OF_RESTORATIONS * bytes,
            ),
        };
        let kept: usize = self.earlier.iter().map(EarlierSchedule::bytes).sum();
        self.earlier.len() < number && kept.saturating_add(bytes) <= size
    }

    /// Tests for an event of whole days: each occurrence lasts from midnight to midnight on the clocks of its zone.
    #[must_use]
    pub fn is_all_day(&self) -> bool {
        self.series.is_at_midnight() && self.duration.is_days()
    }

    /// The interval of an occurrence with this start and the event's own duration.
    #[must_use]
    pub fn interval_from(&self, start: Instant) -> Interval {
        let local = || self.series.zone().to_local(start);
        let origin = self.occurrence_at(start).map_or_else(local, |origin| origin.local);
        self.interval_at(start, origin)
    }

    /// The interval of an occurrence of the rule.
    #[must_use]
    pub fn interval_of(&self, origin: SeriesOccurrence) -> Interval {
        self.interval_at(origin.start, origin.local)
    }

    /// The interval of an occurrence with the event's own duration, with its start on the clocks of its zone.
    fn interval_at(&self, start: Instant, local: LocalDateTime) -> Interval {
        let schedule = self.schedules().find(|schedule| schedule.covers(start));
        let (zone, duration) = schedule.map_or((self.series.zone(), self.duration), |schedule| {
            (schedule.series.zone(), schedule.duration)
        });
        duration.interval(start, local, zone)
    }

    /// The event's own duration for an occurrence with this original start.
    #[must_use]
    pub fn duration_at(&self, start: Instant) -> EventDuration {
        let schedule = self.schedules().find(|schedule| schedule.covers(start));
        schedule.map_or(self.duration, |schedule| schedule.duration)
    }

    /// The periods of the event's life, in order; at least one.
    pub fn schedules(&self) -> impl Iterator<Item = Schedule<'_>> {
        let ends = self.earlier.iter().map(|earlier| Some(earlier.until));
        let starts = std::iter::once(None).chain(ends.clone());
        let series = self.earlier.iter().map(|earlier| (&earlier.series, earlier.duration));
        series
            .chain(std::iter::once((&self.series, self.duration)))
            .zip(starts.zip(ends.chain(std::iter::once(None))))
            .map(|((series, duration), (after, until))| Schedule { series, duration, after, until })
    }

    /// The title of an occurrence that takes place at this time, unless it has its own.
    #[must_use]
    pub fn title_at(&self, start: Instant) -> &Title {
        self.earlier_at(start).map_or(&self.title, |earlier| &earlier.title)
    }

    /// The location of an occurrence that takes place at this time, unless it has its own.
    #[must_use]
    pub fn location_at(&self, start: Instant) -> &Location {
        self.earlier_at(start).map_or(&self.location, |earlier| &earlier.location)
    }

    /// The number of seats of an occurrence that takes place at this time, unless it has its own.
    #[must_use]
    pub fn capacity_at(&self, start: Instant) -> Capacity {
        self.earlier_at(start).map_or(self.capacity, |earlier| earlier.capacity)
    }

    /// The earlier schedule by which an occurrence with this start took place.
    fn earlier_at(&self, start: Instant) -> Option<&EarlierSchedule> {
        self.earlier.iter().find(|earlier| start <= earlier.until)
    }

    /// The number of the schedule that covers this start, among [`schedules`](Self::schedules), from 0.
    ///
    /// The same wall-clock time can be a date of several schedules, at different instants if their zones differ.
    #[must_use]
    pub fn schedule_at(&self, start: Instant) -> usize {
        self.earlier.iter().take_while(|earlier| start > earlier.until).count()
    }

    /// The schedule that applies from now on.
    #[must_use]
    pub fn current_schedule(&self) -> Schedule<'_> {
        let after = self.earlier.last().map(|earlier| earlier.until);
        Schedule { series: &self.series, duration: self.duration, after, until: None }
    }

    /// The last occurrence that has begun by the current schedule.
    #[must_use]
    pub fn last_begun(&self, now: Instant) -> Option<SeriesOccurrence> {
        let from = self.earlier.last().map_or(Instant::MIN, |earlier| just_after(earlier.until));
        self.series.latest(from, just_after(now), 1).pop()
    }

    /// The time of the cancellation, if the event is cancelled: a cancelled event does not change until it is restored.
    #[must_use]
    pub fn cancelled_at(&self) -> Option<Instant> {
        (self.status == EventStatus::Cancelled).then_some(self.updated_at)
    }

    /// The next version of the event, changed at `now`.
    #[must_use]
    pub fn changed(self, now: Instant) -> Self {
        Self { version: self.version.saturating_add(1), updated_at: now, ..self }
    }

    /// The event after its cancellation at `now`, in the same version.
    #[must_use]
    pub fn cancelled(&self, now: Instant) -> Self {
        Self { status: EventStatus::Cancelled, updated_at: now, ..self.clone() }
    }

    /// The status of a derived occurrence with this start: an occurrence that had begun before its event was cancelled has
    /// taken place. One that would have begun while the event was cancelled has not.
    #[must_use]
    pub fn status_at(&self, start: Instant) -> EventStatus {
        let earlier = self.earlier_at(start).and_then(|earlier| earlier.cancelled_after);
        let is_cancelled = earlier.into_iter().chain(self.cancelled_at()).any(|at| start > at);
        if is_cancelled { EventStatus::Cancelled } else { EventStatus::Scheduled }
    }

    /// The occurrence with this original start, if the event has one.
    #[must_use]
    pub fn occurrence_at(&self, original_start: Instant) -> Option<SeriesOccurrence> {
        let schedule = self.schedules().find(|schedule| schedule.covers(original_start))?;
        schedule.series.occurrence_at(original_start)
    }

    /// Tests whether an occurrence by the rule ends after `from` and begins before `to`.
    #[must_use]
    pub fn takes_place(&self, from: Instant, to: Instant) -> bool {
        self.schedules().any(|schedule| {
            let earliest = from.saturating_sub(schedule.duration.longest());
            schedule.between(earliest, to).any(|origin| self.interval_of(origin).end() > from)
        })
    }

    /// The earliest start of an occurrence: none begins before.
    #[must_use]
    pub fn first_start(&self) -> Instant {
        let earlier = self.earlier.iter().map(|earlier| earlier.series.first_start());
        earlier.fold(self.series.first_start(), Instant::min)
    }

    /// The time before which the last occurrence has ended, which is its end unless the duration has days; `None` if the
    /// event is endless.
    #[must_use]
    pub fn last_end(&self) -> Option<Instant> {
        self.schedules()
            .map(|schedule| schedule.last_end())
            .try_fold(Instant::MIN, |last, end| Some(last.max(end?)))
    }
}
