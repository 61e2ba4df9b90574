//! The routes `/livez`, `/readyz` and `/metrics`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::{HttpRequest, HttpResponse, web};
use async_trait::async_trait;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;

use super::error::HttpError;
use crate::{auth::Fault, errors::RequestError, request_id::RequestId, telemetry};

/// The maximum time of a readiness probe. Load balancers probe every few seconds and treat a slow response as a
/// failure.
const MAX_PROBE_TIME: Duration = Duration::from_secs(2);

/// Checks that the server is ready: the database responds and its schema is in place.
#[async_trait]
pub trait Readiness: Send + Sync + 'static {
    /// Checks the current state, without a cache.
    ///
    /// # Errors
    ///
    /// The missing part. It goes to the log, not to the caller.
    async fn check(&self) -> Result<(), Fault>;
}

/// A flag that is set when the server begins to shut down. From then on the server is not ready.
#[derive(Clone, Debug, Default)]
pub struct ShuttingDown(Arc<AtomicBool>);

impl ShuttingDown {
    /// Makes the readiness probe fail from now on.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) struct Health {
    pub(crate) readiness: Arc<dyn Readiness>,
    pub(crate) shutting_down: ShuttingDown,
    pub(crate) metrics: PrometheusHandle,
}

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    for (path, get) in [
        ("/livez", web::get().to(live)),
        ("/readyz", web::get().to(ready)),
        ("/metrics", web::get().to(metrics)),
    ] {
        config.service(web::resource(path).route(get).default_service(web::to(only_get)));
    }
}

async fn only_get(request: HttpRequest) -> HttpResponse {
    HttpError::method_not_allowed("GET").response(&request)
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

async fn ready(request: HttpRequest, health: web::Data<Health>) -> HttpResponse {
    let not_ready = |message: &str| {
        let error = HttpError::with_message(RequestError::NotReady, message);
        error.response(&request)
    };
    if health.shutting_down.has_begun() {
        return not_ready("The server is shutting down.");
    }
    match tokio::time::timeout(MAX_PROBE_TIME, health.readiness.check()).await {
        Ok(Ok(())) => HttpResponse::Ok().json(json!({"status": "ready"})),
        Ok(Err(fault)) => {
            telemetry::log_fault(fault.as_ref(), &RequestId::current(&request));
            not_ready("The database cannot be reached, or its schema is not in place.")
        }
        Err(_elapsed) => not_ready("The database takes too long to answer."),
    }
}

async fn metrics(health: web::Data<Health>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(health.metrics.render())
}
