//! A series of occurrences: a start, a zone, a rule, and dates taken out and added.

mod clock;
mod compile;
mod compiled;
mod date;
mod lines;
mod occurrences;
mod same;
mod shift;
mod split;
mod unchanged;
mod until;
mod within;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use ::time::{Date, Duration, Time};

use self::compiled::Compiled;
pub(in crate::recurrence) use self::date::SeriesDate;
pub use self::date::SeriesOccurrence;
pub use self::occurrences::Occurrences;
use super::limits;
use super::problem::SeriesProblem;
use super::rule::{Rule, RuleEnd, Until};
use crate::time::{Instant, LocalDateTime, Zone, civil, just_after};

const LAST_SECOND_OF_A_DAY: Duration = Duration::seconds(86_399);

/// The parts of a series, unchecked: what [`Series::new`] takes, and what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesParts {
    /// The wall-clock start of the first occurrence.
    pub start: LocalDateTime,
    /// The zone that all wall-clock times are read in.
    pub zone: Zone,
    /// The rule; `None` for a single occurrence.
    pub rule: Option<Rule>,
    /// Wall-clock starts that are left out.
    pub exdates: Vec<LocalDateTime>,
    /// Wall-clock starts that come besides those of the rule.
    pub rdates: Vec<LocalDateTime>,
    /// Wall-clock starts that correspond to occurrences which have begun at another time: dates that may not be used again.
    /// They are left out like exdates, but no organizer excluded them.
    pub used: Vec<LocalDateTime>,
    /// All dates up to this wall-clock start, except exdates, are used as well. It stands for the beginning of a series, where every date is used.
    pub used_until: Option<LocalDateTime>,
}

impl SeriesParts {
    /// Reads iCalendar lines: `DTSTART`, and as wanted `RRULE`, `EXDATE` and `RDATE`, in any case, folded or
    /// not. Dates of another zone than the start's are taken over as what clocks show in the start's zone.
    ///
    /// ```
    /// use convene_domain::recurrence::{Series, SeriesParts};
    ///
    /// let parts = SeriesParts::parse(
    ///     "DTSTART;TZID=Europe/Paris:20261022T100000\r\n\
    ///      RRULE:FREQ=WEEKLY;COUNT=4\r\n\
    ///      EXDATE;TZID=Europe/Paris:20261029T100000",
    /// )?;
    /// assert_eq!(Series::new(parts)?.from_start().count(), 3);
    /// # Ok::<(), Vec<convene_domain::recurrence::SeriesProblem>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Everything that cannot be read, at most one problem for each part.
    pub fn parse(text: &str) -> Result<Self, Vec<SeriesProblem>> {
        lines::parse(text)
    }

    /// A single occurrence, to be filled up.
    #[must_use]
    pub const fn once(start: LocalDateTime, zone: Zone) -> Self {
        Self {
            start,
            zone,
            rule: None,
            exdates: Vec::new(),
            rdates: Vec::new(),
            used: Vec::new(),
            used_until: None,
        }
    }
}

/// A series that is known to have occurrences, compiled for fast expansion.
///
/// Only the parts are worth storing: wall-clock times, the zone and the rule's text. Instants are worked
/// out anew, so that a new version of the time-zone database takes effect. A clone shares the compiled
/// series.
///
/// ```
/// use convene_domain::recurrence::{Rule, Series, SeriesParts};
/// use convene_domain::time::Zone;
/// use time::macros::{datetime, utc_datetime};
///
/// let series = Series::new(SeriesParts {
///     rule: Some(Rule::parse("FREQ=WEEKLY;BYDAY=MO,TH;COUNT=4").unwrap()),
///     exdates: vec![datetime!(2026-10-26 10:00)],
///     ..SeriesParts::once(datetime!(2026-10-22 10:00), Zone::parse("Europe/Paris").unwrap())
/// })?;
///
/// let starts: Vec<_> = series.from_start().map(|occurrence| occurrence.start).collect();
/// assert_eq!(
///     starts,
///     [
///         utc_datetime!(2026-10-22 8:00), // summer time
///         utc_datetime!(2026-10-29 9:00), // winter time; the 26th is left out but counted
///         utc_datetime!(2026-11-02 9:00),
///     ]
/// );
/// assert_eq!(series.last_start(), Some(utc_datetime!(2026-11-02 9:00)));
/// assert!(series.occurrence_at(utc_datetime!(2026-10-26 9:00)).is_none());
/// # Ok::<(), Vec<convene_domain::recurrence::SeriesProblem>>(())
/// ```
#[derive(Clone)]
pub struct Series {
    parts: Arc<SeriesParts>,
    compiled: Arc<Compiled>,
}

impl fmt::Debug for Series {
    /// The compiled form follows from the parts, and has hundreds of transitions of the zone.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Series").field("parts", &self.parts).finish_non_exhaustive()
    }
}

impl PartialEq for Series {
    /// Series are equal if their parts are.
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl Eq for Series {}

impl Series {
    /// Checks and compiles a series. Dates left out or added twice are kept once, in order.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the parts: a time outside 1970 to 2099, too many dates, a start that
    /// the rule does not match, a COUNT that leads beyond 2099, or no occurrence at all.
    pub fn new(parts: SeriesParts) -> Result<Self, Vec<SeriesProblem>> {
        let mut parts = parts;
        for dates in [&mut parts.exdates, &mut parts.rdates, &mut parts.used] {
            dates.sort_unstable();
            dates.dedup();
        }
        let compiled = Compiled::new(&parts)?;
        Ok(Self { parts: Arc::new(parts), compiled: Arc::new(compiled) })
    }

    /// A single occurrence.
    ///
    /// # Errors
    ///
    /// As [`Series::new`]: the start must be a whole second in 1970 to 2099.
    pub fn once(start: LocalDateTime, zone: Zone) -> Result<Self, Vec<SeriesProblem>> {
        Self::new(SeriesParts::once(start, zone))
    }

    /// The approximate size in bytes of what it refers to, which clones share.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let SeriesParts { rule, exdates, rdates, used, .. } = self.parts();
        let dates = exdates.len() + rdates.len() + used.len();
        size_of::<SeriesParts>()
            + rule.as_ref().map_or(0, Rule::bytes)
            + dates * size_of::<LocalDateTime>()
            + self.compiled.bytes()
    }

    /// The parts of the series, to store or to change them.
    #[must_use]
    pub fn parts(&self) -> &SeriesParts {
        &self.parts
    }

    /// The wall-clock start that the rule counts from.
    #[must_use]
    pub fn start(&self) -> LocalDateTime {
        self.parts.start
    }

    /// The first date of the series, as a wall-clock time: the start of the rule, or an rdate before it. One that is excluded is the
    /// first date all the same, so that it does not depend on what is excluded later.
    #[must_use]
    pub fn first_date(&self) -> LocalDateTime {
        let added = self.rdates().first();
        added.map_or(self.start(), |added| self.start().min(*added))
    }

    /// The zone of all wall-clock times.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.parts.zone
    }

    /// The rule; `None` for a single occurrence.
    #[must_use]
    pub fn rule(&self) -> Option<&Rule> {
        self.parts.rule.as_ref()
    }

    /// The wall-clock starts left out, rising.
    #[must_use]
    pub fn exdates(&self) -> &[LocalDateTime] {
        &self.parts.exdates
    }

    /// The wall-clock starts added, rising.
    #[must_use]
    pub fn rdates(&self) -> &[LocalDateTime] {
        &self.parts.rdates
    }

    /// The series without dates whose occurrences have begun at another time: those up to a wall-clock start except exdates, and
    /// single ones. At most [`USED_DATES`](super::limits::USED_DATES) single dates are kept, the latest ones; if there are more, all dates up
    /// to the last one of the others are used.
    ///
    /// # Errors
    ///
    /// As [`Series::new`].
    pub fn with_used(
        &self,
        until: Option<LocalDateTime>,
        dates: Vec<LocalDateTime>,
    ) -> Result<Self, Vec<SeriesProblem>> {
        let mut used = dates;
        used.sort_unstable();
        used.dedup();
        let is_excluded = |date: &LocalDateTime| self.exdates().binary_search(date).is_ok();
        used.retain(|date| until.is_none_or(|until| *date > until) || is_excluded(date));
        let excess = used.len().saturating_sub(limits::USED_DATES);
        let used_until = used.drain(..excess).next_back().max(until);
        Self::new(SeriesParts { used, used_until, ..self.parts().clone() })
    }

    /// The series in which these dates are not used. The bound moves before them, as far as there is room for single dates.
    ///
    /// # Errors
    ///
    /// As [`Series::new`].
    pub fn without_used(&self, dates: &HashSet<LocalDateTime>) -> Result<Self, Vec<SeriesProblem>> {
        let SeriesParts { mut used, used_until: mut until, .. } = self.parts().clone();
        let first = dates.iter().filter(|date| until.is_some_and(|until| **date <= until)).min();
        if let (Some(last), Some(first)) = (until, first) {
            let all = self.with_all_dates()?;
            let instant = |local: LocalDateTime| self.zone().resolve(local).instant;
            let end = instant(last).saturating_add(Duration::SECOND);
            let between = all.latest(instant(*first), end, limits::USED_DATES + 1);
            if between.len() > limits::USED_DATES {
                return Ok(self.clone());
            }
            until = all.latest(Instant::MIN, instant(*first), 1).pop().map(|date| date.local);
            used.extend(between.into_iter().map(|date| date.local));
        }
        used.retain(|date| !dates.contains(date));
        self.with_used(until, used)
    }

    /// The series with the dates that are used.
    ///
    /// # Errors
    ///
    /// As [`Series::new`].
    pub fn with_all_dates(&self) -> Result<Self, Vec<SeriesProblem>> {
        self.with_used(None, Vec::new())
    }

    /// The dates of the rule alone, without exdates, rdates and used dates.
    ///
    /// # Errors
    ///
    /// As [`Series::new`].
    pub fn of_rule(&self) -> Result<Self, Vec<SeriesProblem>> {
        let rule = self.rule().cloned();
        Self::new(SeriesParts { rule, ..SeriesParts::once(self.start(), self.zone()) })
    }

    /// Returns true if there is a rule or an rdate.
    #[must_use]
    pub fn is_recurring(&self) -> bool {
        self.parts.rule.is_some() || !self.parts.rdates.is_empty()
    }

    /// The occurrences that start in `[from, to)`, strictly rising.
    ///
    /// The cost depends on the window alone, not on the age of the series.
    #[must_use]
    pub fn between(&self, from: Instant, to: Instant) -> Occurrences<'_> {
        Occurrences::new(&self.compiled, civil::ceil_seconds(from), civil::ceil_seconds(to))
    }

    /// The last `number` occurrences that start in `[from, to)`, strictly rising. A long series is not expanded from its start.
    #[must_use]
    pub fn latest(&self, from: Instant, to: Instant, number: usize) -> Vec<SeriesOccurrence> {
        let to = self.last_start().map_or(to, |last| to.min(last.saturating_add(Duration::SECOND)));
        let earliest = self.first_start().max(from);
        let mut reach = Duration::days(8);
        loop {
            let start = to.saturating_sub(reach).max(from);
            let mut found: Vec<_> = self.between(start, to).collect();
            if found.len() >= number || start <= earliest {
                return found.split_off(found.len().saturating_sub(number));
            }
            reach = reach.saturating_mul(8);
        }
    }

    /// The occurrences of `duration` each of which `[start, start + duration)` overlaps `[from, to)`.
    #[must_use]
    pub fn overlapping(&self, from: Instant, to: Instant, duration: Duration) -> Occurrences<'_> {
        self.between(just_after(from.saturating_sub(duration)), to)
    }

    /// All occurrences, from the first on; an endless series goes on to the end of 2099.
    #[must_use]
    pub fn from_start(&self) -> Occurrences<'_> {
        Occurrences::new(&self.compiled, i64::MIN, i64::MAX)
    }

    /// The occurrence that starts at exactly this instant: the proof that there is one.
    #[must_use]
    pub fn occurrence_at(&self, original_start: Instant) -> Option<SeriesOccurrence> {
        let at = original_start.unix_timestamp();
        let found = Occurrences::new(&self.compiled, at, at.saturating_add(1)).next();
        found.filter(|occurrence| occurrence.start == original_start)
    }

    /// The occurrence that starts at the instant which a wall-clock time means in the series' zone.
    #[must_use]
    pub fn occurrence_at_local(&self, local: LocalDateTime) -> Option<SeriesOccurrence> {
        self.occurrence_at(self.zone().resolve(local).instant)
    }

    /// The occurrences whose wall-clock start lies on a date.
    pub fn occurrences_on(&self, date: Date) -> impl Iterator<Item = SeriesOccurrence> + '_ {
        // Clocks have been set by a whole day; a day more on either side holds every such start.
        let midnight = self.zone().resolve(date.midnight()).instant;
        let from = midnight.saturating_sub(Duration::days(1));
        let to = midnight.saturating_add(Duration::days(3));
        self.between(from, to).filter(move |occurrence| occurrence.local.date() == date)
    }

    /// The start of the first occurrence.
    #[must_use]
    pub fn first_start(&self) -> Instant {
        civil::instant_of(self.compiled.first_start)
    }

    /// Tests whether every date of the series is at midnight, in wall-clock time.
    #[must_use]
    pub fn is_at_midnight(&self) -> bool {
        let has_times = |rule: &Rule| rule.by_hour().iter().chain(rule.by_minute()).any(|part| *part != 0);
        let mut dates = std::iter::once(self.start()).chain(self.rdates().iter().copied());
        !self.rule().is_some_and(has_times) && dates.all(|date| date.time() == Time::MIDNIGHT)
    }

    /// The start of the last occurrence; `None` if the rule has no end.
    #[must_use]
    pub fn last_start(&self) -> Option<Instant> {
        self.compiled.last_start.map(civil::instant_of)
    }

    /// The end of the last occurrence if each takes `duration`; `None` if the rule has no end.
    #[must_use]
    pub fn last_end(&self, duration: Duration) -> Option<Instant> {
        self.last_start().map(|start| start.saturating_add(duration))
    }

    /// The rule as RFC 5545 text beside the start and its zone, which require an UNTIL in UTC (RFC 5545, section 3.3.10);
    /// `None` for a single occurrence. Added dates without a rule go with a rule that gives the start only.
    ///
    /// ```
    /// use convene_domain::recurrence::{Rule, Series, SeriesParts};
    /// use convene_domain::time::Zone;
    /// use time::macros::datetime;
    ///
    /// let paris = Zone::parse("Europe/Paris").unwrap();
    /// let parts = SeriesParts::once(datetime!(2027-03-01 9:00), paris);
    /// let rrule = |rule: &str| {
    ///     Series::new(SeriesParts { rule: Rule::parse(rule).ok(), ..parts.clone() }).unwrap().rrule()
    /// };
    /// assert_eq!(rrule("FREQ=DAILY;UNTIL=20270329T090000"), Some("FREQ=DAILY;UNTIL=20270329T070000Z".into()));
    /// assert_eq!(rrule("FREQ=DAILY;UNTIL=20270305"), Some("FREQ=DAILY;UNTIL=20270305T225959Z".into()));
    /// assert_eq!(rrule("FREQ=DAILY;COUNT=3"), Some("FREQ=DAILY;COUNT=3".into()));
    /// let added = SeriesParts { rdates: vec![datetime!(2027-03-02 9:00)], ..parts.clone() };
    /// assert_eq!(Series::new(added).unwrap().rrule(), Some("FREQ=DAILY;COUNT=1".into()));
    /// assert_eq!(Series::new(parts).unwrap().rrule(), None);
    /// ```
    #[must_use]
    pub fn rrule(&self) -> Option<String> {
        let Some(rule) = self.rule() else {
            return self.is_recurring().then(|| "FREQ=DAILY;COUNT=1".to_owned());
        };
        let last = match rule.end() {
            RuleEnd::Until(Until::Local(local)) => local,
            RuleEnd::Until(Until::Date(date)) => date.midnight().saturating_add(LAST_SECOND_OF_A_DAY),
            RuleEnd::Until(Until::Instant(_)) | RuleEnd::Count(_) | RuleEnd::Never => {
                return Some(rule.to_string());
            }
        };
        Some(rule.with_end(until::in_utc(self, rule, last)).to_string())
    }

    /// The series in plain English, such as "every 2 weeks on Monday and Thursday until 30 June 2027";
    /// "once" for a single occurrence, "on selected dates" for one with added dates.
    #[must_use]
    pub fn summary(&self) -> String {
        match self.rule() {
            Some(rule) => rule.summary_in(self.zone()),
            None if self.is_recurring() => "on selected dates".to_owned(),
            None => "once".to_owned(),
        }
    }

    /// Tests whether a rule, exdates and rdates mean the same as those of the series, beside its start and zone: the same parts and
    /// dates in any order, and an UNTIL at the same instant in any form. What [`rrule`](Self::rrule) returns means the same.
    ///
    /// ```
    /// use convene_domain::recurrence::{Rule, Series, SeriesParts};
    /// use convene_domain::time::Zone;
    /// use time::macros::datetime;
    ///
    /// let parts = SeriesParts {
    ///     rule: Some(Rule::parse("FREQ=DAILY;UNTIL=20270305T090000").unwrap()),
    ///     ..SeriesParts::once(datetime!(2027-03-01 9:00), Zone::parse("Europe/Paris").unwrap())
    /// };
    /// let series = Series::new(parts)?;
    /// let is_same = |rule: &str| series.is_given_by(&Rule::parse(rule).unwrap(), &[], &[]);
    /// assert!(is_same(&series.rrule().unwrap()));
    /// assert!(is_same("INTERVAL=1;UNTIL=20270305T090000;FREQ=daily"));
    /// assert!(!is_same("FREQ=DAILY;UNTIL=20270305T090000Z"));
    /// # Ok::<(), Vec<convene_domain::recurrence::SeriesProblem>>(())
    /// ```
    #[must_use]
    pub fn is_given_by(&self, rule: &Rule, exdates: &[LocalDateTime], rdates: &[LocalDateTime]) -> bool {
        same::are_same_dates(self.exdates(), exdates)
            && same::are_same_dates(self.rdates(), rdates)
            && same::is_same_rule(self, rule)
    }

    /// Tests whether two series have the same rule, apart from its end.
    #[must_use]
    pub fn has_same_parts(&self, other: &Self) -> bool {
        self.rule().map(Rule::without_end) == other.rule().map(Rule::without_end)
    }

    /// Tests whether exdates, rdates or the last date before an UNTIL, as far as they are ahead, are dates of the rule of `moved`: beside
    /// another start, a caller who repeats them can mean them as they are.
    #[must_use]
    pub fn names_dates_of(&self, moved: &Self, now: Instant) -> bool {
        unchanged::names_dates(self, moved, now)
    }

    /// The given series, in which the parts that repeat those of `before` move by `by`: exdates and rdates that are ahead, and the UNTIL
    /// of the same rule. A part that names dates of the new rule stays as it is given.
    ///
    /// # Errors
    ///
    /// A problem of the exdates or rdates if some of them are dates of the new rule and others are not; or as [`Series::new`].
    pub fn with_unchanged_of(
        &self,
        before: &Self,
        by: Duration,
        now: Instant,
    ) -> Result<Self, Vec<SeriesProblem>> {
        unchanged::with_unchanged(before, self, by, now)
    }

    /// The parts of the series before an occurrence, and from it on. Together they have the dates of the series, each once.
    ///
    /// A COUNT is divided. Any other rule ends, in the first part, with an UNTIL at its last date. `None` if one of the parts
    /// would have no date.
    #[must_use]
    pub fn split_at(&self, original_start: Instant) -> Option<(Self, Self)> {
        Some((split::ending_before(self, original_start)?, split::continuing_from(self, original_start)?))
    }

    /// The series with those of its exdates, rdates and used dates that matter to its occurrences in a period: all others are
    /// left out. Outside the period, the result has other occurrences.
    #[must_use]
    pub fn within(&self, after: Option<Instant>, until: Instant) -> Self {
        within::within(self, after, until)
    }

    /// The series with all dates moved by the same wall-clock difference, in a zone: the dates of the rule and its UNTIL,
    /// exdates, rdates and used dates. UNTIL stays a wall-clock time.
    ///
    /// Parts of the rule that name days, months or times move along. The dates of the rule are compared with the moved ones.
    ///
    /// ```
    /// use convene_domain::recurrence::{Series, SeriesParts};
    /// use convene_domain::time::Zone;
    /// use time::Duration;
    ///
    /// let parts = SeriesParts::parse("DTSTART:20270301T230000Z\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20270310T230000Z")?;
    /// let shifted = Series::new(parts)?.shifted(Duration::hours(2), Zone::UTC)?;
    /// assert_eq!(shifted.rule().unwrap().to_string(), "FREQ=WEEKLY;UNTIL=20270311T010000;BYDAY=TU,TH");
    /// # Ok::<(), Vec<convene_domain::recurrence::SeriesProblem>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A problem of the rule if no rule has exactly the moved dates, such as for the 31st of each month moved by a day; or as
    /// [`Series::new`].
    pub fn shifted(&self, by: Duration, zone: Zone) -> Result<Self, Vec<SeriesProblem>> {
        shift::shifted(self, by, zone)
    }

    /// The series with the same rule from a start that is later by `by`, which must be one of its dates. It has as many dates, and
    /// those in the places of excluded ones are excluded; rdates move by the difference.
    ///
    /// ```
    /// use convene_domain::recurrence::{Series, SeriesParts};
    /// use time::Duration;
    ///
    /// let parts = SeriesParts::parse("DTSTART:20270115T090000Z\nRRULE:FREQ=MONTHLY")?;
    /// let restarted = Series::new(parts)?.restarted(Duration::days(31))?;
    /// let days: Vec<_> = restarted.from_start().take(3).map(|date| date.local.date().to_string()).collect();
    /// assert_eq!(days, ["2027-02-15", "2027-03-15", "2027-04-15"]);
    /// # Ok::<(), Vec<convene_domain::recurrence::SeriesProblem>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Series::new`].
    pub fn restarted(&self, by: Duration) -> Result<Self, Vec<SeriesProblem>> {
        shift::restarted(self, by)
    }

    /// The end of the rule, if there is a rule.
    fn rule_end(&self) -> RuleEnd {
        self.rule().map_or(RuleEnd::Never, Rule::end)
    }
}
