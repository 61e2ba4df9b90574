use serde::Deserialize;

/// The record of the last realignment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RealignmentDocument {
    /// The version of the time-zone database whose times the stored occurrences have.
    pub(crate) time_zones: String,
}
