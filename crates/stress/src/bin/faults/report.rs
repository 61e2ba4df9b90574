//! Tables in Markdown, to be pasted into `docs/benchmarks.md`.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::Duration,
};

use crate::{
    audit::Findings,
    fault::Fault,
    history::{Attempt, Ending, Mark},
    scene::Scene,
};

/// Prints the head of the table of faults.
pub(crate) fn begin() -> anyhow::Result<()> {
    say("| fault | lasted | attempts meanwhile | of these without a certain answer | longest silence |")?;
    say("|---|--:|--:|---|--:|")
}

/// Prints what a fault did.
pub(crate) fn row(
    scene: &Scene,
    fault: Fault,
    from: &Mark,
    over: &Mark,
    silence: Duration,
) -> anyhow::Result<()> {
    let meanwhile = scene.history.between(from, &scene.history.mark());
    let mut uncertain: BTreeMap<&str, usize> = BTreeMap::new();
    for Attempt { ending, .. } in &meanwhile {
        let name = match ending {
            Ending::Done { .. } | Ending::Refused { .. } => continue,
            Ending::Failed { code } => code.as_str(),
            Ending::Broken { .. } => "connection broken",
            Ending::HungUp => "hung up",
            Ending::Silent => "NO ANSWER",
        };
        *uncertain.entry(name).or_default() += 1;
    }
    let uncertain: Vec<String> = uncertain.iter().map(|(name, count)| format!("{count} {name}")).collect();
    say(&format!(
        "| {fault} | {:.1} s | {} | {} | {:.2} s |",
        Duration::from_micros(over.time - from.time).as_secs_f64(),
        meanwhile.len(),
        if uncertain.is_empty() { "none".to_owned() } else { uncertain.join(", ") },
        silence.as_secs_f64(),
    ))
}

/// Prints what came out.
pub(crate) fn end(scene: &Scene, findings: &Findings) -> anyhow::Result<()> {
    let operations = scene.history.all();
    let attempts = operations.iter().flat_map(|operation| &operation.attempts);
    let longest = attempts.clone().map(|attempt| attempt.answered - attempt.sent).max().unwrap_or_default();
    say(&format!(
        "\n{} operations in {} attempts over {:.0} s; the longest wait for an answer was {:.1} s.",
        operations.len(),
        attempts.count(),
        Duration::from_micros(scene.history.now()).as_secs_f64(),
        Duration::from_micros(longest).as_secs_f64(),
    ))?;
    let Findings { done, refused, open, absent, replayed, reused, examined } = findings;
    say(&format!(
        "{done} were done, {refused} refused, {open} have an end that their callers do not know for sure ({absent} registrations of these had no effect). \
         {replayed} repeated with their key answered the same, {reused} with another input were refused. Every \
         invariant was checked over {examined} documents."
    ))?;
    say(&format!("{} violations.", scene.history.violations().len()))
}

/// Prints a line. A reader that has gone is no failure.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
