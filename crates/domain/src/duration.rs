//! Durations with limits, and their ISO 8601 form.

use std::fmt;

use time::{Date, Duration};

use crate::time::{Instant, LocalDateTime, interval::Interval, zone::Zone};

/// The reason for refusing a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DurationProblem {
    /// Not an ISO 8601 duration in weeks, days, hours, minutes and seconds.
    #[error("must be an ISO 8601 duration such as PT1H30M, in weeks, days, hours, minutes or seconds")]
    Malformed,
    /// Shorter or longer than allowed.
    #[error("must be from {min} to {max}")]
    OutOfRange {
        /// The minimum, in ISO 8601.
        min: &'static str,
        /// The maximum, in ISO 8601.
        max: &'static str,
    },
}

/// The maximum of every duration: 31 days.
pub const LONGEST: Duration = Duration::days(31);

/// An upper bound of the time that an occurrence takes. Where clocks are set back, days of the calendar take longer than 24
/// hours; since 1970, no zone has set its clocks back by a day.
pub const LONGEST_ELAPSED: Duration = Duration::days(32);

/// Parses an ISO 8601 duration of weeks, days, hours, minutes and seconds, in this order; a day counts as 24
/// hours. Years and months have no fixed length; they are refused, as are fractions and signs.
///
/// ```
/// use convene_domain::duration::parse_iso8601;
/// assert_eq!(parse_iso8601("PT1H30M"), Ok(time::Duration::minutes(90)));
/// assert_eq!(parse_iso8601("P1DT12H"), Ok(time::Duration::hours(36)));
/// assert!(parse_iso8601("P1M").is_err());
/// ```
///
/// # Errors
/// [`DurationProblem::Malformed`] for any other text, [`DurationProblem::OutOfRange`] above 31 days.
pub fn parse_iso8601(text: &str) -> Result<Duration, DurationProblem> {
    let Parts { weeks, days, exact } = Parts::parse(text)?;
    Ok(Duration::weeks(weeks) + Duration::days(days) + exact)
}

/// The parts of an ISO 8601 duration.
#[derive(Debug, Clone, Copy)]
struct Parts {
    weeks: i64,
    days: i64,
    /// Hours, minutes and seconds.
    exact: Duration,
}

impl Parts {
    fn parse(text: &str) -> Result<Self, DurationProblem> {
        let rest = text.strip_prefix('P').ok_or(DurationProblem::Malformed)?;
        let (date, clock) = match rest.split_once('T') {
            Some((_, "")) => return Err(DurationProblem::Malformed),
            Some((date, clock)) => (date, clock),
            None => (rest, ""),
        };
        if date.is_empty() && clock.is_empty() {
            return Err(DurationProblem::Malformed);
        }
        let [weeks, days] = components(date, ['W', 'D'])?;
        let [hours, minutes, seconds] = components(clock, ['H', 'M', 'S'])?;
        let exact = Duration::seconds(hours * 3_600 + minutes * 60 + seconds);
        if Duration::weeks(weeks) + Duration::days(days) + exact > LONGEST {
            return Err(LeadTime::OUT_OF_RANGE);
        }
        Ok(Self { weeks, days, exact })
    }
}

/// Reads numbers that are each followed by a designator, each designator at most once and in the given order. A number that
/// is left out is 0.
fn components<const N: usize>(mut text: &str, designators: [char; N]) -> Result<[i64; N], DurationProblem> {
    let mut numbers = [0; N];
    for (number, designator) in numbers.iter_mut().zip(designators) {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || !text[digits..].starts_with(designator) {
            continue;
        }
        let significant = text[..digits].trim_start_matches('0');
        // Nine digits of any unit are far above the limit and far below overflow.
        if significant.len() > 9 {
            return Err(LeadTime::OUT_OF_RANGE);
        }
        *number = significant.parse().unwrap_or_default();
        text = &text[digits + designator.len_utf8()..];
    }
    if text.is_empty() { Ok(numbers) } else { Err(DurationProblem::Malformed) }
}

/// Formats a duration in ISO 8601, in the shortest form: `PT1H30M`, `P2D`, `PT0S`.
///
/// ```
/// use convene_domain::duration::format_iso8601;
/// assert_eq!(format_iso8601(time::Duration::minutes(90)), "PT1H30M");
/// assert_eq!(format_iso8601(time::Duration::days(2)), "P2D");
/// ```
#[must_use]
pub fn format_iso8601(duration: Duration) -> String {
    let seconds = duration.whole_seconds().max(0);
    let part = |number: i64, designator: char| match number {
        0 => String::new(),
        _ => format!("{number}{designator}"),
    };
    let date = part(seconds / 86_400, 'D');
    let clock = part(seconds / 3_600 % 24, 'H') + &part(seconds / 60 % 60, 'M') + &part(seconds % 60, 'S');
    match (date.is_empty(), clock.is_empty()) {
        (true, true) => String::from("PT0S"),
        (_, true) => format!("P{date}"),
        _ => format!("P{date}T{clock}"),
    }
}

/// The duration of an occurrence: from 1 minute to 31 days, in whole seconds. Its days and weeks are those of the calendar,
/// its hours, minutes and seconds are exact (RFC 5545, section 3.3.6).
///
/// ```
/// use convene_domain::{duration::EventDuration, time::zone::Zone};
/// use time::macros::{datetime, utc_datetime};
///
/// let paris = Zone::parse("Europe/Paris")?;
/// // The clocks go forward in the night before.
/// let (midnight, start) = (datetime!(2027-03-28 0:00), utc_datetime!(2027-03-27 23:00));
/// let end = |text| EventDuration::parse(text).map(|duration| duration.end(start, midnight, paris));
/// assert_eq!(end("P1D")?, utc_datetime!(2027-03-28 22:00));
/// assert_eq!(end("PT24H")?, utc_datetime!(2027-03-28 23:00));
/// assert_eq!(EventDuration::parse("P1WT90M")?.to_string(), "P1WT1H30M");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventDuration {
    /// The sum, with days of 24 hours.
    seconds: i64,
    /// The days of the calendar in it, including those of weeks.
    days: i64,
    weeks: i64,
}

impl EventDuration {
    const OUT_OF_RANGE: DurationProblem = DurationProblem::OutOfRange { min: "PT1M", max: "P31D" };

    /// Validates an exact duration.
    ///
    /// # Errors
    /// [`DurationProblem::OutOfRange`] outside the limits.
    pub fn new(duration: Duration) -> Result<Self, DurationProblem> {
        Self::of(duration, 0, 0)
    }

    /// Validates a duration with this sum, of which so many whole days are days of the calendar. `weeks` are those of the
    /// days that are written as weeks.
    ///
    /// # Errors
    /// [`DurationProblem::OutOfRange`] outside the limits, or for more days than the sum has.
    pub fn of(sum: Duration, days: u32, weeks: u32) -> Result<Self, DurationProblem> {
        let (seconds, days, weeks) = (sum.whole_seconds(), i64::from(days), i64::from(weeks));
        let is_within = (Duration::MINUTE..=LONGEST).contains(&sum);
        if is_within && weeks * 7 <= days && days * DAY_SECONDS <= seconds {
            Ok(Self { seconds, days, weeks })
        } else {
            Err(Self::OUT_OF_RANGE)
        }
    }

    /// Parses an ISO 8601 duration of weeks, days, hours, minutes and seconds.
    ///
    /// # Errors
    /// [`DurationProblem`] for another text, or a duration outside the limits.
    pub fn parse(text: &str) -> Result<Self, DurationProblem> {
        let Parts { weeks, days, exact } = Parts::parse(text).map_err(|problem| match problem {
            DurationProblem::OutOfRange { .. } => Self::OUT_OF_RANGE,
            DurationProblem::Malformed => problem,
        })?;
        let all_days = weeks * 7 + days;
        let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        Self::of(Duration::days(all_days) + exact, count(all_days), count(weeks))
    }

    /// The duration between two local times of a zone, with as many days of the calendar as possible: an occurrence that
    /// begins at `start` and lasts for it ends at `end`.
    ///
    /// # Errors
    /// [`DurationProblem::OutOfRange`] outside the limits, or if `end` is not after `start`.
    pub fn between(start: LocalDateTime, end: LocalDateTime, zone: Zone) -> Result<Self, DurationProblem> {
        let instant = |local| zone.resolve(local).instant;
        let days = (end - start).whole_days().max(0);
        let from = |days| instant(start.saturating_add(Duration::days(days)));
        // The last of the days can end after `end` if the clocks skip this time.
        let days = if from(days) > instant(end) { (days - 1).max(0) } else { days };
        let exact = instant(end) - from(days);
        Self::of(Duration::days(days) + exact, u32::try_from(days).unwrap_or(u32::MAX), 0)
    }

    /// The duration of whole days of the calendar, from the first to the last.
    ///
    /// # Errors
    /// [`DurationProblem::OutOfRange`] outside the limits, or if `last` is before `first`.
    pub fn of_days(first: Date, last: Date) -> Result<Self, DurationProblem> {
        let days = (last - first).whole_days() + 1;
        Self::of(Duration::days(days), u32::try_from(days).unwrap_or(u32::MAX), 0)
    }

    /// Tests for a duration of whole days of the calendar.
    #[must_use]
    pub const fn is_days(self) -> bool {
        self.days > 0 && self.seconds == self.days * DAY_SECONDS
    }

    /// The sum, with days of 24 hours.
    #[must_use]
    pub const fn get(self) -> Duration {
        Duration::seconds(self.seconds)
    }

    /// The days of the calendar in it, including those of weeks.
    #[must_use]
    pub fn days(self) -> u32 {
        u32::try_from(self.days).unwrap_or(u32::MAX)
    }

    /// The weeks in it.
    #[must_use]
    pub fn weeks(self) -> u32 {
        u32::try_from(self.weeks).unwrap_or(u32::MAX)
    }

    /// The time of an occurrence that begins at `start`, until its [`end`](Self::end).
    #[must_use]
    pub fn interval(self, start: Instant, local: LocalDateTime, zone: Zone) -> Interval {
        Interval::between(start, self.end(start, local, zone))
    }

    /// The end of an occurrence that begins at `start`, where the clocks of the zone show `local`, or would show it if they
    /// did not skip it. The days come first, then the exact time. It is after the start.
    #[must_use]
    pub fn end(self, start: Instant, local: LocalDateTime, zone: Zone) -> Instant {
        if self.days == 0 {
            return start.saturating_add(self.get());
        }
        let exact = Duration::seconds(self.seconds - self.days * DAY_SECONDS);
        let last = zone.resolve(local.saturating_add(Duration::days(self.days))).instant;
        let end = last.saturating_add(exact);
        // Some zones have skipped a whole day.
        if end > start { end } else { start.saturating_add(self.get()) }
    }

    /// An upper bound of the time that an occurrence takes.
    #[must_use]
    pub fn longest(self) -> Duration {
        if self.days == 0 { self.get() } else { self.get() + (LONGEST_ELAPSED - LONGEST) }
    }
}

const DAY_SECONDS: i64 = 86_400;

impl fmt::Display for EventDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, days, weeks } = *self;
        let exact = seconds - days * DAY_SECONDS;
        let parts = [(weeks, 'W'), (days - weeks * 7, 'D')];
        let clock = [(exact / 3_600, 'H'), (exact / 60 % 60, 'M'), (exact % 60, 'S')];
        f.write_str("P")?;
        for (number, designator) in parts.into_iter().filter(|(number, _)| *number > 0) {
            write!(f, "{number}{designator}")?;
        }
        if exact > 0 {
            f.write_str("T")?;
        }
        for (number, designator) in clock.into_iter().filter(|(number, _)| *number > 0) {
            write!(f, "{number}{designator}")?;
        }
        Ok(())
    }
}

/// A time before an occurrence's start: from 0 to 31 days, in whole seconds. A day counts as 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeadTime(Duration);

impl LeadTime {
    const OUT_OF_RANGE: DurationProblem = DurationProblem::OutOfRange { min: "PT0S", max: "P31D" };

    /// Validates a duration.
    ///
    /// # Errors
    /// [`DurationProblem::OutOfRange`] outside the limits.
    pub fn new(duration: Duration) -> Result<Self, DurationProblem> {
        if (Duration::ZERO..=LONGEST).contains(&duration) {
            Ok(Self(Duration::seconds(duration.whole_seconds())))
        } else {
            Err(Self::OUT_OF_RANGE)
        }
    }

    /// The duration.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl fmt::Display for LeadTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_iso8601(self.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};
    use rstest::rstest;
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn reads_what_it_prints() {
        for seconds in [0, 1, 60, 3_599, 5_400, 86_400, 90_061, 31 * 86_400] {
            let duration = Duration::seconds(seconds);
            assert_eq!(parse_iso8601(&format_iso8601(duration)), Ok(duration));
        }
        assert_eq!(parse_iso8601("P2W"), Ok(Duration::weeks(2)));
        assert_eq!(parse_iso8601("PT90M"), Ok(Duration::minutes(90)));
    }

    #[test]
    fn refuses_other_texts() {
        for text in
            ["", "P", "PT", "P1DT", "1H", "PT1.5H", "P1Y", "P1M", "-PT1H", "PT1H ", "PT1M1H", "pt1h", "PT١H"]
        {
            assert_eq!(parse_iso8601(text), Err(DurationProblem::Malformed), "{text}");
        }
        for text in ["P31DT1S", "P32D", "PT99999999999H", "P999999999W"] {
            assert!(matches!(parse_iso8601(text), Err(DurationProblem::OutOfRange { .. })), "{text}");
        }
    }

    #[test]
    fn keeps_the_limits() {
        assert!(EventDuration::new(Duration::seconds(59)).is_err());
        assert!(EventDuration::new(Duration::minutes(1)).is_ok());
        assert!(EventDuration::new(LONGEST).is_ok());
        assert!(EventDuration::new(LONGEST + Duration::SECOND).is_err());
        assert!(LeadTime::new(Duration::ZERO).is_ok());
        assert!(LeadTime::new(-Duration::SECOND).is_err());
    }

    #[rstest]
    #[case("P1D", "P1D", 1)]
    #[case("P1W", "P1W", 7)]
    #[case("P7D", "P7D", 7)]
    #[case("P2W3D", "P2W3D", 17)]
    #[case("PT24H", "PT24H", 0)]
    #[case("PT90M", "PT1H30M", 0)]
    #[case("P1DT24H", "P1DT24H", 1)]
    #[case("P1DT0S", "P1D", 1)]
    #[case("P0DT1H", "PT1H", 0)]
    #[case("P31D", "P31D", 31)]
    #[case("PT744H", "PT744H", 0)]
    fn days_and_hours_stay_apart(#[case] text: &str, #[case] printed: &str, #[case] days: u32) {
        let duration = EventDuration::parse(text).unwrap();
        assert_eq!((duration.to_string().as_str(), duration.days()), (printed, days));
        assert_eq!(EventDuration::parse(printed), Ok(duration));
        assert_eq!(EventDuration::of(duration.get(), duration.days(), duration.weeks()), Ok(duration));
    }

    #[rstest]
    fn refuses_durations_outside_the_limits(
        #[values("PT0S", "P0D", "PT59S", "P31DT1S", "P5W", "P32D", "PT745H")] text: &str,
    ) {
        let problem = EventDuration::parse(text).unwrap_err();
        assert_eq!(problem.to_string(), "must be from PT1M to P31D");
    }

    #[rstest]
    #[case("PT000000000000000000000001H", Some("PT1H"))]
    #[case("P0000000000W", None)]
    #[case("PT99999999999999999999H", None)]
    fn zeros_before_a_number_do_not_count(#[case] text: &str, #[case] printed: Option<&str>) {
        let parsed = EventDuration::parse(text).map(|duration| duration.to_string());
        assert_eq!(parsed.ok().as_deref(), printed);
    }

    #[rstest]
    #[case::forward("Europe/Paris", datetime!(2027-03-28 0:00), "P1D", datetime!(2027-03-29 0:00))]
    #[case::back("Europe/Paris", datetime!(2027-10-31 0:00), "P1D", datetime!(2027-11-01 0:00))]
    #[case::week("Europe/Paris", datetime!(2027-03-22 9:00), "P1W", datetime!(2027-03-29 9:00))]
    #[case::days_first("Europe/Paris", datetime!(2027-03-27 0:30), "P1DT2H", datetime!(2027-03-28 3:30))]
    #[case::into_a_gap("Europe/Paris", datetime!(2027-03-27 2:30), "P1D", datetime!(2027-03-28 3:30))]
    #[case::from_a_gap("Europe/Paris", datetime!(2027-03-28 2:30), "P1D", datetime!(2027-03-29 2:30))]
    #[case::midnight_is_skipped("Africa/Cairo", datetime!(2027-04-30 0:00), "P1D", datetime!(2027-05-01 0:00))]
    #[case::day_is_skipped("Pacific/Apia", datetime!(2011-12-29 0:00), "P2D", datetime!(2011-12-31 0:00))]
    fn days_end_at_the_same_time_on_the_clock(
        #[case] zone: &str,
        #[case] local: LocalDateTime,
        #[case] duration: &str,
        #[case] end: LocalDateTime,
    ) {
        let zone = Zone::parse(zone).unwrap();
        let duration = EventDuration::parse(duration).unwrap();
        let start = zone.resolve(local).instant;
        let ended = duration.end(start, local, zone);
        assert_eq!(zone.to_local(ended), end);
        assert!(ended - start <= duration.longest());
    }

    #[rstest]
    #[case(datetime!(2027-03-27 22:00), datetime!(2027-03-28 6:00), "PT7H")]
    #[case(datetime!(2027-03-27 9:00), datetime!(2027-03-28 9:00), "P1D")]
    #[case(datetime!(2027-03-26 9:00), datetime!(2027-03-28 12:30), "P2DT3H30M")]
    #[case(datetime!(2027-10-30 9:00), datetime!(2027-10-31 8:59), "PT24H59M")]
    #[case(datetime!(2027-03-27 2:45), datetime!(2027-03-28 3:15), "PT23H30M")]
    fn the_duration_between_two_times_ends_at_the_second(
        #[case] start: LocalDateTime,
        #[case] end: LocalDateTime,
        #[case] expected: &str,
    ) {
        let paris = Zone::parse("Europe/Paris").unwrap();
        let duration = EventDuration::between(start, end, paris).unwrap();
        assert_eq!(duration.to_string(), expected);
        assert_eq!(duration.end(paris.resolve(start).instant, start, paris), paris.resolve(end).instant);
        assert!(EventDuration::between(end, start, paris).is_err());
        assert!(EventDuration::between(start, start, paris).is_err());
    }

    #[test]
    fn whole_days_are_counted_from_the_first_to_the_last() {
        let days = |last| EventDuration::of_days(date!(2027 - 03 - 28), last);
        assert_eq!(days(date!(2027 - 03 - 28)), EventDuration::parse("P1D"));
        assert_eq!(days(date!(2027 - 04 - 27)), EventDuration::parse("P31D"));
        assert!(days(date!(2027 - 03 - 27)).is_err() && days(date!(2027 - 04 - 28)).is_err());
        assert!(days(date!(2027 - 03 - 28)).unwrap().is_days());
        assert!(!EventDuration::parse("PT24H").unwrap().is_days());
    }

    proptest! {
        /// Whatever the clocks do, an occurrence ends after it begins, and within the bound.
        #[test]
        fn ends_after_the_start(
            zone in select(Zone::all().collect::<Vec<_>>()),
            day in 0..47_000_i64,
            second in 0..86_400_i64,
            days in 0..=31_u32,
            exact in 0..7_200_i64,
        ) {
            let local = datetime!(1970-01-02 0:00) + Duration::days(day) + Duration::seconds(second);
            let sum = Duration::days(i64::from(days)) + Duration::seconds(exact);
            if let Ok(duration) = EventDuration::of(sum, days, 0) {
                let start = zone.resolve(local).instant;
                let end = duration.end(start, local, zone);
                prop_assert!(end > start && end - start <= duration.longest(), "{local} {duration}");
            }
        }
    }
}
