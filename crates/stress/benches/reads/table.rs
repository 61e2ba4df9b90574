//! Output as Markdown tables for `docs/benchmarks.md`.

use std::time::Duration;

use convene_stress::print_line;

use crate::{drive::Row, request::Variant};

/// Prints a table. Rows are compared with the bare driver's two queries by the same number of callers.
pub(crate) fn print(title: &str, rows: &[Row]) -> anyhow::Result<()> {
    print_line(&format!(
        "### {title}\n\n| | callers | calls/s | of two queries | p50 | p95 | p99 | convene µs | mongod µs | client µs | \
         convene MiB |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    ))?;
    for row in rows {
        let two = |other: &&Row| other.variant == Variant::BareTwo && other.callers == row.callers;
        let ratio = rows.iter().find(two).map_or(0.0, |other| rate(row) / rate(other));
        let each = |usage: Duration| usage.as_micros() / row.latencies.len().max(1) as u128;
        print_line(&format!(
            "| {} | {} | {:.0} | {ratio:.2} | {} | {} | {} | {} | {} | {} | {} |",
            row.variant.name(),
            row.callers,
            rate(row),
            percentile(row, 50),
            percentile(row, 95),
            percentile(row, 99),
            each(row.usage.convene),
            each(row.usage.mongod),
            each(row.usage.client),
            row.memory >> 20,
        ))?;
    }
    print_line("")
}

fn rate(row: &Row) -> f64 {
    row.latencies.len() as f64 / row.elapsed.as_secs_f64().max(f64::EPSILON)
}

fn percentile(row: &Row, percent: usize) -> String {
    let rank = (row.latencies.len() * percent).div_ceil(100).max(1);
    let time = row.latencies.get(rank - 1).copied().unwrap_or_default();
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
