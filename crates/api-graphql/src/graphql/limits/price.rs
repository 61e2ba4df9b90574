//! The price of a part of a document.

use std::ops::{Add, AddAssign, Mul};

/// The cost of a part of a document. Sums and products end at the maximum instead of overflowing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// The cost in units. Resolving and writing a field with a short value costs one.
    pub cost: u64,
}

impl Price {
    pub(super) const fn new(cost: u64) -> Self {
        Self { cost }
    }
}

impl Add for Price {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.cost.saturating_add(other.cost))
    }
}

impl AddAssign for Price {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<u64> for Price {
    type Output = Self;

    fn mul(self, count: u64) -> Self {
        Self::new(self.cost.saturating_mul(count))
    }
}
