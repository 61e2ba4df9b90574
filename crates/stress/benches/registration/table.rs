//! Output as Markdown tables for `docs/benchmarks.md`.

use std::time::Duration;

use convene_stress::print_line;

use crate::drive::Measurement;

pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) callers: usize,
    pub(crate) measurement: Measurement,
}

/// Prints a table. Each row is compared with the row named `reference` with the same number of callers.
pub(crate) fn print(title: &str, reference: &str, rows: &[Row]) -> anyhow::Result<()> {
    print_line(&format!(
        "### {title}\n\n| | callers | calls | time | calls/s | of {reference} | p50 | p99 | convene µs | mongod µs | \
         client µs |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    ))?;
    for row in rows {
        let it = &row.measurement;
        let compared = rows.iter().find(|other| other.name == reference && other.callers == row.callers);
        let ratio = compared.map_or_else(String::new, |other| ratio(it.rate() / other.measurement.rate()));
        let each = |usage: Duration| usage.as_micros() / u128::try_from(it.calls().max(1)).unwrap_or(1);
        print_line(&format!(
            "| {} | {} | {} | {} | {:.0} | {ratio} | {} | {} | {} | {} | {} |",
            row.name,
            row.callers,
            it.calls(),
            time(it.elapsed),
            it.rate(),
            time(it.percentile(50)),
            time(it.percentile(99)),
            each(it.usage.convene),
            each(it.usage.mongod),
            each(it.usage.client),
        ))?;
    }
    print_line("")
}

fn ratio(ratio: f64) -> String {
    if ratio >= 10.0 { format!("{ratio:.0}") } else { format!("{ratio:.2}") }
}

fn time(time: Duration) -> String {
    match time.as_micros() {
        0..1_000 => format!("{} µs", time.as_micros()),
        1_000..1_000_000 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}
