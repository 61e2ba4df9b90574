//! The processor time of a log line, a span and an observation of a metric, on one thread.

use std::{
    fs::OpenOptions,
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use convene_api_graphql::{
    outgoing::Roots,
    telemetry::{self, LogFormat, TraceSettings, Traces},
};
use tokio::runtime::Runtime;

use crate::routes::{microseconds, print};

/// The time for which a kind of observation is measured.
const TIME: Duration = Duration::from_millis(500);

/// Measures every kind and prints a table. Lines are written to `/dev/null`, with a call of the system for each. Spans are
/// sent to an address where nobody listens, so that their queue is full and they are dropped at its end.
pub(crate) fn measure(runtime: &Runtime) -> anyhow::Result<()> {
    let null = OpenOptions::new().write(true).open("/dev/null").context("there is no /dev/null")?;
    let settings =
        TraceSettings { collector: "http://127.0.0.1:9".to_owned(), roots: Roots::default(), ratio: 1.0 };
    let traces = Traces::start(&settings, runtime.handle().clone())?;
    telemetry::start_logging(LogFormat::Json, "info", Arc::new(null), Some(&traces))?;
    let metrics = telemetry::start_metrics()?;

    let mut text = String::from("| | µs |\n|---|--:|\n");
    let mut row =
        |name: &str, observe: &dyn Fn()| text.push_str(&format!("| {name} | {:.2} |\n", time_of(observe)));
    row("log line of a request", &line);
    row("span of a database command, exported", &|| span("convene_bench"));
    row("span that is off", &|| {
        drop(black_box(tracing::trace_span!("database command", command = "find", collection = "members")));
    });
    row("observation of a histogram", &|| {
        metrics::histogram!("convene_operation_duration_seconds", "operation" => "events")
            .record(black_box(0.004));
    });
    row("increment of a counter", &|| {
        metrics::counter!("convene_operations_total", "type" => "query", "outcome" => "done", "code" => "")
            .increment(1);
    });
    black_box(metrics.render().len());
    traces.stop();
    print(&text)
}

/// A line with the fields of the line of a request.
fn line() {
    tracing::info!(
        target: "convene_bench",
        method = "POST",
        route = "/graphql",
        status = 200_u16,
        outcome = "done",
        code = None::<&str>,
        duration_ms = 4.387,
        operation = "events",
        operation_type = "query",
        operation_name = "Home",
        organization = "org_01a21822f3247434b40e4b9371f6afbb",
        member = "mbr_01a21822f343709299ef454d0647ac25",
        cost = 5_u64,
        bytes = 214_u64,
        database_ms = 3.021,
        database_commands = 5_u64,
        longest_poll_us = 1_392_u64,
        "request"
    );
}

fn span(collection: &'static str) {
    let span =
        tracing::debug_span!(target: "convene_bench", "database command", command = "find", collection);
    span.in_scope(|| black_box(collection));
}

/// The mean time in microseconds.
fn time_of(observe: &dyn Fn()) -> f64 {
    let (started, mut calls) = (Instant::now(), 0_u64);
    while started.elapsed() < TIME {
        for _ in 0..100 {
            observe();
        }
        calls += 100;
    }
    microseconds(started.elapsed(), calls)
}
