use convene_domain::{recurrence::limits, time::LocalDateTime as WallClockTime};
use juniper::GraphQLScalar;
use time::{format_description::BorrowedFormatItem, macros::format_description};

use super::ScalarProblem;

/// A local time without offset, in the time zone of the object it belongs to: ISO 8601, years 1970 to 2099,
/// such as `2026-11-22T10:00:00`. The seconds may be left out.
#[derive(Clone, Debug, PartialEq, Eq, GraphQLScalar)]
#[graphql(transparent, specified_by_url = "https://www.iso.org/iso-8601-date-and-time-format.html")]
pub struct LocalDateTime(String);

const MALFORMED: ScalarProblem =
    ScalarProblem("must be a date and time that exists, without an offset, such as 2026-11-22T10:00:00");
const OUT_OF_RANGE: ScalarProblem = ScalarProblem("must be in the years 1970 to 2099");

const TO_THE_MINUTE: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]");
const TO_THE_SECOND: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

impl LocalDateTime {
    /// The local time.
    ///
    /// # Errors
    /// Another format than `YYYY-MM-DDTHH:MM` or `YYYY-MM-DDTHH:MM:SS`, a date or time that does not exist, or a
    /// year outside 1970 to 2099.
    pub fn parse(&self) -> Result<WallClockTime, ScalarProblem> {
        let format = match (self.0.len(), self.0.is_ascii()) {
            (16, true) => TO_THE_MINUTE,
            (19, true) => TO_THE_SECOND,
            _ => return Err(MALFORMED),
        };
        let parsed = WallClockTime::parse(&self.0, format).map_err(|_| MALFORMED)?;
        if limits::YEARS.contains(&parsed.year()) { Ok(parsed) } else { Err(OUT_OF_RANGE) }
    }
}

impl From<WallClockTime> for LocalDateTime {
    fn from(time: WallClockTime) -> Self {
        // Formatting fails only if a component is missing; a date with a time has all of them.
        Self(time.format(TO_THE_SECOND).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::datetime;

    use super::*;

    #[rstest]
    #[case("2026-11-22T10:00:00", datetime!(2026-11-22 10:00))]
    #[case("2026-11-22T10:00", datetime!(2026-11-22 10:00))]
    #[case("1970-01-01T00:00:00", datetime!(1970-01-01 0:00))]
    fn reads_what_is_allowed(#[case] text: &str, #[case] time: WallClockTime) {
        assert_eq!(LocalDateTime(text.to_owned()).parse(), Ok(time));
    }

    #[rstest]
    #[case("")]
    #[case("2026-11-22")]
    #[case("2026-11-22T10")]
    #[case("2026-11-22T10:00:00Z")]
    #[case("2026-11-22T10:00:00+01:00")]
    #[case("2026-11-22T10:00:00.5")]
    #[case("2026-11-22t10:00:00")]
    #[case("2026-11-22 10:00:00")]
    #[case("2030-001T00:00:00")]
    #[case("2030-02-29T00:00:00")]
    #[case("2030-02-30T00:00:00")]
    #[case("2030-06-30T23:59:60")]
    #[case("2030-06-30T24:00:00")]
    #[case("275760-09-13T00:00")]
    #[case("+02030-06-30T10:00")]
    #[case("2030\u{2212}01\u{2212}01T00:00:00")]
    #[case("1893456000")]
    fn refuses_everything_else(#[case] text: &str) {
        assert_eq!(LocalDateTime(text.to_owned()).parse(), Err(MALFORMED), "{text}");
    }

    #[test]
    fn keeps_the_years() {
        for text in ["1969-12-31T23:59:59", "2100-01-01T00:00", "9999-12-31T23:59:59", "0000-01-01T00:00:00"]
        {
            assert_eq!(LocalDateTime(text.to_owned()).parse(), Err(OUT_OF_RANGE), "{text}");
        }
    }

    #[test]
    fn prints_seconds() {
        assert_eq!(LocalDateTime::from(datetime!(2026-11-22 10:00)).0, "2026-11-22T10:00:00");
    }
}
