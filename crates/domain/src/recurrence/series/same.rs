//! Comparison of a rule that a caller gives with that of a series.
//!
//! The same UNTIL has several forms: a wall-clock time, a day, and the instant that is shown beside a zoned start.

use ::time::Duration;

use super::{Series, SeriesParts};
use crate::recurrence::rule::{Rule, RuleEnd, Until};
use crate::time::{Instant, LocalDateTime};

/// The distance of two dates whose order by the clock differs from that of their starts.
const MAX_DISORDER: Duration = Duration::days(2);

/// Tests whether a rule means the same as that of the series, beside its start and zone.
pub(super) fn is_same_rule(series: &Series, rule: &Rule) -> bool {
    let shown = series.rrule().and_then(|text| Rule::parse(&text).ok());
    series
        .rule()
        .into_iter()
        .chain(shown.as_ref())
        .any(|known| rule.without_end() == known.without_end() && has_same_end(series, known, rule))
}

/// Tests whether a list has the same dates as a rising one, in any order and any number.
pub(super) fn are_same_dates(known: &[LocalDateTime], given: &[LocalDateTime]) -> bool {
    let mut given = given.to_vec();
    given.sort_unstable();
    given.dedup();
    known == given
}

/// Tests whether two rules that differ in their ends at most end at the same date.
fn has_same_end(series: &Series, known: &Rule, given: &Rule) -> bool {
    let (RuleEnd::Until(known_until), RuleEnd::Until(given_until)) = (known.end(), given.end()) else {
        return known.end() == given.end();
    };
    let (until, other) = (instant(series, known_until), instant(series, given_until));
    // Where clocks go forward, a wall-clock time and its instant can end different dates.
    let last_dates = |rule: &Rule| {
        let once = SeriesParts::once(series.start(), series.zone());
        let series = Series::new(SeriesParts { rule: Some(rule.clone()), ..once }).ok()?;
        let dates = series.between(until.saturating_sub(MAX_DISORDER), Instant::MAX);
        Some(dates.map(|date| date.start).collect::<Vec<_>>())
    };
    until == other && (known_until == given_until || last_dates(known) == last_dates(given))
}

/// The instant of an UNTIL in the zone of the series.
fn instant(series: &Series, until: Until) -> Instant {
    match until {
        Until::Instant(instant) => instant,
        Until::Local(local) => series.zone().resolve(local).instant,
        Until::Date(date) => {
            let last = date.midnight().saturating_add(super::LAST_SECOND_OF_A_DAY);
            series.zone().resolve(last).instant
        }
    }
}
