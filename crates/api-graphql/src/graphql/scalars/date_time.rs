use convene_domain::{recurrence::limits, time::Instant};
use juniper::GraphQLScalar;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339, macros::format_description};

use super::ScalarProblem;

/// An instant: RFC 3339 with an offset, years 1970 to 2099. Responses are in UTC and to the second, such as
/// `2026-11-22T09:00:00Z`; fractions of a second are read to the millisecond.
#[derive(Clone, Debug, PartialEq, Eq, GraphQLScalar)]
#[graphql(transparent, specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
pub struct DateTime(String);

const MALFORMED: ScalarProblem = ScalarProblem(
    "must be a date and time that exists, in RFC 3339 with an offset, such as 2026-11-22T09:00:00Z",
);
const OUT_OF_RANGE: ScalarProblem = ScalarProblem("must be in the years 1970 to 2099");

impl DateTime {
    /// The instant.
    ///
    /// # Errors
    /// A text that is not in the format of RFC 3339, a date or time that does not exist (also a leap second), or a year
    /// outside 1970 to 2099 in UTC.
    pub fn parse(&self) -> Result<Instant, ScalarProblem> {
        // The parser is less strict than RFC 3339 about the character `T`, and reads a leap second as the
        // one before it.
        let strict = self.0.is_ascii() && self.0.len() <= 35 && self.0.as_bytes().get(10) == Some(&b'T');
        let leap_second = self.0.get(17..19) == Some("60");
        if !strict || leap_second {
            return Err(MALFORMED);
        }
        let parsed = OffsetDateTime::parse(&self.0, &Rfc3339).map_err(|_| MALFORMED)?;
        let instant = parsed.checked_to_offset(UtcOffset::UTC).ok_or(OUT_OF_RANGE)?.to_utc();
        if !limits::YEARS.contains(&instant.year()) {
            return Err(OUT_OF_RANGE);
        }
        instant.replace_millisecond(instant.millisecond()).map_err(|_| MALFORMED)
    }
}

impl From<Instant> for DateTime {
    fn from(instant: Instant) -> Self {
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        // Formatting fails only if a component is missing; an instant has all of them.
        Self(instant.format(format).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::utc_datetime;

    use super::*;

    #[rstest]
    #[case("2026-11-22T09:00:00Z", utc_datetime!(2026-11-22 09:00))]
    #[case("2026-11-22T10:00:00+01:00", utc_datetime!(2026-11-22 09:00))]
    #[case("2026-11-22T09:00:00.1239Z", utc_datetime!(2026-11-22 09:00:00.123))]
    #[case("2099-12-31T23:59:59Z", utc_datetime!(2099-12-31 23:59:59))]
    fn reads_rfc_3339(#[case] text: &str, #[case] instant: Instant) {
        assert_eq!(DateTime(text.to_owned()).parse(), Ok(instant));
    }

    #[rstest]
    #[case("9999-12-31T23:59:59-23:59")]
    #[case("1970-01-01T00:00:00+00:01")]
    #[case("2100-01-01T00:00:00Z")]
    #[case("0000-01-01T00:00:00Z")]
    fn refuses_other_years(#[case] text: &str) {
        assert_eq!(DateTime(text.to_owned()).parse(), Err(OUT_OF_RANGE));
    }

    #[rstest]
    #[case("")]
    #[case("2026-11-22")]
    #[case("2026-11-22T09:00:00")]
    #[case("2026-11-22 09:00:00Z")]
    #[case("2026-11-22T09:00Z")]
    #[case("2026-11-22T24:00:00Z")]
    #[case("2026-02-29T09:00:00Z")]
    #[case("2016-12-31T23:59:60Z")]
    #[case("2026-11-22T09:00:00Z ")]
    #[case("+002026-11-22T09:00:00Z")]
    #[case("2026\u{2212}11\u{2212}22T09:00:00Z")]
    #[case("1893456000")]
    fn refuses_other_texts(#[case] text: &str) {
        assert_eq!(DateTime(text.to_owned()).parse(), Err(MALFORMED), "{text}");
    }

    #[test]
    fn prints_seconds_in_utc() {
        assert_eq!(DateTime::from(utc_datetime!(2026-11-22 09:00:00.999)).0, "2026-11-22T09:00:00Z");
    }
}
