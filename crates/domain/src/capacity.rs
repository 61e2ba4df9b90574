//! The number of seats of an occurrence.

use std::fmt;

/// The error for a number of seats outside 1 to 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from 1 to {}", Capacity::MAX)]
pub struct CapacityOutOfRange;

/// The number of seats of an occurrence, from 1 to 1,000,000.
///
/// ```
/// use convene_domain::capacity::Capacity;
/// assert_eq!(Capacity::new(25)?.get(), 25);
/// assert!(Capacity::new(0).is_err());
/// # Ok::<(), convene_domain::capacity::CapacityOutOfRange>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capacity(u32);

impl Capacity {
    /// The maximum: far above any hall, far below the range of a counter.
    pub const MAX: u32 = 1_000_000;

    /// Checks a number of seats.
    ///
    /// # Errors
    /// [`CapacityOutOfRange`] outside 1 to [`Capacity::MAX`].
    pub fn new(seats: impl TryInto<u32>) -> Result<Self, CapacityOutOfRange> {
        match seats.try_into() {
            Ok(seats @ 1..=Self::MAX) => Ok(Self(seats)),
            _ => Err(CapacityOutOfRange),
        }
    }

    /// The number of seats.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_its_range() {
        for bad in [i64::MIN, -1, 0, 1_000_001, i64::MAX] {
            assert_eq!(Capacity::new(bad), Err(CapacityOutOfRange));
        }
        for good in [1, 1_000_000] {
            assert_eq!(Capacity::new(good).map(Capacity::get), Ok(good));
        }
    }
}
