//! Overlaps: pairs of intervals that have an instant in common.
//!
//! All functions use [`Interval::overlaps`]: intervals are half-open, so touching ones do not overlap.
//!
//! ```
//! use convene_domain::overlap;
//! use convene_domain::time::Interval;
//! use time::macros::utc_datetime;
//!
//! let at = |from, to| Interval::new(from, to).unwrap();
//! let yoga = at(utc_datetime!(2026-11-22 9:00), utc_datetime!(2026-11-22 10:00));
//! let lunch = at(utc_datetime!(2026-11-22 12:00), utc_datetime!(2026-11-22 13:00));
//! let call = at(utc_datetime!(2026-11-22 9:30), utc_datetime!(2026-11-22 12:00));
//!
//! let agenda = [("yoga", yoga), ("lunch", lunch)];
//! assert_eq!(overlap::conflicts(&call, agenda).collect::<Vec<_>>(), ["yoga"]);
//!
//! let all = [("yoga", yoga), ("lunch", lunch), ("call", call)];
//! assert_eq!(overlap::pairs(all).collect::<Vec<_>>(), [("yoga", "call")]);
//! ```

use std::iter::Peekable;

use crate::time::Interval;

/// Returns the keys of the intervals that overlap `wanted`, in the given order.
pub fn conflicts<K>(
    wanted: &Interval,
    taken: impl IntoIterator<Item = (K, Interval)>,
) -> impl Iterator<Item = K> {
    taken.into_iter().filter(|(_, interval)| interval.overlaps(wanted)).map(|(key, _)| key)
}

/// Returns the keys of the seats that a member cannot keep when seats move onto each other. Each seat has a key, its time
/// before, and its time after the move.
///
/// Seats that do not move have precedence, then those with the earlier new time.
pub fn conflicting_moves<K>(seats: impl IntoIterator<Item = (K, Interval, Interval)>) -> Vec<K> {
    let mut seats: Vec<(K, Interval, Interval)> = seats.into_iter().collect();
    seats.sort_by_key(|(_, before, after)| (before != after, *after, *before));
    let mut kept: Vec<Interval> = Vec::with_capacity(seats.len());
    let mut conflicting = Vec::new();
    for (key, before, after) in seats {
        if before != after && kept.iter().any(|other| other.overlaps(&after)) {
            conflicting.push(key);
        } else {
            kept.push(after);
        }
    }
    conflicting
}

/// Returns all pairs of overlapping intervals, ordered by the start of the interval that starts first, whose key comes
/// first in the pair.
///
/// Takes `n log n` steps for `n` intervals, and one for each pair that is read.
pub fn pairs<K: Clone>(intervals: impl IntoIterator<Item = (K, Interval)>) -> impl Iterator<Item = (K, K)> {
    let mut sorted: Vec<(K, Interval)> = intervals.into_iter().collect();
    sorted.sort_by_key(|(_, interval)| *interval);
    let (mut earlier, mut later) = (0, 1);
    std::iter::from_fn(move || {
        loop {
            let (key, interval) = sorted.get(earlier)?;
            match sorted.get(later) {
                // They are sorted by start, so the later one overlaps if it starts before the end.
                Some((other, candidate)) if candidate.start() < interval.end() => {
                    later += 1;
                    return Some((key.clone(), other.clone()));
                }
                _ => {
                    earlier += 1;
                    later = earlier + 1;
                }
            }
        }
    })
}

/// Returns all overlapping pairs of an interval of one calendar and one of another, lazily.
///
/// Both calendars must be sorted by start, as [`Series::between`] is; they may be endless. Only the intervals that have
/// not ended yet are kept.
///
/// [`Series::between`]: crate::recurrence::Series::between
pub fn pairs_between<L: Clone, R: Clone>(
    left: impl IntoIterator<Item = (L, Interval)>,
    right: impl IntoIterator<Item = (R, Interval)>,
) -> impl Iterator<Item = ((L, Interval), (R, Interval))> {
    PairsBetween { left: Side::new(left.into_iter()), right: Side::new(right.into_iter()), found: Vec::new() }
}

struct PairsBetween<L, R, A: Iterator<Item = (L, Interval)>, B: Iterator<Item = (R, Interval)>> {
    left: Side<L, A>,
    right: Side<R, B>,
    /// The pairs that were found and not returned yet, last first.
    found: Vec<((L, Interval), (R, Interval))>,
}

/// One of the two calendars: the intervals to come, and those that have begun and may not have ended.
struct Side<K, I: Iterator<Item = (K, Interval)>> {
    coming: Peekable<I>,
    open: Vec<(K, Interval)>,
}

impl<K, I: Iterator<Item = (K, Interval)>> Side<K, I> {
    fn new(intervals: I) -> Self {
        Self { coming: intervals.peekable(), open: Vec::new() }
    }

    /// Returns the open intervals that overlap an interval that starts no earlier than all of them.
    fn still_open(&mut self, newcomer: &Interval) -> impl Iterator<Item = &(K, Interval)> {
        self.open.retain(|(_, interval)| interval.end() > newcomer.start());
        self.open.iter()
    }
}

impl<L, R, A, B> Iterator for PairsBetween<L, R, A, B>
where
    L: Clone,
    R: Clone,
    A: Iterator<Item = (L, Interval)>,
    B: Iterator<Item = (R, Interval)>,
{
    type Item = ((L, Interval), (R, Interval));

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(pair) = self.found.pop() {
                return Some(pair);
            }
            let left_start = self.left.coming.peek().map(|(_, interval)| interval.start());
            let right_start = self.right.coming.peek().map(|(_, interval)| interval.start());
            let left_is_next = match (left_start, right_start) {
                (Some(left), Some(right)) => left <= right,
                // A side without further intervals matters only while some of its intervals are open.
                (Some(_), None) if !self.right.open.is_empty() => true,
                (None, Some(_)) if !self.left.open.is_empty() => false,
                _ => return None,
            };
            if left_is_next {
                let newcomer = self.left.coming.next()?;
                let pairs = self.right.still_open(&newcomer.1).map(|open| (newcomer.clone(), open.clone()));
                self.found.extend(pairs);
                self.left.open.push(newcomer);
            } else {
                let newcomer = self.right.coming.next()?;
                let pairs = self.left.still_open(&newcomer.1).map(|open| (open.clone(), newcomer.clone()));
                self.found.extend(pairs);
                self.right.open.push(newcomer);
            }
            self.found.reverse();
        }
    }
}

#[cfg(test)]
mod tests {
    use ::time::{Duration, UtcDateTime};

    use super::*;

    /// An interval in hours since 1970.
    fn hours(from: i64, to: i64) -> Interval {
        let at = |hour| UtcDateTime::UNIX_EPOCH + Duration::hours(hour);
        Interval::new(at(from), at(to)).unwrap()
    }

    #[test]
    fn conflicts_keep_the_given_order_and_exclude_touching_intervals() {
        let taken = [("late", hours(3, 5)), ("touching", hours(4, 6)), ("early", hours(0, 3))];
        let found: Vec<_> = conflicts(&hours(2, 4), taken).collect();
        assert_eq!(found, ["late", "early"]);
        assert_eq!(conflicts(&hours(6, 7), taken).next(), None);
    }

    #[test]
    fn conflicting_moves_keep_seats_that_stay_and_then_the_earlier_ones() {
        let seats = [
            ("moves onto one that stays", hours(0, 2), hours(9, 11)),
            ("stays", hours(10, 12), hours(10, 12)),
            ("moves second", hours(3, 4), hours(13, 15)),
            ("moves first", hours(5, 6), hours(12, 14)),
            ("takes the time of one that moves away", hours(20, 21), hours(5, 6)),
        ];
        assert_eq!(conflicting_moves(seats), ["moves onto one that stays", "moves second"]);
    }

    #[test]
    fn pairs_find_every_overlap_once() {
        let all = [("a", hours(0, 10)), ("b", hours(1, 2)), ("c", hours(2, 3)), ("d", hours(9, 11))];
        let found: Vec<_> = pairs(all).collect();
        assert_eq!(found, [("a", "b"), ("a", "c"), ("a", "d")]);
    }

    #[test]
    fn pairs_between_agree_with_comparing_everything() {
        // Every interval of up to four hours in a day, distributed to two calendars.
        let all: Vec<_> =
            (0..24).flat_map(|from| (1..5).map(move |length| hours(from, from + length))).collect();
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for (index, interval) in all.into_iter().enumerate() {
            if index % 3 == 0 { left.push((index, interval)) } else { right.push((index, interval)) }
        }
        let mut found: Vec<_> =
            pairs_between(left.clone(), right.clone()).map(|((left, _), (right, _))| (left, right)).collect();
        found.sort_unstable();
        let mut expected = Vec::new();
        for (left_key, left_interval) in &left {
            for (right_key, right_interval) in &right {
                if left_interval.overlaps(right_interval) {
                    expected.push((*left_key, *right_key));
                }
            }
        }
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
}
