//! Events: one-off or recurring.

use ::time::Duration;

use crate::{
    capacity::Capacity,
    duration::{EventDuration, LeadTime},
    id::EventId,
    recurrence::{Occurrences, Series, SeriesOccurrence},
    text::{Description, Location, Title},
    time::{Instant, interval::Interval},
};

/// Whether an event takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventStatus {
    /// It does.
    Scheduled,
    /// It was called off, every occurrence of it that had not begun.
    Cancelled,
}

impl EventStatus {
    /// The status' name in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Reads what [`as_str`](Self::as_str) gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Scheduled, Self::Cancelled].into_iter().find(|status| status.as_str() == text)
    }
}

/// When members may register for an occurrence, and until when they may cancel, as times before its start.
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
    /// How long before the start registration opens; none: at once.
    pub opens: Option<LeadTime>,
    /// How long before the start registration closes; none: at the start.
    pub closes: Option<LeadTime>,
    /// How long before the start a member may still cancel; none: until the start.
    pub cancellation_closes: Option<LeadTime>,
}

impl RegistrationPolicy {
    /// When registration for an occurrence that begins at `start` opens; `None` if it is open from the outset.
    #[must_use]
    pub fn opens_at(&self, start: Instant) -> Option<Instant> {
        self.opens.map(|lead| start - lead.get())
    }

    /// From when on nobody can register any more.
    #[must_use]
    pub fn closes_at(&self, start: Instant) -> Instant {
        start - self.closes.map_or(Duration::ZERO, LeadTime::get)
    }

    /// From when on no member can cancel any more.
    #[must_use]
    pub fn cancellation_closes_at(&self, start: Instant) -> Instant {
        start - self.cancellation_closes.map_or(Duration::ZERO, LeadTime::get)
    }

    /// Whether there is a moment between opening and closing.
    #[must_use]
    pub fn ever_opens(&self) -> bool {
        self.opens.is_none_or(|opens| opens.get() > self.closes.map_or(Duration::ZERO, LeadTime::get))
    }
}

/// When an event took place until an edit gave it other times.
///
/// An edit of a series changes what is to come. What has begun stays as it was, so the event remembers.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlierSchedule {
    /// When the occurrences began.
    pub series: Series,
    /// How long each took.
    pub duration: EventDuration,
    /// The last moment at which an occurrence could begin by this schedule: when it was edited.
    pub until: Instant,
}

/// A stretch of an event's life with one series and one duration.
#[derive(Debug, Clone, Copy)]
pub struct Schedule<'event> {
    /// When occurrences begin.
    pub series: &'event Series,
    /// How long each takes.
    pub duration: EventDuration,
    /// Occurrences begin after this moment; `None`: from the outset.
    after: Option<Instant>,
    /// Occurrences begin at this moment at the latest; `None`: without end.
    until: Option<Instant>,
}

impl<'event> Schedule<'event> {
    /// Whether an occurrence that begins at `start` falls into this stretch.
    #[must_use]
    pub fn covers(&self, start: Instant) -> bool {
        self.after.is_none_or(|after| start > after) && self.until.is_none_or(|until| start <= until)
    }

    /// The occurrences of this stretch that begin in `[from, to)`.
    pub fn between(&self, from: Instant, to: Instant) -> Occurrences<'event> {
        let from = self.after.map_or(from, |after| from.max(after + Duration::NANOSECOND));
        let to = self.until.map_or(to, |until| to.min(until + Duration::NANOSECOND));
        self.series.between(from, to)
    }

    /// The last moment at which an occurrence of this stretch ends; `None` if it goes on for ever.
    fn last_end(&self) -> Option<Instant> {
        let by_rule = self.series.last_end(self.duration.get());
        let by_edit = self.until.map(|until| until + self.duration.get());
        match (by_rule, by_edit) {
            (Some(by_rule), Some(by_edit)) => Some(by_rule.min(by_edit)),
            (by_rule, by_edit) => by_rule.or(by_edit),
        }
    }
}

/// An event of an organization: what takes place, when, how often, and for how many.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its identity.
    pub id: EventId,
    /// What it is called.
    pub title: Title,
    /// What it is about.
    pub description: Description,
    /// Where it takes place.
    pub location: Location,
    /// When its occurrences begin: start and zone, and the rule of a recurring event. Where there are earlier
    /// schedules, it counts from the last of them on.
    pub series: Series,
    /// How long each occurrence takes.
    pub duration: EventDuration,
    /// When it took place before edits gave it other times, oldest first; at most
    /// [`MAX_EARLIER_SCHEDULES`](Self::MAX_EARLIER_SCHEDULES).
    pub earlier: Vec<EarlierSchedule>,
    /// How many seats each occurrence has, unless that occurrence says otherwise.
    pub capacity: Capacity,
    /// When members may register and cancel.
    pub policy: RegistrationPolicy,
    /// Whether it takes place.
    pub status: EventStatus,
    /// Counts the changes, from 1: a change to a version that is gone is refused.
    pub version: u32,
    /// When it was created.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

impl Event {
    /// How many earlier schedules an event remembers: a plan that changes weekly for two years, in a document
    /// that is still small.
    pub const MAX_EARLIER_SCHEDULES: usize = 100;

    /// When a stored or proven occurrence that begins at `start` takes place by the event's own duration.
    #[must_use]
    pub fn interval_from(&self, start: Instant) -> Interval {
        Interval::starting(start, self.duration_at(start))
    }

    /// How long an occurrence that originally begins at `start` takes by the event's own duration.
    #[must_use]
    pub fn duration_at(&self, start: Instant) -> EventDuration {
        let schedule = self.schedules().find(|schedule| schedule.covers(start));
        schedule.map_or(self.duration, |schedule| schedule.duration)
    }

    /// The stretches of the event's life, in order; at least one.
    pub fn schedules(&self) -> impl Iterator<Item = Schedule<'_>> {
        let ends = self.earlier.iter().map(|earlier| Some(earlier.until));
        let starts = std::iter::once(None).chain(ends.clone());
        let series = self.earlier.iter().map(|earlier| (&earlier.series, earlier.duration));
        series
            .chain(std::iter::once((&self.series, self.duration)))
            .zip(starts.zip(ends.chain(std::iter::once(None))))
            .map(|((series, duration), (after, until))| Schedule { series, duration, after, until })
    }

    /// The occurrence that originally begins at this instant, if the event has one.
    #[must_use]
    pub fn occurrence_at(&self, original_start: Instant) -> Option<SeriesOccurrence> {
        let schedule = self.schedules().find(|schedule| schedule.covers(original_start))?;
        schedule.series.occurrence_at(original_start)
    }

    /// The first moment at which the event can take place.
    #[must_use]
    pub fn first_start(&self) -> Instant {
        self.earlier.first().map_or(&self.series, |earlier| &earlier.series).first_start()
    }

    /// The last moment at which an occurrence of the event ends; `None` if it goes on for ever.
    #[must_use]
    pub fn last_end(&self) -> Option<Instant> {
        self.schedules()
            .map(|schedule| schedule.last_end())
            .try_fold(Instant::MIN, |last, end| Some(last.max(end?)))
    }

    /// The longest that an occurrence of the event takes by its schedules.
    #[must_use]
    pub fn longest_duration(&self) -> EventDuration {
        self.schedules().map(|schedule| schedule.duration).max().unwrap_or(self.duration)
    }
}
