use ::time::Duration;

use super::{Series, SeriesParts};
use crate::time::{Instant, LocalDateTime};

/// The dates on either side of a period that are kept: a new version of the time-zone database can move a date into it.
const MARGIN: Duration = Duration::days(3);

/// The series with the single dates that matter from `after` to `until`.
pub(super) fn within(series: &Series, after: Option<Instant>, until: Instant) -> Series {
    let (from, to) = (after.unwrap_or(Instant::MIN).saturating_sub(MARGIN), until.saturating_add(MARGIN));
    let matters = |local: &LocalDateTime| (from..=to).contains(&series.zone().resolve(*local).instant);
    let kept = |dates: &[LocalDateTime]| dates.iter().copied().filter(matters).collect::<Vec<_>>();
    let parts = series.parts();
    let fewer = SeriesParts {
        exdates: kept(&parts.exdates),
        rdates: kept(&parts.rdates),
        used: kept(&parts.used),
        ..parts.clone()
    };
    if fewer == *parts {
        return series.clone();
    }
    // A series needs an occurrence, which may be one outside the period.
    Series::new(fewer).unwrap_or_else(|_| series.clone())
}
