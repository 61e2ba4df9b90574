//! The probes `/livez` and `/readyz`, and `/metrics`.
//!
//! They have a listener and a thread of their own, so that they answer whatever the requests of clients do, and so that
//! clients cannot reach them. `/livez` fails if the process is stuck and only a restart helps; `/readyz` fails if the
//! process cannot serve requests now, for example because MongoDB is unreachable. One task checks that, so that the log and
//! the metrics tell it whether or not anybody probes.

mod progress;
mod state;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

pub use self::state::{Health, Readiness};
use super::{error::HttpError, methods};
use crate::{errors::RequestError, telemetry};

/// The routes of the probes and the metrics.
pub(crate) const ROUTES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

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
    match health.unready() {
        None => HttpResponse::Ok().json(json!({"status": "ready"})),
        Some(reason) => HttpError::with_message(RequestError::NotReady, reason).response(&request),
    }
}

async fn metrics(health: web::Data<Health>) -> HttpResponse {
    let text = telemetry::render_metrics(health.metrics(), health.unready().is_none());
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}
