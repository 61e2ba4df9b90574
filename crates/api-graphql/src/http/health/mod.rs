//! The probes `/livez` and `/readyz`, and `/metrics`.
//!
//! They have a listener and a thread of their own, so that they answer whatever the requests of clients do, and so that
//! clients cannot reach them. `/livez` fails if the process is stuck and only a restart helps; `/readyz` fails if the
//! process cannot serve requests now, for example because MongoDB is unreachable.

mod progress;

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::{HttpRequest, HttpResponse, web};
use async_trait::async_trait;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;

use self::progress::Progress;
use super::{error::HttpError, methods};
use crate::{auth::Fault, errors::RequestError, telemetry};

/// The maximum time of a readiness probe. Load balancers probe every few seconds and treat a slow response as a
/// failure.
const MAX_PROBE_TIME: Duration = Duration::from_secs(2);

/// The routes of the probes and the metrics.
pub(crate) const ROUTES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// The part of the server behind the HTTP edge, as the probes see it.
#[async_trait]
pub trait Readiness: Send + Sync + 'static {
    /// Checks the current state, without a cache: the database responds and its schema is in place.
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

/// The state of the process for the probes. Cheap to clone.
#[derive(Clone)]
pub struct Health(Arc<State>);

struct State {
    backend: OnceLock<Arc<dyn Readiness>>,
    shutting_down: AtomicBool,
    /// The reason that the last readiness probe found and logged.
    reported: Mutex<Option<&'static str>>,
    progress: Progress,
    metrics: PrometheusHandle,
}

impl Health {
    /// The state of a process that starts: it is alive but not ready.
    #[must_use]
    pub fn starting(metrics: PrometheusHandle) -> Self {
        Self(Arc::new(State {
            backend: OnceLock::new(),
            shutting_down: AtomicBool::new(false),
            reported: Mutex::default(),
            progress: Progress::default(),
            metrics,
        }))
    }

    /// From now on, the readiness is that of the backend.
    pub fn started(&self, backend: Arc<dyn Readiness>) {
        // A second call changes nothing.
        drop(self.0.backend.set(backend));
    }

    /// Makes the readiness probe fail from now on.
    pub fn begin_shutdown(&self) {
        self.0.shutting_down.store(true, Ordering::SeqCst);
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
    fn stuck(&self) -> Option<&'static str> {
        if self.0.backend.get().is_some_and(|backend| !backend.is_running()) {
            return Some("A background task of the server has ended.");
        }
        self.0.progress.is_stuck().then_some("A thread of the server makes no progress.")
    }

    /// Returns the reason why the server is not ready.
    async fn unready(&self) -> Option<&'static str> {
        if self.is_shutting_down() {
            return Some("The server is shutting down.");
        }
        let Some(backend) = self.0.backend.get() else {
            return Some("The server is starting: it waits for the database.");
        };
        match tokio::time::timeout(MAX_PROBE_TIME, backend.check()).await {
            Ok(Ok(())) => {
                if self.report(None) {
                    tracing::info!("the database is available again");
                }
                // The log has a line about each provider.
                (!backend.can_authenticate()).then_some("The keys of no identity provider are known.")
            }
            Ok(Err(fault)) => {
                let reason = "The database cannot be reached, or refuses access.";
                if self.report(Some(reason)) {
                    telemetry::log_fault(fault.as_ref());
                }
                Some(reason)
            }
            Err(_elapsed) => {
                let reason = "The database takes too long to answer.";
                if self.report(Some(reason)) {
                    tracing::error!(reason, "the database is not available");
                }
                Some(reason)
            }
        }
    }

    /// Notes the state of the database that a probe found. Returns true if it has changed: probes come every few seconds, and
    /// only a change is worth a line of the log.
    fn report(&self, reason: Option<&'static str>) -> bool {
        let mut reported = self.0.reported.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *reported, reason) != reason
    }
}

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    let handlers = [methods::get().to(live), methods::get().to(ready), methods::get().to(metrics)];
    for (path, get) in ROUTES.into_iter().zip(handlers) {
        config.service(web::resource(path).route(get).default_service(web::to(only_get)));
    }
}

async fn only_get(request: HttpRequest) -> HttpResponse {
    HttpError::method_not_allowed("GET, HEAD").response(&request)
}

async fn live(request: HttpRequest, health: web::Data<Health>) -> HttpResponse {
    match health.stuck() {
        None => HttpResponse::Ok().json(json!({"status": "ok"})),
        Some(reason) => HttpError::with_message(RequestError::NotReady, reason).response(&request),
    }
}

async fn ready(request: HttpRequest, health: web::Data<Health>) -> HttpResponse {
    match health.unready().await {
        None => HttpResponse::Ok().json(json!({"status": "ready"})),
        Some(reason) => HttpError::with_message(RequestError::NotReady, reason).response(&request),
    }
}

async fn metrics(health: web::Data<Health>) -> HttpResponse {
    let text = telemetry::render_metrics(health.metrics());
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}
