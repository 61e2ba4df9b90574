//! BYSETPOS: choosing from an ordered set by position from either end.

/// The place that a position stands for in a set of `length`, if it is in it.
pub(super) fn place(position: i32, length: usize) -> Option<usize> {
    let distance = usize::try_from(position.unsigned_abs()).ok()?;
    if position > 0 {
        distance.checked_sub(1).filter(|place| *place < length)
    } else {
        length.checked_sub(distance)
    }
}

/// The items at the given positions, in the items' order, none twice.
pub(super) fn select(items: &[i64], positions: &[i32]) -> Vec<i64> {
    let places = positions.iter().filter_map(|position| place(*position, items.len()));
    let mut selected: Vec<_> = places.filter_map(|place| items.get(place).copied()).collect();
    selected.sort_unstable();
    selected.dedup();
    selected
}

/// The days at the given positions of a month's days, as bits.
pub(super) fn days(mask: u32, positions: &[i32]) -> u32 {
    let days: Vec<_> = (0..31).filter(|day| mask >> day & 1 == 1).collect();
    select(&days, positions).into_iter().fold(0, |kept, day| kept | 1 << day)
}
