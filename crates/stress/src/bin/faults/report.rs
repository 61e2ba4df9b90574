//! Output as Markdown tables for `docs/benchmarks.md`.

use std::{collections::BTreeMap, time::Duration};

use convene_stress::print_line;

use crate::{
    audit::Findings,
    fault::Fault,
    fixture::Fixture,
    history::{Attempt, AttemptOutcome, Mark},
};

pub(crate) fn begin() -> anyhow::Result<()> {
    print_line("| fault | duration | attempts | of these uncertain | longest outage |")?;
    print_line("|---|--:|--:|---|--:|")
}

/// Prints the effects of a fault.
pub(crate) fn row(
    fixture: &Fixture,
    fault: Fault,
    from: &Mark,
    over: &Mark,
    outage: Duration,
) -> anyhow::Result<()> {
    let meanwhile = fixture.history.between(from, &fixture.history.mark());
    let mut uncertain: BTreeMap<&str, usize> = BTreeMap::new();
    for Attempt { outcome, .. } in &meanwhile {
        let name = match outcome {
            AttemptOutcome::Done { .. } | AttemptOutcome::Refused { .. } => continue,
            AttemptOutcome::Failed { code } => code.as_str(),
            AttemptOutcome::ConnectionBroken { .. } => "connection broken",
            AttemptOutcome::Disconnected => "disconnected",
            AttemptOutcome::TimedOut => "NO ANSWER",
        };
        *uncertain.entry(name).or_default() += 1;
    }
    let uncertain: Vec<String> = uncertain.iter().map(|(name, count)| format!("{count} {name}")).collect();
    print_line(&format!(
        "| {fault} | {:.1} s | {} | {} | {:.2} s |",
        Duration::from_micros(over.time - from.time).as_secs_f64(),
        meanwhile.len(),
        if uncertain.is_empty() { "none".to_owned() } else { uncertain.join(", ") },
        outage.as_secs_f64(),
    ))
}

/// Prints the summary.
pub(crate) fn end(fixture: &Fixture, findings: &Findings) -> anyhow::Result<()> {
    let operations = fixture.history.all();
    let attempts = operations.iter().flat_map(|operation| &operation.attempts);
    let longest = attempts.clone().map(|attempt| attempt.answered - attempt.sent).max().unwrap_or_default();
    print_line(&format!(
        "\n{} operations in {} attempts over {:.0} s; the longest wait for an answer was {:.1} s.",
        operations.len(),
        attempts.count(),
        Duration::from_micros(fixture.history.now()).as_secs_f64(),
        Duration::from_micros(longest).as_secs_f64(),
    ))?;
    let Findings { done, refused, open, without_effect, replayed, reused, examined } = findings;
    print_line(&format!(
        "{done} succeeded, {refused} refused, {open} have an uncertain outcome (of which {without_effect} registrations had no effect). \
         {replayed} repeats with the same key returned the same result, {reused} reuses with another input were refused. Every \
         invariant was checked over {examined} documents."
    ))?;
    print_line(&format!(
        "{} reads after an acknowledged change of the other or the same process.",
        fixture.history.reads()
    ))?;
    print_line(&format!("{} violations.", fixture.history.violations().len()))
}
