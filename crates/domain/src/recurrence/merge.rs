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

use super::series::{Occurrences, SeriesOccurrence};

/// The occurrences of many series by start, those of equal start by key, as a lazy iterator.
///
/// Reads one occurrence of every series immediately. If the number of occurrences is known, [`first`] costs less.
pub fn by_start<'s, K: Ord + Clone>(
    series: impl IntoIterator<Item = (K, Occurrences<'s>)>,
) -> impl Iterator<Item = (K, SeriesOccurrence)> {
    let mut waiting: Vec<Occurrences<'s>> = Vec::new();
    let mut heads = Vec::new();
    for (key, mut occurrences) in series {
        if let Some(date) = occurrences.next_date() {
            heads.push(Reverse((date.start, key, waiting.len(), date)));
            waiting.push(occurrences);
        }
    }
    let mut heads = BinaryHeap::from(heads);
    std::iter::from_fn(move || {
        let mut head = heads.peek_mut()?;
        let Reverse((_, key, place, date)) = &*head;
        let (key, place, date) = (key.clone(), *place, *date);
        match waiting.get_mut(place).and_then(Occurrences::next_date) {
            Some(next) => *head = Reverse((next.start, key.clone(), place, next)),
            None => drop(PeekMut::pop(head)),
        }
        Some((key, date.show()))
    })
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
