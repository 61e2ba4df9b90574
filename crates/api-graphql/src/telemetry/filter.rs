//! The limits of what `CONVENE_LOG` can enable.
//!
//! At the levels `debug` and `trace`, other crates log data: the database driver logs commands with all of their values.
//! Such lines are never written, whatever the filter is, and of the driver and of the server's library only warnings and
//! errors.

use metrics::counter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::names::CONNECTION_ERRORS;

/// Tests whether a line may be written at all. Spans are not written: they are for traces.
pub(super) fn is_permitted(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let is_own = target.starts_with("convene") || target == "security";
    // The driver describes the whole replica set at each attempt to reach it, and the server's library its threads, even
    // after the program has said why it ends.
    let is_verbose = ["mongodb", "actix_server"].iter().any(|library| target.starts_with(library));
    let max = if is_verbose { Level::WARN } else { Level::INFO };
    !metadata.is_span() && (is_own || (*metadata.level() <= max && !is_connection_error(metadata)))
}

/// Tests whether a span is exported: those of this program, never those of other crates.
pub(super) fn is_own_span(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= Level::DEBUG && metadata.target().starts_with("convene")
}

/// Tests whether a line is an error about a connection whose bytes are not HTTP, or that broke. Anybody can cause such
/// lines, so they are counted only.
pub(super) fn is_connection_error(metadata: &Metadata<'_>) -> bool {
    *metadata.level() == Level::ERROR
        && metadata.is_event()
        && metadata.target().starts_with("actix_http::h1")
}

/// Counts the lines of [`is_connection_error`].
pub(super) struct ConnectionErrors;

impl<S: Subscriber> Layer<S> for ConnectionErrors {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        counter!(CONNECTION_ERRORS).increment(1);
    }
}
