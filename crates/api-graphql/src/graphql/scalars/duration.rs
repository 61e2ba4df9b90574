use convene_domain::duration::{DurationProblem, EventDuration, LeadTime, parse_iso8601};
use juniper::GraphQLScalar;

/// A length of time: an ISO 8601 duration in weeks, days, hours, minutes and seconds, such as `PT1H30M`; at most `P31D`. In
/// the duration of an occurrence, days and weeks are those of the calendar, and hours are exact (RFC 5545, section 3.3.6).
/// Before a start, a day counts as 24 hours.
#[derive(Clone, Debug, PartialEq, Eq, GraphQLScalar)]
#[graphql(transparent, specified_by_url = "https://www.iso.org/iso-8601-date-and-time-format.html")]
pub struct Duration(String);

impl Duration {
    /// The duration of an occurrence.
    ///
    /// # Errors
    /// [`DurationProblem`] for another format, or a duration that no occurrence can have.
    pub fn parse_event_duration(&self) -> Result<EventDuration, DurationProblem> {
        EventDuration::parse(&self.0)
    }

    /// The time before a start.
    ///
    /// # Errors
    /// [`DurationProblem`] for another format, or a duration beyond the limits.
    pub fn parse_lead_time(&self) -> Result<LeadTime, DurationProblem> {
        parse_iso8601(&self.0).and_then(LeadTime::new)
    }
}

impl From<EventDuration> for Duration {
    fn from(duration: EventDuration) -> Self {
        Self(duration.to_string())
    }
}

impl From<LeadTime> for Duration {
    fn from(lead: LeadTime) -> Self {
        Self(lead.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_use_has_its_own_least() {
        let nothing = Duration("PT0S".to_owned());
        assert!(nothing.parse_event_duration().is_err());
        assert!(nothing.parse_lead_time().is_ok());
        assert!(Duration("P32D".to_owned()).parse_lead_time().is_err());
    }
}
