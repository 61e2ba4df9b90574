use std::{
    convert::Infallible,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use convene_application::failure::Fault;
use metrics_exporter_prometheus::PrometheusHandle;

use super::progress::Progress;
use crate::telemetry;

/// The time between two checks of the backend. Load balancers probe every few seconds.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The maximum time of a check: longer than that of a call to the database, whose failure has the better reason.
const MAX_CHECK_TIME: Duration = Duration::from_secs(5);

pub(super) const STARTING: &str = "The server is starting: it waits for the database.";

/// The part of the server behind the HTTP edge, as the probes see it.
#[async_trait]
pub trait Readiness: Send + Sync + 'static {
    /// Checks the current state, without a cache: the database responds and may be read.
    ///
    /// # Errors
    /// The missing part. It goes to the log, not to the caller.
    async fn check(&self) -> Result<(), Fault>;

    /// Tests whether callers can be authenticated.
    fn can_authenticate(&self) -> bool {
        true
    }

    /// Tests whether all tasks run that must run for as long as the process does.
    fn is_running(&self) -> bool {
        true
    }
}

/// The state of the process for the probes. A clone is cheap.
#[derive(Clone)]
pub struct Health(Arc<State>);

struct State {
    backend: OnceLock<Arc<dyn Readiness>>,
    /// The result of the last check of the backend.
    is_available: AtomicBool,
    shutting_down: AtomicBool,
    progress: Progress,
    metrics: PrometheusHandle,
}

impl Health {
    /// The state of a process that starts: it is alive but not ready.
    #[must_use]
    pub fn starting(metrics: PrometheusHandle) -> Self {
        Self(Arc::new(State {
            backend: OnceLock::new(),
            is_available: AtomicBool::new(true),
            shutting_down: AtomicBool::new(false),
            progress: Progress::default(),
            metrics,
        }))
    }

    /// From now on, the readiness is that of the backend, which is available because it was just opened.
    pub fn started(&self, backend: Arc<dyn Readiness>) {
        // A second call changes nothing.
        drop(self.0.backend.set(backend));
    }

    /// Makes the readiness probe fail from now on.
    pub fn begin_shutdown(&self) {
        self.0.shutting_down.store(true, Ordering::SeqCst);
    }

    /// Returns false while the last check of the database has failed. The log has the reason.
    #[must_use]
    pub fn is_database_available(&self) -> bool {
        self.0.is_available.load(Ordering::SeqCst)
    }

    pub(crate) fn is_shutting_down(&self) -> bool {
        self.0.shutting_down.load(Ordering::SeqCst)
    }

    pub(crate) fn metrics(&self) -> &PrometheusHandle {
        &self.0.metrics
    }

    pub(crate) fn progress(&self) -> &Progress {
        &self.0.progress
    }

    /// Names the part that is stuck, if there is one.
    pub(super) fn stuck(&self) -> Option<&'static str> {
        if self.0.backend.get().is_some_and(|backend| !backend.is_running()) {
            return Some("A background task of the server has ended.");
        }
        self.0.progress.is_stuck().then_some("A thread of the server makes no progress.")
    }

    /// Returns the reason why the server is not ready. It is known, so that no probe waits.
    pub(super) fn unready(&self) -> Option<&'static str> {
        if self.is_shutting_down() {
            return Some("The server is shutting down.");
        }
        let Some(backend) = self.0.backend.get() else {
            return Some(STARTING);
        };
        if !self.is_database_available() {
            return Some("The database does not answer, or refuses access.");
        }
        if !backend.can_authenticate() {
            // The log has a line about each provider.
            return Some("The keys of no identity provider are known.");
        }
        // The state may not be current any more.
        self.stuck()
    }

    /// Checks the backend at intervals, until the future is dropped. The log has one line for each loss and each return of
    /// the database.
    pub(crate) async fn watch_backend(&self) -> Infallible {
        loop {
            if let Some(backend) = self.0.backend.get() {
                let checked = tokio::time::timeout(MAX_CHECK_TIME, backend.check()).await;
                self.note(checked.unwrap_or_else(|_| {
                    Err(Fault::Unavailable("the check of the database did not end".into()))
                }));
            }
            tokio::time::sleep(CHECK_INTERVAL).await;
        }
    }

    fn note(&self, checked: Result<(), Fault>) {
        let was_available = self.0.is_available.swap(checked.is_ok(), Ordering::SeqCst);
        match checked {
            Ok(()) if !was_available => tracing::info!("the database is available again"),
            Err(fault) if was_available => {
                let reason = telemetry::with_sources(&fault);
                tracing::error!(reason, "the database is not available");
            }
            _ => {}
        }
    }
}
