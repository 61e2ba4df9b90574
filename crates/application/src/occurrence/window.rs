use convene_domain::time::{Instant, interval::Interval};
use time::Duration;

use crate::{
    failure::{Field, Refusal},
    period,
};

/// The maximum length of a window of occurrences: one year, leap years included.
pub const LONGEST_WINDOW: Duration = Duration::days(366);

/// The window between two instants.
///
/// # Errors
/// A refusal on `to` if the window is empty or longer than [`LONGEST_WINDOW`].
pub fn window(from: Instant, to: Instant) -> Result<Interval, Refusal> {
    let window = Interval::new(from, to).map_err(|_| Refusal::invalid(Field::To, period::NOT_AFTER))?;
    checked(window)
}

/// Validates the length of the window.
pub(super) fn checked(window: Interval) -> Result<Interval, Refusal> {
    if window.duration() > LONGEST_WINDOW {
        let days = LONGEST_WINDOW.whole_days();
        return Err(Refusal::invalid(Field::To, format_args!("must be at most {days} days after from")));
    }
    Ok(window)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::utc_datetime;

    use super::*;

    #[rstest]
    #[case::before(-Duration::SECOND, false)]
    #[case::empty(Duration::ZERO, false)]
    #[case::shortest(Duration::NANOSECOND, true)]
    #[case::longest(LONGEST_WINDOW, true)]
    #[case::too_long(LONGEST_WINDOW + Duration::NANOSECOND, false)]
    fn keeps_the_limits(#[case] length: Duration, #[case] fine: bool) {
        let from = utc_datetime!(2028-01-01 0:00);
        assert_eq!(window(from, from + length).is_ok(), fine);
    }
}
