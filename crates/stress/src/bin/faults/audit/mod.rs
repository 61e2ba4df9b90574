//! Compares the history with the content of the database at the end.

mod repeats;
mod stored;

use std::time::Duration;

use anyhow::Context;

use crate::{
    fixture::Fixture,
    history::{AttemptOutcome, Operation},
};

const HEALTH_TIMEOUT: Duration = Duration::from_secs(60);

/// The statistics of an audit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) done: usize,
    pub(crate) refused: usize,
    /// Operations with uncertain outcome.
    pub(crate) open: usize,
    /// Uncertain registrations without effect.
    pub(crate) without_effect: usize,
    /// Operations that were repeated with the same key and input.
    pub(crate) replayed: usize,
    /// Operations whose key was reused with another input.
    pub(crate) reused: usize,
    /// Documents examined by the integrity check.
    pub(crate) examined: u64,
}

/// Runs all checks and records violations.
pub(crate) async fn run(fixture: &Fixture) -> anyhow::Result<Findings> {
    fixture.history.flush()?;
    fixture.cluster.wait_until_healthy(HEALTH_TIMEOUT).await?;
    let operations = fixture.history.all();
    let mut findings = Findings::default();
    for operation in &operations {
        check_consistent_answers(fixture, operation);
        match operation.certain() {
            Some(AttemptOutcome::Done { .. }) => findings.done += 1,
            Some(_) => findings.refused += 1,
            None => findings.open += 1,
        }
    }
    (findings.replayed, findings.reused) =
        repeats::run(fixture, &operations).await.context("the operations could not be repeated")?;
    findings.without_effect =
        stored::run(fixture, &operations).await.context("the stored documents could not be read")?;
    match fixture.storage.check().await {
        Ok(examined) => findings.examined = examined,
        Err(error) => fixture.history.violation(format!("{error:#}")),
    }
    Ok(findings)
}

/// Checks that all certain answers to one key agree.
fn check_consistent_answers(fixture: &Fixture, operation: &Operation) {
    let certain =
        operation.attempts.iter().map(|attempt| &attempt.outcome).filter(|outcome| outcome.is_certain());
    let mut about = certain.map(|outcome| match outcome {
        AttemptOutcome::Done { id, .. } => Some(id),
        _ => None,
    });
    let first = about.next();
    if about.any(|other| Some(other) != first) {
        fixture.history.violation(format!("{} was answered with different results", operation.key));
    }
}
