//! The retention of the activity log, whose decrease deletes entries.

use std::{fmt, time::Duration};

use mongodb::IndexModel;

/// The time for which the database keeps documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Retention {
    For(Duration),
    /// Nothing deletes them.
    Unlimited,
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: u64 = 86_400;
        match self {
            Self::For(time) if time.as_secs().is_multiple_of(DAY) => {
                write!(f, "{} days", time.as_secs() / DAY)
            }
            Self::For(time) => write!(f, "{} seconds", time.as_secs()),
            Self::Unlimited => f.write_str("an unlimited time"),
        }
    }
}

/// The database keeps log entries for another time than the settings, and this process does not change that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionConflict {
    pub stored: Retention,
    pub wanted: Retention,
}

impl RetentionConflict {
    /// Tests whether a change would delete entries.
    #[must_use]
    pub fn deletes(&self) -> bool {
        self.wanted < self.stored
    }
}

/// The retention that the indexes of a collection enforce; `None` if they do not exist yet. They are created together, so that a
/// collection with others lost the one that deletes documents.
pub(super) fn enforced(indexes: &[IndexModel]) -> Option<Retention> {
    let mut own = indexes.iter().filter_map(|index| index.options.as_ref());
    let mut is_indexed = false;
    let after = own.find_map(|options| {
        is_indexed |= options.name.as_deref() != Some("_id_");
        options.expire_after
    });
    match after {
        Some(after) => Some(Retention::For(after)),
        None => is_indexed.then_some(Retention::Unlimited),
    }
}
