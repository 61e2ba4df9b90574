//! The price of a part of a document.

use std::ops::{Add, AddAssign, Mul};

/// The cost of a part of a document, and the memory that its result may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// The cost in units. Resolving and writing a field with a short value costs one.
    pub cost: u64,
    /// The maximum size in bytes of the objects that are loaded for the part, and of its result.
    pub bytes: u64,
}

impl Price {
    pub(super) const fn new(cost: u64, bytes: u64) -> Self {
        Self { cost, bytes }
    }
}

impl Add for Price {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.cost.saturating_add(other.cost), self.bytes.saturating_add(other.bytes))
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
        Self::new(self.cost.saturating_mul(count), self.bytes.saturating_mul(count))
    }
}
