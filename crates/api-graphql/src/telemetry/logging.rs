//! The log of the process.

use std::io::IsTerminal;

use tracing_subscriber::{
    Layer,
    filter::{FilterExt, LevelFilter, Targets, filter_fn},
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::{
    TelemetryError,
    filter::{ConnectionErrors, is_connection_error, is_own_span, is_permitted},
    line::{JsonLines, ReadableLines},
    traces::Traces,
};

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// Text for people.
    Readable,
}

/// Starts logging for this process, to `writer`, and spans if there are traces. From then on panics are logged
/// as well, instead of being printed between the lines.
///
/// # Errors
///
/// An invalid filter, or a second call.
pub fn start_logging<W>(
    format: LogFormat,
    filter: &str,
    writer: W,
    traces: Option<&Traces>,
) -> Result<(), TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter: Targets = filter.parse().map_err(TelemetryError::Filter)?;
    // Without a hint, every event of every crate would be examined.
    let max = filter.iter().map(|(_, level)| level).chain(filter.default_level()).max();
    let permitted = filter_fn(is_permitted).with_max_level_hint(max.unwrap_or(LevelFilter::OFF));
    let filter = filter.and(permitted);
    let counted = filter_fn(is_connection_error).with_max_level_hint(LevelFilter::ERROR);
    // A layer without a filter would enable every span, also an absent one.
    let is_traced = traces.is_some();
    let own = filter_fn(move |metadata| is_traced && is_own_span(metadata))
        .with_max_level_hint(if is_traced { LevelFilter::DEBUG } else { LevelFilter::OFF });
    let spans = traces.map(|traces| {
        let spans = tracing_opentelemetry::layer().with_tracer(traces.tracer());
        spans.with_location(false).with_threads(false).with_tracked_inactivity(false)
    });
    let spans = spans.with_filter(own);
    let registry = tracing_subscriber::registry().with(spans).with(ConnectionErrors.with_filter(counted));
    let lines = fmt::layer().with_writer(writer);
    match format {
        LogFormat::Json => registry.with(lines.event_format(JsonLines).with_filter(filter)).try_init(),
        LogFormat::Readable => {
            // Colours are for people at a terminal, not for files and pipes.
            let lines = lines.event_format(ReadableLines::new(std::io::stderr().is_terminal()));
            registry.with(lines.with_filter(filter)).try_init()
        }
    }
    .map_err(TelemetryError::AlreadySet)?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, panic = panic.payload_as_str(), "a panic");
    }));
    Ok(())
}
