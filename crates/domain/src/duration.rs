//! Durations with limits, and their ISO 8601 form.

use std::fmt;

use time::Duration;

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
    let rest = text.strip_prefix('P').ok_or(DurationProblem::Malformed)?;
    let (date, clock) = match rest.split_once('T') {
        Some((_, "")) => return Err(DurationProblem::Malformed),
        Some((date, clock)) => (date, clock),
        None => (rest, ""),
    };
    if date.is_empty() && clock.is_empty() {
        return Err(DurationProblem::Malformed);
    }
    let days = components(date, &[('W', 604_800), ('D', 86_400)])?;
    let seconds = components(clock, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    let total = Duration::seconds(days.saturating_add(seconds));
    if total > LONGEST {
        return Err(DurationProblem::OutOfRange { min: "PT0S", max: "P31D" });
    }
    Ok(total)
}

/// Sums numbers that are each followed by a designator, each designator at most once and in the given order.
fn components(mut text: &str, designators: &[(char, i64)]) -> Result<i64, DurationProblem> {
    let mut total: i64 = 0;
    for &(designator, seconds) in designators {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || !text[digits..].starts_with(designator) {
            continue;
        }
        // Nine digits of any unit are far above the limit and far below overflow.
        if digits > 9 {
            return Err(DurationProblem::OutOfRange { min: "PT0S", max: "P31D" });
        }
        let number: i64 = text[..digits].parse().map_err(|_| DurationProblem::Malformed)?;
        total = total.saturating_add(number.saturating_mul(seconds));
        text = &text[digits + designator.len_utf8()..];
    }
    if text.is_empty() { Ok(total) } else { Err(DurationProblem::Malformed) }
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

macro_rules! bounded_duration {
    ($(#[$docs:meta])* $name:ident, $min:expr, $min_text:literal) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Duration);

        impl $name {
            /// Validates a duration.
            ///
            /// # Errors
            /// [`DurationProblem::OutOfRange`] outside the limits.
            pub fn new(duration: Duration) -> Result<Self, DurationProblem> {
                if ($min..=LONGEST).contains(&duration) {
                    Ok(Self(Duration::seconds(duration.whole_seconds())))
                } else {
                    Err(DurationProblem::OutOfRange { min: $min_text, max: "P31D" })
                }
            }

            /// The duration.
            #[must_use]
            pub const fn get(self) -> Duration {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&format_iso8601(self.0))
            }
        }
    };
}

bounded_duration!(
    /// The duration of an occurrence: from 1 minute to 31 days, in whole seconds.
    EventDuration, Duration::minutes(1), "PT1M"
);
bounded_duration!(
    /// A time before an occurrence's start: from 0 to 31 days, in whole seconds.
    LeadTime, Duration::ZERO, "PT0S"
);

#[cfg(test)]
mod tests {
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
}
