//! The numbers of passed and failed tests, from the output of the test runners.

use std::fmt;
use std::ops::AddAssign;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Counts {
    /// Reads the root element of nextest's `JUnit` report:
    /// `<testsuites name="nextest-run" tests="12" failures="1" errors="0" ...>`.
    pub(super) fn from_junit(report: &str) -> Option<Self> {
        let head = report.split_once("<testsuites ")?.1.split_once('>')?.0;
        let number = |name: &str| -> Option<u64> {
            head.split_once(&format!("{name}=\""))?.1.split_once('"')?.0.parse().ok()
        };
        let failed = number("failures")? + number("errors").unwrap_or(0);
        Some(Self { passed: number("tests")?.checked_sub(failed)?, failed, skipped: 0 })
    }

    /// Reads a line such as `test result: ok. 5 passed; 0 failed; 1 ignored; ...` of Rust's own test harness.
    pub(super) fn from_result_line(line: &str) -> Option<Self> {
        let (_, results) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let number = |name: &str| -> Option<u64> {
            results.split("; ").find_map(|part| part.strip_suffix(name)?.trim().parse().ok())
        };
        Some(Self { passed: number("passed")?, failed: number("failed")?, skipped: number("ignored")? })
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(formatter, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_of_nextest_is_parsed() {
        let report = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="12" failures="2" errors="1" uuid="9c" time="0.1">
    <testsuite name="xtask" tests="12" disabled="0" errors="1" failures="2">"#;
        let counts = Counts::from_junit(report).unwrap();
        assert_eq!(counts, Counts { passed: 9, failed: 3, skipped: 0 });
        assert_eq!(counts.to_string(), "9 passed, 3 failed");
        assert_eq!(Counts::from_junit("<testsuites>"), None);
    }

    #[test]
    fn the_result_lines_are_parsed_and_added() {
        let line = "test result: FAILED. 5 passed; 1 failed; 2 ignored; 0 measured; 3 filtered out; finished in 0.00s";
        let mut counts = Counts::from_result_line(line).unwrap();
        counts +=
            Counts::from_result_line("test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured").unwrap();
        assert_eq!(counts.to_string(), "6 passed, 1 failed, 2 skipped");
        assert_eq!(Counts::from_result_line("test time::is_kept ... ok"), None);
    }
}
