//! Merging of many series in the order of their starts.
//!
//! Each series is given by a key and its [`Occurrences`] in the window wanted, which can differ
//! between them: [`Series::overlapping`] begins earlier for longer occurrences.
//!
//! ```
//! use convene_domain::recurrence::{Rule, Series, SeriesParts, merge};
//! use convene_domain::time::Zone;
//! use time::macros::{datetime, utc_datetime};
//!
//! let series = |rule, start| {
//!     let rule = Some(Rule::parse(rule).unwrap());
//!     Series::new(SeriesParts { rule, ..SeriesParts::once(start, Zone::UTC) }).unwrap()
//! };
//! let daily = series("FREQ=DAILY", datetime!(2026-11-01 9:00));
//! let weekly = series("FREQ=WEEKLY", datetime!(2026-11-02 8:00));
//! let (from, to) = (utc_datetime!(2026-11-02 0:00), utc_datetime!(2026-11-09 0:00));
//! let windows = || [("daily", daily.between(from, to)), ("weekly", weekly.between(from, to))];
//!
//! let first: Vec<_> = merge::first(2, windows()).into_iter().map(|(key, _)| key).collect();
//! assert_eq!(first, ["weekly", "daily"]);
//! assert_eq!(merge::all(windows()).len(), 8);
//! assert!(merge::by_start(windows()).eq(merge::all(windows())));
//! ```
//!
//! [`Series::overlapping`]: super::Series::overlapping

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::series::{Occurrences, SeriesDate, SeriesOccurrence};

/// The occurrences of many series by start, those of equal start by key, as a lazy iterator.
pub struct ByStart<'s, K> {
    series: Vec<Occurrences<'s>>,
    heads: BinaryHeap<Reverse<(i64, K, usize, SeriesDate)>>,
}

impl<K: Ord> Default for ByStart<'_, K> {
    fn default() -> Self {
        Self { series: Vec::new(), heads: BinaryHeap::new() }
    }
}

impl<'s, K: Ord> ByStart<'s, K> {
    /// Adds a series and reads its first occurrence.
    pub fn push(&mut self, key: K, mut occurrences: Occurrences<'s>) {
        if let Some(date) = occurrences.next_date() {
            self.heads.push(Reverse((date.start, key, self.series.len(), date)));
            self.series.push(occurrences);
        }
    }
}

impl<K: Ord + Clone> Iterator for ByStart<'_, K> {
    type Item = (K, SeriesOccurrence);

    fn next(&mut self) -> Option<Self::Item> {
        let mut head = self.heads.peek_mut()?;
        let Reverse((_, key, place, date)) = &*head;
        let (key, place, date) = (key.clone(), *place, *date);
        match self.series.get_mut(place).and_then(Occurrences::next_date) {
            Some(next) => *head = Reverse((next.start, key.clone(), place, next)),
            None => drop(PeekMut::pop(head)),
        }
        Some((key, date.show()))
    }
}

/// The occurrences of these series in the order of [`ByStart`].
///
/// Reads one occurrence of every series immediately. If the number of occurrences is known, [`first`] costs less.
pub fn by_start<'s, K: Ord + Clone>(
    series: impl IntoIterator<Item = (K, Occurrences<'s>)>,
) -> ByStart<'s, K> {
    let mut merged = ByStart::default();
    for (key, occurrences) in series {
        merged.push(key, occurrences);
    }
    merged
}

/// The first `number` occurrences of [`by_start`].
///
/// Keeps at most `number` occurrences and reads every further series only up to the last of them.
pub fn first<'s, K: Ord + Clone>(
    number: usize,
    series: impl IntoIterator<Item = (K, Occurrences<'s>)>,
) -> Vec<(K, SeriesOccurrence)> {
    let mut best = BinaryHeap::new();
    for (key, mut occurrences) in series {
        while let Some(date) = occurrences.next_date() {
            if best.len() < number {
                best.push((date.start, key.clone(), date));
                continue;
            }
            match best.peek_mut() {
                Some(mut last) if (date.start, &key) < (last.0, &last.1) => {
                    *last = (date.start, key.clone(), date);
                }
                _ => break,
            }
        }
    }
    best.into_sorted_vec().into_iter().map(|(_, key, date)| (key, date.show())).collect()
}

/// All occurrences of [`by_start`].
pub fn all<'s, K: Ord + Clone>(
    series: impl IntoIterator<Item = (K, Occurrences<'s>)>,
) -> Vec<(K, SeriesOccurrence)> {
    let mut all = Vec::new();
    for (key, occurrences) in series {
        all.extend(occurrences.map(|occurrence| (key.clone(), occurrence)));
    }
    sorted(&all)
}

/// Sorts by start and key. Sorts small keys first, and moves each large item once.
fn sorted<K: Ord + Clone>(items: &[(K, SeriesOccurrence)]) -> Vec<(K, SeriesOccurrence)> {
    let starts = items.iter().map(|(_, occurrence)| occurrence.start.unix_timestamp());
    let mut order: Vec<(i64, usize)> = starts.zip(0..).collect();
    order.sort_unstable();
    let places = order.into_iter().map(|(_, place)| place);
    let mut sorted: Vec<_> = places.filter_map(|place| items.get(place).cloned()).collect();
    for at_once in sorted.chunk_by_mut(|(_, one), (_, next)| one.start == next.start) {
        at_once.sort_by(|(one, _), (other, _)| one.cmp(other));
    }
    sorted
}
