//! Output to the terminal.

use std::fmt::Display;
use std::io::Write;

/// Writes a line to standard output.
///
/// A closed pipe (`cargo xtask run | head`) is ignored, because there are processes to stop.
pub(crate) fn print_line(line: impl Display) {
    writeln!(std::io::stdout().lock(), "{line}").ok();
}

/// Writes a line to standard error.
pub(crate) fn print_error(line: impl Display) {
    writeln!(std::io::stderr().lock(), "{line}").ok();
}
