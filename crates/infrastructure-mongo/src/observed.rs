//! Observation of database commands: their time, the requests that they are for, and their spans.

use std::future::Future;

use convene_application::database_use::DatabaseUse;
use tokio::time::Instant;
use tracing::{Instrument, Span, debug_span};

use crate::metrics;

/// Runs a command in a span, and measures it. Arguments are left out because they may be personal data.
pub(crate) async fn observed<T>(
    command: &'static str,
    collection: Option<&'static str>,
    run: impl Future<Output = T>,
) -> T {
    let span = debug_span!("database command", command, collection);
    let started = Instant::now();
    let result = run.instrument(span).await;
    let time = started.elapsed();
    metrics::command(command, time);
    DatabaseUse::record(time);
    result
}

/// The request that waits for work which it may share with others.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    database: Option<DatabaseUse>,
    span: Span,
}

impl Origin {
    /// The request of the current task.
    pub(crate) fn current() -> Self {
        Self { database: DatabaseUse::current(), span: Span::current() }
    }

    /// Counts the commands of the [shared work](share) so far to this request, before it is answered.
    pub(crate) fn count_shared(&self) {
        if let (Some(request), Some(shared)) = (&self.database, DatabaseUse::current()) {
            request.add(shared.commands(), shared.time());
        }
    }
}

/// Runs work that several requests share, in a span that is linked to theirs.
pub(crate) async fn share<T>(
    span: Span,
    origins: impl Iterator<Item = &Origin>,
    work: impl Future<Output = T>,
) -> T {
    origins.for_each(|origin| {
        span.follows_from(&origin.span);
    });
    DatabaseUse::default().measure(work.instrument(span)).await
}
