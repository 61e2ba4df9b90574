//! What is said to the person at the terminal.

use std::fmt::Display;
use std::io::Write;

/// Writes a line to standard output.
///
/// A reader that has gone away (`cargo xtask run | head`) is no reason to fail: there are processes to stop.
pub(crate) fn say(line: impl Display) {
    writeln!(std::io::stdout().lock(), "{line}").ok();
}

/// Writes a line to standard error.
pub(crate) fn complain(line: impl Display) {
    writeln!(std::io::stderr().lock(), "{line}").ok();
}
