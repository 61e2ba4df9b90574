//! The check of the periods in filters.

use convene_domain::time::Instant;

use crate::failure::{Field, Refusal};

/// Refuses a period that ends before it begins. A period may be empty, and either end may be open.
pub(crate) fn check(from: Option<Instant>, to: Option<Instant>) -> Result<(), Refusal> {
    match (from, to) {
        (Some(from), Some(to)) if to < from => {
            Err(Refusal::invalid(Field::Filter.child(Field::To), "must not be before from"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::Duration;

    use super::*;
    use crate::fixtures::{NOW, fields};

    #[rstest]
    #[case::open(None, None)]
    #[case::open_at_the_end(Some(NOW), None)]
    #[case::open_at_the_beginning(None, Some(NOW))]
    #[case::empty(Some(NOW), Some(NOW))]
    fn an_open_or_empty_period_is_valid(#[case] from: Option<Instant>, #[case] to: Option<Instant>) {
        assert_eq!(check(from, to), Ok(()));
    }

    #[test]
    fn a_period_that_ends_before_it_begins_is_refused() {
        let refusal = check(Some(NOW), Some(NOW - Duration::MILLISECOND)).unwrap_err();
        assert_eq!(fields(&[refusal]), ["filter.to"]);
    }
}
