use std::fmt;

use convene_domain::time::zone;

/// The warning that stored occurrences may have the times of another time-zone database than that of this program. Its text names both
/// versions and the command that moves the occurrences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateDue {
    /// The version that was recorded last, if one was.
    recorded: Option<String>,
}

impl UpdateDue {
    /// Compares the recorded version with that of this program. It makes no difference which of them is newer: after a rollback,
    /// occurrences have to be moved back. Without stored occurrences, nothing has to be moved.
    #[must_use]
    pub fn of(recorded: Option<String>, has_occurrences: bool) -> Option<Self> {
        let is_current = recorded.as_deref() == Some(zone::database_version());
        (has_occurrences && !is_current).then_some(Self { recorded })
    }
}

impl fmt::Display for UpdateDue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = zone::database_version();
        f.write_str("convene update-occurrences is due: ")?;
        match &self.recorded {
            Some(recorded) => write!(
                f,
                "stored occurrences have the times of the time-zone database {recorded}, and this program has {program}"
            )?,
            None => write!(
                f,
                "no update of stored occurrences is recorded, and this program has the time-zone database {program}"
            )?,
        }
        f.write_str("; run it when all servers have the same version")
    }
}
