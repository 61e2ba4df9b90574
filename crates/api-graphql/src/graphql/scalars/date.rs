use convene_domain::recurrence::limits;
use juniper::GraphQLScalar;
use time::{format_description::BorrowedFormatItem, macros::format_description};

use super::ScalarProblem;

/// A day of the calendar: ISO 8601, years 1970 to 2099, such as `2026-11-22`.
#[derive(Clone, Debug, PartialEq, Eq, GraphQLScalar)]
#[graphql(transparent, specified_by_url = "https://www.iso.org/iso-8601-date-and-time-format.html")]
pub struct Date(String);

const MALFORMED: ScalarProblem =
    ScalarProblem("must be a day that exists, without a time, such as 2026-11-22");
const OUT_OF_RANGE: ScalarProblem = ScalarProblem("must be in the years 1970 to 2099");

const FORMAT: &[BorrowedFormatItem<'static>] = format_description!("[year]-[month]-[day]");

impl Date {
    /// The day.
    ///
    /// # Errors
    /// Another format than `YYYY-MM-DD`, a day that does not exist, or a year outside 1970 to 2099.
    pub fn parse(&self) -> Result<time::Date, ScalarProblem> {
        if self.0.len() != 10 {
            return Err(MALFORMED);
        }
        let parsed = time::Date::parse(&self.0, FORMAT).map_err(|_| MALFORMED)?;
        if limits::YEARS.contains(&parsed.year()) { Ok(parsed) } else { Err(OUT_OF_RANGE) }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::date;

    use super::*;

    #[rstest]
    #[case("2026-11-22", Ok(date!(2026 - 11 - 22)))]
    #[case("2028-02-29", Ok(date!(2028 - 02 - 29)))]
    #[case("2027-02-29", Err(MALFORMED))]
    #[case("2026-11-22T00:00", Err(MALFORMED))]
    #[case("+026-11-22", Err(MALFORMED))]
    #[case("22.11.2026", Err(MALFORMED))]
    #[case("", Err(MALFORMED))]
    #[case("1969-12-31", Err(OUT_OF_RANGE))]
    #[case("2100-01-01", Err(OUT_OF_RANGE))]
    fn reads_days_that_exist(#[case] text: &str, #[case] expected: Result<time::Date, ScalarProblem>) {
        assert_eq!(Date(text.to_owned()).parse(), expected);
    }
}
