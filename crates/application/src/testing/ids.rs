use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use crate::ports::Ids;

/// Generates the same ids in every run: ascending version 7 UUIDs.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

/// The timestamp of the first id in milliseconds, in the year 2026.
const FIRST_MILLISECOND: u64 = 1_790_000_000_000;

impl SequentialIds {
    /// Ids from the first on.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }
}

impl Ids for SequentialIds {
    fn next(&self) -> Uuid {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let mut rest = [0; 10];
        rest[2..].copy_from_slice(&number.to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(FIRST_MILLISECOND + number, &rest).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_version_7_and_rise() {
        let ids = SequentialIds::new();
        let made: Vec<Uuid> = (0..300).map(|_| ids.next()).collect();
        assert!(made.is_sorted_by(|before, after| before < after));
        assert!(made.iter().all(|id| id.get_version_num() == 7));
    }
}
