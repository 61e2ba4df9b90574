//! Holds the history against what the database has at the end.

mod repeats;
mod stored;

use std::time::Duration;

use anyhow::Context;

use crate::{
    history::{Ending, Operation},
    scene::Scene,
};

/// How long the replica set may take to be whole before it is looked into.
const WHOLE: Duration = Duration::from_secs(60);

/// What was found, violations apart.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) done: usize,
    pub(crate) refused: usize,
    /// Calls whose callers do not know the end for sure.
    pub(crate) open: usize,
    /// Of these, how many had no effect.
    pub(crate) absent: usize,
    /// How many calls were repeated with their key at the end.
    pub(crate) replayed: usize,
    /// How many keys were used again with another input.
    pub(crate) reused: usize,
    /// How many documents the invariants were checked on.
    pub(crate) examined: u64,
}

/// Checks everything; what is not as it has to be becomes a violation.
pub(crate) async fn run(scene: &Scene) -> anyhow::Result<Findings> {
    scene.history.flush()?;
    scene.cluster.whole(WHOLE).await?;
    let operations = scene.history.all();
    let mut findings = Findings::default();
    for operation in &operations {
        agree_with_themselves(scene, operation);
        match operation.certain() {
            Some(Ending::Done { .. }) => findings.done += 1,
            Some(_) => findings.refused += 1,
            None => findings.open += 1,
        }
    }
    (findings.replayed, findings.reused) =
        repeats::run(scene, &operations).await.context("calls could not be repeated")?;
    findings.absent = stored::run(scene, &operations).await.context("what is stored could not be read")?;
    match scene.storage.check().await {
        Ok(examined) => findings.examined = examined,
        Err(error) => scene.history.violation(format!("{error:#}")),
    }
    Ok(findings)
}

/// All certain answers to one key are about the same thing.
fn agree_with_themselves(scene: &Scene, operation: &Operation) {
    let certain =
        operation.attempts.iter().map(|attempt| &attempt.ending).filter(|ending| ending.is_certain());
    let mut about = certain.map(|ending| match ending {
        Ending::Done { id, .. } => Some(id),
        _ => None,
    });
    let first = about.next();
    if about.any(|other| Some(other) != first) {
        scene.history.violation(format!("{} was answered in two ways", operation.key));
    }
}
