//! Output as Markdown tables for `docs/costs.md`.

use std::{fs, path::Path};

use convene_stress::print_line;

use crate::{measure::Goal, neighbour::Watch, search::Best, shorten::shorten};

/// Prints the largest value of each goal with its request.
pub(crate) fn print_best(best: &[Best], folder: &Path) -> anyhow::Result<()> {
    print_line("| largest | value | request |\n|---|--:|---|")?;
    for Best { goal, requests } in best {
        let Some((value, request)) = requests.first() else { continue };
        let (method, path, body) = request.parts();
        let file = folder.join(format!("{goal:?}.json"));
        fs::write(&file, format!("{method} {path}\n{body}\n"))?;
        let shown = shorten(request).replace('|', "\\|");
        print_line(&format!("| {} | {} | `{shown}` |", name(*goal), shown_value(*goal, *value)))?;
    }
    print_line(&format!("\nThe complete requests are in {}.\n", folder.display()))
}

/// Prints what happened to the other organization.
pub(crate) fn print_watch(name: &str, watch: &Watch, memory_before: u64) -> anyhow::Result<()> {
    let millis = |percent| watch.percentile(percent).as_secs_f64() * 1e3;
    print_line(&format!(
        "{name}: {} calls of another organization, p50 {:.0} ms, p99 {:.0} ms, longest {:.0} ms, {} failed; memory {} to {} MiB",
        watch.latencies.len(),
        millis(50),
        millis(99),
        millis(100),
        watch.failures.len(),
        memory_before / 1_024,
        watch.memory / 1_024,
    ))
}

/// Prints the memory of the server, and the part of it that keeps the catalogues of the organizations.
pub(crate) fn print_memory(when: &str, kib: u64, catalogue_bytes: u64) -> anyhow::Result<()> {
    print_line(&format!(
        "memory {when}: {} MiB, of which catalogues {} MiB",
        kib / 1_024,
        catalogue_bytes / 1_024 / 1_024
    ))
}

fn name(goal: Goal) -> &'static str {
    match goal {
        Goal::ResponseBytes => "response",
        Goal::Cost => "accepted cost",
        Goal::LongestPoll => "time on a thread without an await",
        Goal::DatabaseCall => "call of the database",
        Goal::ProcessorTime => "processor time of the server",
    }
}

fn shown_value(goal: Goal, value: u64) -> String {
    match goal {
        Goal::ResponseBytes => format!("{value} bytes"),
        Goal::Cost => value.to_string(),
        Goal::DatabaseCall => format!("{value} ms"),
        Goal::LongestPoll | Goal::ProcessorTime => format!("{}.{} ms", value / 1_000, value % 1_000 / 100),
    }
}
