//! The log of the process.

use std::{
    io::{IsTerminal, Write},
    sync::{OnceLock, mpsc},
    thread,
    time::Duration,
};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
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

/// The number of lines that wait to be written, which is more than a second of a busy server. They take some 6 MiB.
const MAX_WAITING_LINES: usize = 10_000;

/// The time for which the process waits for its last lines to be written.
const FLUSH_TIME: Duration = Duration::from_secs(2);

/// Counts the lines that were lost.
static LOST: OnceLock<ErrorCounter> = OnceLock::new();

/// A writer that never waits. A thread of its own writes the lines to `output`; lines beyond [`MAX_WAITING_LINES`] are lost, and
/// [counted](lost_lines). When the second value is dropped, waiting lines are written, for at most [`FLUSH_TIME`].
pub fn log_writer(output: impl Write + Send + 'static) -> (NonBlocking, WaitingLines) {
    let builder = NonBlockingBuilder::default().buffered_lines_limit(MAX_WAITING_LINES).lossy(true);
    let (writer, guard) = builder.thread_name("log").finish(output);
    // A process has one log.
    LOST.get_or_init(|| writer.error_counter());
    (writer, WaitingLines(Some(guard)))
}

/// The lines that wait to be written.
#[derive(Debug)]
pub struct WaitingLines(Option<WorkerGuard>);

impl Drop for WaitingLines {
    fn drop(&mut self) {
        let guard = self.0.take();
        let (written, end) = mpsc::channel();
        // If nobody reads the lines, the guard prints that, which waits for a reader as well.
        thread::spawn(move || {
            drop(guard);
            written.send(()).ok();
        });
        end.recv_timeout(FLUSH_TIME).ok();
    }
}

/// The number of lines that were lost since the start.
pub(super) fn lost_lines() -> u64 {
    LOST.get().map_or(0, |lost| u64::try_from(lost.dropped_lines()).unwrap_or(u64::MAX))
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
