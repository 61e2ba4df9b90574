use std::time::Duration;

/// What an operator decides about the collections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaSettings {
    /// How long entries of the activity log are kept, to the second. The database deletes what is older, within a
    /// minute or so. At most [`i32::MAX`] seconds: what the database can count.
    pub activity_retention: Duration,
}

/// A year, and the month in which it is looked back on.
impl Default for SchemaSettings {
    fn default() -> Self {
        Self { activity_retention: Duration::from_secs(400 * 86_400) }
    }
}
