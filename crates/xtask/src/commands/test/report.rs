//! The final table: each step, its outcome and its duration.

use std::fmt;
use std::time::Duration;

use super::steps::{Outcome, Step};

/// The outcomes so far.
#[derive(Default)]
pub(super) struct Report {
    rows: Vec<(Step, String, Duration)>,
}

impl Report {
    pub(super) fn add(&mut self, step: Step, outcome: &anyhow::Result<Outcome>, took: Duration) {
        let step_outcome = match outcome {
            Ok(Outcome::Passed) => "ok".to_owned(),
            Ok(Outcome::Skipped(reason)) => format!("skipped: {reason}"),
            Err(_) => "FAILED".to_owned(),
        };
        self.rows.push((step, step_outcome, took));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut total = Duration::ZERO;
        for (step, step_outcome, took) in &self.rows {
            writeln!(formatter, "{:<10} {:>7.1} s  {step_outcome}", step.title(), took.as_secs_f64())?;
            total += *took;
        }
        write!(formatter, "{:<10} {:>7.1} s", "total", total.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_every_step_and_the_sum() {
        let mut report = Report::default();
        report.add(Step::Format, &Ok(Outcome::Passed), Duration::from_millis(1500));
        report.add(Step::Deny, &Ok(Outcome::Skipped("not installed")), Duration::ZERO);
        report.add(Step::Tests, &Err(anyhow::anyhow!("red")), Duration::from_secs(60));
        let expected = "\
format         1.5 s  ok
deny           0.0 s  skipped: not installed
tests         60.0 s  FAILED
total         61.5 s";
        assert_eq!(report.to_string(), expected);
    }
}
