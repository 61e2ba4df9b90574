//! The check of the periods in filters.

use convene_domain::time::Instant;

use crate::failure::{Field, Refusal};

/// The reason why the end of a period is invalid, to follow its name.
pub(crate) const NOT_AFTER: &str = "must be after from";

/// Validates a period, each end of which may be open.
///
/// # Errors
/// The reason, to follow the name of `to`, if it is not after `from`.
pub fn check(from: Option<Instant>, to: Option<Instant>) -> Result<(), &'static str> {
    match from.zip(to) {
        Some((from, to)) if to <= from => Err(NOT_AFTER),
        _ => Ok(()),
    }
}

/// Refuses an invalid period of a filter.
pub(crate) fn check_filter(from: Option<Instant>, to: Option<Instant>) -> Result<(), Refusal> {
    check(from, to).map_err(|problem| Refusal::invalid(Field::Filter.child(Field::To), problem))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::Duration;

    use super::*;
    use crate::fixtures::NOW;

    #[rstest]
    #[case::open(None, None)]
    #[case::open_at_the_end(Some(NOW), None)]
    #[case::open_at_the_beginning(None, Some(NOW))]
    #[case::shortest(Some(NOW), Some(NOW + Duration::NANOSECOND))]
    fn an_open_or_short_period_is_valid(#[case] from: Option<Instant>, #[case] to: Option<Instant>) {
        assert_eq!(check(from, to), Ok(()));
    }

    #[rstest]
    #[case::empty(Duration::ZERO)]
    #[case::backwards(-Duration::MILLISECOND)]
    fn a_period_that_ends_when_it_begins_or_before_is_refused(#[case] length: Duration) {
        let refusal = check_filter(Some(NOW), Some(NOW + length)).unwrap_err();
        assert_eq!(refusal.to_string(), "filter.to must be after from");
    }
}
