//! Output as a Markdown table for `docs/benchmarks.md`.

use std::time::Duration;

use convene_stress::print_line;

use crate::{edit::Edited, held::Series, neighbour::Calls};

/// The result of one edit.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) series: Series,
    /// The documents that the edit wrote or deleted.
    pub(crate) changed: usize,
    pub(crate) edited: Edited,
    /// The calls of the other organization before the edit.
    pub(crate) alone: Calls,
    /// The calls of the other organization during the edit.
    pub(crate) during: Calls,
}

pub(crate) fn print_head() -> anyhow::Result<()> {
    print_line(
        "| edit | seats | occurrences | documents changed | until complete | calls of the client | other organization alone: p99 \
         | during the edit: calls | p99 | in proportion | longest | failures |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    )
}

impl Row {
    pub(crate) fn print(&self) -> anyhow::Result<()> {
        let Self { name, series, changed, edited, alone, during } = self;
        let (p99_alone, p99) = (alone.percentile(99), during.percentile(99));
        print_line(&format!(
            "| {name} | {} | {} | {changed} | {:.2} s | {} | {} | {} | {} | {:.1} | {} | {} |",
            series.seats,
            series.occurrences,
            edited.time.as_secs_f64(),
            edited.calls,
            time(p99_alone),
            during.times.len(),
            time(p99),
            p99.as_secs_f64() / p99_alone.as_secs_f64().max(f64::EPSILON),
            time(during.percentile(100)),
            alone.failures.len() + during.failures.len(),
        ))?;
        alone
            .failures
            .iter()
            .chain(&during.failures)
            .take(5)
            .try_for_each(|failure| print_line(&format!("VIOLATION: {failure}")))
    }
}

fn time(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
