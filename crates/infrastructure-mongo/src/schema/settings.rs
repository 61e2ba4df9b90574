use std::time::Duration;

/// The settings of collections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaSettings {
    /// The retention of entries of the activity log, to the second; at most [`i32::MAX`] seconds, a limit of the database.
    /// The database deletes expired entries within a minute or so.
    pub activity_retention: Duration,
    /// Allows a change that deletes entries: to a shorter retention than the database has.
    pub may_shorten_retention: bool,
}

/// A retention of a year, and a month to look back on it.
impl Default for SchemaSettings {
    fn default() -> Self {
        Self { activity_retention: Duration::from_secs(400 * 86_400), may_shorten_retention: false }
    }
}
