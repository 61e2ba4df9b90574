use convene_domain::{
    capacity::Capacity,
    duration::{EventDuration, LeadTime},
    event::{Event, EventStatus, RegistrationPolicy},
    id::EventId,
    recurrence::{Rule, Series, SeriesParts},
    text::{Description, Location, Title},
    time::{LocalDateTime, zone::Zone},
};
use time::Duration;

use super::fresh_uuid;
use crate::testing::FixedClock;

/// Builds events of one hour with 10 seats in UTC, open for registration immediately.
#[derive(Debug, Clone)]
pub struct EventBuilder {
    id: EventId,
    title: Title,
    description: Description,
    series: SeriesParts,
    duration: EventDuration,
    capacity: Capacity,
    policy: RegistrationPolicy,
}

impl EventBuilder {
    /// A one-off event with a new id.
    ///
    /// # Panics
    /// Never: all values are valid.
    #[must_use]
    pub fn once(start: LocalDateTime) -> Self {
        Self {
            id: EventId::from_uuid(fresh_uuid()),
            title: Title::parse("Rehearsal").expect("a title"),
            description: Description::parse("").expect("a description"),
            series: SeriesParts::once(start, Zone::UTC),
            duration: EventDuration::new(Duration::HOUR).expect("a duration"),
            capacity: Capacity::new(10).expect("a number of seats"),
            policy: RegistrationPolicy::default(),
        }
    }

    /// A recurring event with an RFC 5545 rule.
    ///
    /// # Panics
    /// If the text is not a rule.
    #[must_use]
    pub fn repeating(start: LocalDateTime, rule: &str) -> Self {
        let mut builder = Self::once(start);
        builder.series.rule = Some(Rule::parse(rule).expect("a rule"));
        builder
    }

    /// A daily event with `count` occurrences.
    #[must_use]
    pub fn daily(start: LocalDateTime, count: u32) -> Self {
        Self::repeating(start, &format!("FREQ=DAILY;COUNT={count}"))
    }

    /// An endless weekly event.
    #[must_use]
    pub fn weekly(start: LocalDateTime) -> Self {
        Self::repeating(start, "FREQ=WEEKLY")
    }

    /// Sets the title.
    ///
    /// # Panics
    /// If the text is not a title.
    #[must_use]
    pub fn title(mut self, title: &str) -> Self {
        self.title = Title::parse(title).expect("a title");
        self
    }

    /// Sets the description.
    ///
    /// # Panics
    /// If the text is not a description.
    #[must_use]
    pub fn description(mut self, description: &str) -> Self {
        self.description = Description::parse(description).expect("a description");
        self
    }

    /// Sets the time zone.
    ///
    /// # Panics
    /// If the name is not a time zone.
    #[must_use]
    pub fn zone(mut self, zone: &str) -> Self {
        self.series.zone = Zone::parse(zone).expect("a time zone");
        self
    }

    /// Adds an exdate.
    #[must_use]
    pub fn without(mut self, date: LocalDateTime) -> Self {
        self.series.exdates.push(date);
        self
    }

    /// Adds an rdate.
    #[must_use]
    pub fn with(mut self, date: LocalDateTime) -> Self {
        self.series.rdates.push(date);
        self
    }

    /// Sets the duration.
    ///
    /// # Panics
    /// Outside 1 minute to 31 days.
    #[must_use]
    pub fn lasting(mut self, duration: Duration) -> Self {
        self.duration = EventDuration::new(duration).expect("a duration");
        self
    }

    /// Sets the duration, in ISO 8601: days and weeks are those of the calendar.
    ///
    /// # Panics
    /// If it is not a duration from 1 minute to 31 days.
    #[must_use]
    pub fn lasting_by_calendar(mut self, duration: &str) -> Self {
        self.duration = EventDuration::parse(duration).expect("a duration");
        self
    }

    /// Sets the capacity.
    ///
    /// # Panics
    /// Outside 1 to 1,000,000.
    #[must_use]
    pub fn seats(mut self, seats: u32) -> Self {
        self.capacity = Capacity::new(seats).expect("a number of seats");
        self
    }

    /// Sets the lead time with which registration opens.
    ///
    /// # Panics
    /// Outside 0 to 31 days.
    #[must_use]
    pub fn opens(mut self, before: Duration) -> Self {
        self.policy.opens = Some(LeadTime::new(before).expect("a lead time"));
        self
    }

    /// Sets the lead time with which registration closes.
    ///
    /// # Panics
    /// Outside 0 to 31 days.
    #[must_use]
    pub fn closes(mut self, before: Duration) -> Self {
        self.policy.closes = Some(LeadTime::new(before).expect("a lead time"));
        self
    }

    /// Sets the lead time with which cancellation closes.
    ///
    /// # Panics
    /// Outside 0 to 31 days.
    #[must_use]
    pub fn cancellable_until(mut self, before: Duration) -> Self {
        self.policy.cancellation_closes = Some(LeadTime::new(before).expect("a lead time"));
        self
    }

    /// The event, at version 1.
    ///
    /// # Panics
    /// If the rule does not match the start.
    #[must_use]
    pub fn build(self) -> Event {
        Event {
            id: self.id,
            title: self.title,
            description: self.description,
            location: Location::parse("Main hall").expect("a place"),
            series: Series::new(self.series).expect("a series"),
            duration: self.duration,
            earlier: Vec::new(),
            capacity: self.capacity,
            policy: self.policy,
            status: EventStatus::Scheduled,
            version: 1,
            created_at: FixedClock::START,
            updated_at: FixedClock::START,
        }
    }
}
