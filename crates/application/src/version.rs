//! Versions of stored objects, by which a client learns that somebody else made a change first.

use crate::failure::Refusal;

/// Checks the version that a caller expects; `None` accepts any version.
///
/// # Errors
/// [`Refusal::VersionConflict`] with the current version.
pub const fn check_version(expected: Option<u32>, current: u32) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != current => Err(Refusal::VersionConflict { current }),
        _ => Ok(()),
    }
}
