//! The writer of log lines.

use std::{
    io::Write,
    sync::{OnceLock, mpsc},
    thread,
    time::Duration,
};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

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
