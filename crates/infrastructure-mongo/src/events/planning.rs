//! The work of planning an edit.

use convene_application::large::MAX_SMALL_SIZE;
use convene_domain::event::Event;

/// The size of planning an edit of an event with this number of stored occurrences. The dates of a series are compared with its
/// moved ones, up to some ten thousand for each rule that may have them.
pub(super) fn size(event: &Event, gets_dates: bool, stored: usize) -> usize {
    if event.series.is_recurring() || gets_dates { stored.max(MAX_SMALL_SIZE + 1) } else { stored }
}

#[cfg(test)]
mod tests {
    use convene_application::testing::builders::EventBuilder;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_dates_of_a_series_are_work_without_stored_occurrences() {
        let start = datetime!(2030-01-01 09:00);
        let (series, one) =
            (EventBuilder::repeating(start, "FREQ=DAILY").build(), EventBuilder::once(start).build());
        assert!(size(&series, false, 0) > MAX_SMALL_SIZE && size(&one, true, 1) > MAX_SMALL_SIZE);
        assert_eq!((size(&one, false, 1), size(&series, false, 5_000)), (1, 5_000));
    }
}
