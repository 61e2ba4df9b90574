//! A server with a bare route beside its own. It runs as a process of its own, as `convene serve` does.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use anyhow::Context;
use convene_api_graphql::{
    auth::AccessControl,
    callers::Callers,
    config::{Environment, ServeConfig},
    execution::schema_executor,
    http::{
        graphql::Documents,
        health::{Health, Readiness},
    },
    server::{self, Parts},
    system, telemetry,
    wiring::{self, Backend},
};
use serde_json::{Value, json};

/// The path of the bare route. It reads a JSON body and answers with JSON.
pub(crate) const BARE: &str = "/bare";

async fn bare(body: web::Json<Value>) -> HttpResponse {
    let kind = if body["query"].is_string() { "Query" } else { "Nothing" };
    HttpResponse::Ok().json(json!({ "data": { "__typename": kind } }))
}

/// Serves until the process receives a stop signal.
pub(crate) fn serve() -> anyhow::Result<()> {
    let config = ServeConfig::read(&Environment::of(std::env::vars_os(), wiring::check_uri))?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    let (log, _written) = telemetry::log_writer(std::io::stderr());
    telemetry::start_logging(config.log.format, &config.log.filter, log, None)?;
    runtime.block_on(run(config))
}

async fn run(config: ServeConfig) -> anyhow::Result<()> {
    let stop = server::stop_signal()?;
    let listener = server::bind(config.listen).context("cannot listen")?;
    let probe_listen = config.probe_listen.context("CONVENE_PROBE_LISTEN is missing")?;
    let probe_listener = server::bind(probe_listen).context("cannot listen for probes")?;
    let health = Health::starting(telemetry::start_metrics()?);
    let probes = server::serve_probes(probe_listener, health.clone(), Arc::new(system::new_request_id));
    let probes = tokio::spawn(probes);
    let backend = Arc::new(Backend::open(&config.database).await?);
    health.started(Arc::clone(&backend) as Arc<dyn Readiness>);
    let options = config.server_options();
    let authenticator = config.auth.authenticator(Arc::new(system::unix_time));
    let callers = Arc::new(Callers::new(backend.directory()));
    let parts = Parts {
        access_control: Arc::new(AccessControl::new(authenticator, None, callers)),
        executor: schema_executor(backend.services.clone(), config.documents, false),
        documents: Documents::default(),
        health,
        has_local_probes: false,
        new_request_id: Arc::new(system::new_request_id),
        origins: config.origins,
        more_routes: Arc::new(|routes| {
            routes.route(BARE, web::post().to(bare));
        }),
    };
    let served = server::serve(listener, parts, options, stop).await;
    probes.abort();
    Ok(served?)
}
