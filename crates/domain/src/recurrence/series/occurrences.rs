//! The occurrences of a series in a window, one after the other.

use std::iter::FusedIterator;

use super::clock::Clock;
use super::compiled::Compiled;
use super::date::{SeriesDate, SeriesOccurrence};
use crate::recurrence::plan::Walk;
use crate::time::zone::ZoneSegment;

/// The occurrences of a series in a window, strictly rising. The iterator is lazy.
#[derive(Debug, Clone)]
pub struct Occurrences<'s> {
    series: &'s Compiled,
    walk: Option<Walk<'s>>,
    /// The current segment of the zone.
    segment: ZoneSegment,
    clock: Clock,
    from: i64,
    to: i64,
    /// Dates of the rule before this instant are returned unchanged: no rdate, no exdate and not the end of the window
    /// comes first.
    plain_until: i64,
    /// True if one of the next three fields has a value.
    waiting: bool,
    /// The dates around a gap, in reverse order; see `sort_gap`.
    around_gap: Vec<SeriesDate>,
    /// A local second that was taken from the walk but not used yet.
    held_local: Option<i64>,
    /// A date of the rule that follows an rdate that was returned first.
    held: Option<SeriesDate>,
    next_extra: usize,
    next_excluded: usize,
}

/// A number of seconds far beyond every series and far from overflow.
const MAX_SECONDS: i64 = 100_000_000_000;

impl<'s> Occurrences<'s> {
    /// Those that start in `[from, to)`, in whole seconds.
    pub(super) fn new(series: &'s Compiled, from: i64, to: i64) -> Self {
        let from = from.max(series.used_until.saturating_add(1));
        let (from, to) = (from.max(-MAX_SECONDS), to.min(MAX_SECONDS));
        let (earliest, segment) = series.table.earliest_local(from);
        let mut occurrences = Self {
            series,
            walk: series.plan.as_ref().filter(|_| from < to).map(|plan| plan.walk(earliest)),
            segment,
            clock: Clock::START,
            from,
            to,
            plain_until: to,
            waiting: false,
            around_gap: Vec::new(),
            held_local: None,
            held: None,
            next_extra: series.extra.partition_point(|extra| extra.start < from),
            next_excluded: series.excluded.partition_point(|excluded| *excluded < from),
        };
        occurrences.look_ahead();
        occurrences
    }

    /// Computes how far the fast path of `next` is valid.
    fn look_ahead(&mut self) {
        let extra = self.series.extra.get(self.next_extra).map_or(i64::MAX, |extra| extra.start);
        let excluded = self.series.excluded.get(self.next_excluded).copied().unwrap_or(i64::MAX);
        self.plain_until = self.to.min(extra).min(excluded);
        self.waiting = self.held.is_some() || self.held_local.is_some() || !self.around_gap.is_empty();
    }

    /// The next occurrence, with exdates, rdates and gaps considered.
    fn next_of_all(&mut self) -> Option<SeriesDate> {
        let of_rule = self.held.take().or_else(|| self.next_of_rule());
        let extra = self.series.extra.get(self.next_extra).filter(|extra| extra.start < self.to);
        match (of_rule, extra) {
            (Some(date), Some(extra)) if date.start <= extra.start => {
                self.next_extra += usize::from(date.start == extra.start);
                Some(date)
            }
            (date, Some(extra)) => {
                self.held = date;
                self.next_extra += 1;
                Some(*extra)
            }
            (date, None) => date,
        }
    }

    /// The next date of the rule that is in the window and not excluded.
    fn next_of_rule(&mut self) -> Option<SeriesDate> {
        loop {
            let date = self.next_resolved()?;
            if date.start >= self.to {
                self.walk = None;
                self.around_gap.clear();
                return None;
            }
            if date.start >= self.from && !self.is_excluded(date.start) {
                return Some(date);
            }
        }
    }

    /// The next date of the rule as an instant.
    fn next_resolved(&mut self) -> Option<SeriesDate> {
        loop {
            if let Some(date) = self.around_gap.pop() {
                return Some(date);
            }
            let local = self.next_local()?;
            if local < self.segment.gap_start {
                return Some(SeriesDate { start: local - self.segment.offset, shifted: false, local });
            }
            if local >= self.segment.end {
                self.segment = self.next_segment(local);
                self.held_local = Some(local);
            } else {
                self.sort_gap(local);
            }
        }
    }

    /// The segment of a local time after the current segment.
    fn next_segment(&self, local: i64) -> ZoneSegment {
        let next = self.series.table.segment(self.segment.index + 1);
        if local < next.end { next } else { self.series.table.segment_of_local(local) }
    }

    /// Collects the dates in a gap and as long after it as it is wide, for they fall on the same stretch of
    /// time: a skipped 02:30 is the instant of 03:30. Of two that are the same instant one is kept, rather
    /// the one that clocks do show.
    fn sort_gap(&mut self, first: i64) {
        let (gap_start, gap_end) = (self.segment.gap_start, self.segment.end);
        let mut next = Some(first);
        while let Some(local) = next.filter(|local| *local < gap_end + (gap_end - gap_start)) {
            let segment = self.series.table.segment_of_local(local);
            let date =
                SeriesDate { start: local - segment.offset, shifted: local >= segment.gap_start, local };
            if date.start <= self.series.until {
                self.around_gap.push(date);
            }
            next = self.next_local();
        }
        self.held_local = next;
        self.around_gap.sort_unstable();
        self.around_gap.dedup_by_key(|date| date.start);
        self.around_gap.reverse();
        self.segment = self.series.table.segment(self.segment.index + 1);
    }

    fn next_local(&mut self) -> Option<i64> {
        if let Some(local) = self.held_local.take() {
            return Some(local);
        }
        self.walk.as_mut()?.next()
    }

    /// Returns true if the instant is excluded. Callers must pass instants in ascending order.
    fn is_excluded(&mut self, start: i64) -> bool {
        while let Some(excluded) = self.series.excluded.get(self.next_excluded) {
            if *excluded >= start {
                return *excluded == start;
            }
            self.next_excluded += 1;
        }
        false
    }
}

impl Occurrences<'_> {
    /// The next occurrence in its compact form.
    #[inline]
    pub(in crate::recurrence) fn next_date(&mut self) -> Option<SeriesDate> {
        if let (false, Some(walk)) = (self.waiting, &mut self.walk) {
            // The fast path for nearly all dates: no gap, no rdate, no exdate.
            for local in walk {
                let start = local - self.segment.offset;
                if local >= self.segment.gap_start || start >= self.plain_until {
                    self.held_local = Some(local);
                    break;
                }
                if start >= self.from {
                    return Some(SeriesDate { start, shifted: false, local });
                }
            }
        }
        let next = self.next_of_all();
        self.look_ahead();
        next
    }
}

impl Iterator for Occurrences<'_> {
    type Item = SeriesOccurrence;

    #[inline]
    fn next(&mut self) -> Option<SeriesOccurrence> {
        let date = self.next_date()?;
        Some(self.clock.show(date))
    }
}

impl FusedIterator for Occurrences<'_> {}
