//! Output of the benchmarks and harnesses.

use std::io::{self, Write};

/// Prints a line. A closed pipe is no error.
pub fn print_line(line: &str) -> anyhow::Result<()> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
