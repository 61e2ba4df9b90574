//! The probes `/livez` and `/readyz`, and `/metrics`.
//!
//! With an address of their own, they also have a thread of their own, so that they answer whatever the requests of clients
//! do, and so that clients cannot reach them. Otherwise they answer at the address of the clients, for callers on the same
//! machine only. `/livez` fails if the process is stuck and only a restart helps; `/readyz` fails if the
//! process cannot serve requests now, for example because MongoDB is unreachable. One task checks that, so that the log and
//! the metrics tell it whether or not anybody probes.

mod progress;
mod state;

use std::net::IpAddr;

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    dev::RequestHead,
    guard,
    http::header::{self, HeaderName},
    web,
};
use serde_json::json;

use self::state::STARTING;
pub use self::state::{Health, Readiness};
use super::{error::HttpError, methods};
use crate::{errors::RequestError, telemetry};

/// The routes of the probes and the metrics.
pub(crate) const ROUTES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// The headers with which proxies say that they forward a request.
const FORWARDING: [HeaderName; 4] = [
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-real-ip"),
];

/// The routes for the address of the probes.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    for resource in resources() {
        config.service(resource);
    }
}

/// The callers on the same machine, who reach the probes at the address of the clients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalCallers {
    /// The address at which the server listens. A connection from the machine itself to this address comes from it, too.
    pub(crate) server: IpAddr,
}

impl LocalCallers {
    /// The routes for the address of the clients.
    pub(crate) fn routes(self, config: &mut web::ServiceConfig) {
        for resource in resources() {
            config.service(resource.guard(guard::fn_guard(move |context| self.include(context.head()))));
        }
    }

    /// Tests whether a request comes from this machine, and from no proxy that names itself.
    pub(crate) fn include(self, head: &RequestHead) -> bool {
        let is_local = |peer: IpAddr| peer.is_loopback() || peer == self.server.to_canonical();
        head.peer_addr.is_some_and(|peer| is_local(peer.ip().to_canonical()))
            && !FORWARDING.iter().any(|name| head.headers().contains_key(name))
    }
}

fn resources() -> impl Iterator<Item = Resource> {
    let handlers = [methods::get().to(live), methods::get().to(ready), methods::get().to(metrics)];
    let resource = |(path, get)| web::resource(path).route(get).default_service(web::to(only_get));
    ROUTES.into_iter().zip(handlers).map(resource)
}

async fn only_get(request: HttpRequest) -> HttpResponse {
    HttpError::method_not_allowed("GET, HEAD").response(&request)
}

/// The refusal of a request for anything else while the server starts.
pub(crate) fn starting() -> HttpError {
    HttpError::with_message(RequestError::NotReady, STARTING)
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

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::loopback("0.0.0.0", "127.0.0.1", true)]
    #[case::mapped("::", "::ffff:127.0.0.1", true)]
    #[case::the_address_of_the_server("10.0.0.11", "10.0.0.11", true)]
    #[case::another_machine("10.0.0.11", "10.0.0.12", false)]
    #[case::no_machine("0.0.0.0", "0.0.0.1", false)]
    fn connections_of_the_same_machine_are_local(
        #[case] server: IpAddr,
        #[case] peer: IpAddr,
        #[case] is_local: bool,
    ) {
        let callers = LocalCallers { server };
        let request = TestRequest::default().peer_addr((peer, 50_000).into());
        assert_eq!(callers.include(request.to_srv_request().head()), is_local);
        let request = TestRequest::default().peer_addr((peer, 50_000).into());
        let forwarded = request.insert_header((header::VIA, "1.1 proxy"));
        assert!(!callers.include(forwarded.to_srv_request().head()));
    }
}
