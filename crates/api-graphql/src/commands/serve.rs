use std::{
    io,
    net::{SocketAddr, TcpListener},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use async_trait::async_trait;
use convene_api_graphql::{
    auth::{AccessControl, TokenVerifier},
    callers::Callers,
    config::{self, AuthConfig, DatabaseConfig, Environment, ServeConfig},
    execution::schema_executor,
    http::{
        graphiql::{self, DemoHeaders},
        graphql::Documents,
        health::{Health, Readiness},
    },
    rest::{self, Rest},
    server::{self, BoundAddress, ClientSettings, Parts, StartingServer},
    system,
    telemetry::{self, Traces},
    wiring::{self, Backend},
};
use convene_application::failure::Fault;
use tokio::task::{JoinHandle, JoinSet};

use super::{allocation, demo_caller, open_files};

/// The time before the second attempt to open the database. It doubles with each further attempt, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// The arguments of `convene serve`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = config::help())]
pub(crate) struct Arguments {}

/// Serves until the process receives a stop signal.
pub(super) fn run(_: &Arguments) -> anyhow::Result<ExitCode> {
    allocation::set();
    let environment = Environment::of(std::env::vars_os(), wiring::check_uri);
    let config = ServeConfig::read(&environment).inspect_err(|_| super::print_unknown(&environment))?;
    // Requests have other threads. Mutations and the registration queue mostly wait for the database.
    let threads = std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    let traces = config.traces.as_ref();
    let traces = traces.map(|settings| Traces::start(settings, runtime.handle().clone())).transpose()?;
    // Until the end of this function, which writes the waiting lines.
    let (log, _written) = telemetry::log_writer(io::stderr());
    telemetry::start_logging(config.log.format, &config.log.filter, log, traces.as_ref())?;
    for name in environment.unknown() {
        tracing::warn!(name, "unknown setting in the environment");
    }
    for warning in config.warnings(&environment) {
        tracing::warn!("{warning}");
    }
    open_files::prepare(config.http.connections);
    let demo_headers = demo_caller::headers(&config, &environment);
    let served = runtime.block_on(serve(config, demo_headers));
    if let Some(traces) = traces {
        traces.stop();
    }
    // A request to an identity provider may still block a thread, and nobody needs its answer.
    runtime.shutdown_background();
    served?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: ServeConfig, demo_headers: Option<DemoHeaders>) -> anyhow::Result<()> {
    let stop = server::stop_signal()?;
    let health = Health::starting(telemetry::start_metrics()?);
    // Probes are answered while the server waits for the database.
    let clients =
        ClientSettings { origins: config.origins.clone(), limits: config.http, documents: config.documents };
    let start = Start::begin(config.listen, config.probe_listen, &health, clients)?;
    let verifier = match &config.auth {
        AuthConfig::Jwt(verifier) => Some(Arc::clone(verifier)),
        AuthConfig::Headers => None,
    };
    // The keys are known, or their providers reported, by the time that the database is open.
    let mut refreshes = JoinSet::new();
    for keys in verifier.iter().flat_map(|verifier| verifier.remote_keys()) {
        refreshes.spawn(Arc::clone(keys).keep());
    }
    let mut stop = std::pin::pin!(stop);
    let backend = tokio::select! {
        backend = open(&config.database) => Arc::new(backend?),
        () = &mut stop => return Ok(()),
    };
    if let Some(due) = &backend.update_due {
        tracing::warn!("{due}");
    }
    let (resume, authority) = backend.jobs();
    let jobs = tokio::spawn(super::jobs::complete(resume, authority, health.clone()));
    let deleted = tokio::spawn(super::deleted::forget(backend.forget_deleted()));

    let options = config.server_options();
    let parts = parts(config, &backend, health.clone(), demo_headers);
    let (listener, probes) = start.end().await?;
    // Clients that see the server ready can connect.
    health.started(Arc::new(Ready { backend: Arc::clone(&backend), verifier }));
    let served = server::serve(listener, parts, options, stop).await;
    // A step that is cut off is aborted by the database, and repeated by another process.
    jobs.abort();
    deleted.abort();
    if let Some(probes) = probes {
        probes.abort();
    }
    backend.close().await;
    Ok(served?)
}

/// The time until the database is open, in which only probes are answered.
enum Start {
    /// They have an address of their own. Connections of clients are refused: they would wait, and the requests of clients that
    /// left long ago would be executed later.
    OwnAddress { clients: BoundAddress, probes: JoinHandle<io::Result<()>> },
    /// They have the address of the clients, whose requests are refused.
    OneAddress { listener: TcpListener, server: StartingServer },
}

impl Start {
    /// Binds both addresses, so that one that is in use is reported before the database is opened.
    fn begin(
        clients: SocketAddr,
        probes: Option<SocketAddr>,
        health: &Health,
        settings: ClientSettings,
    ) -> anyhow::Result<Self> {
        let new_request_id = Arc::new(system::new_request_id);
        let Some(probes) = probes else {
            let listener = bind(clients)?;
            let server = StartingServer::start(listener.try_clone()?, health, new_request_id, settings)?;
            return Ok(Self::OneAddress { listener, server });
        };
        let clients = BoundAddress::new(clients).with_context(|| cannot_listen(clients))?;
        let probes = tokio::spawn(server::serve_probes(bind(probes)?, health.clone(), new_request_id));
        Ok(Self::OwnAddress { clients, probes })
    }

    /// Returns the listener of the clients, and the task that answers probes if they have their own address.
    async fn end(self) -> anyhow::Result<(TcpListener, Option<JoinHandle<io::Result<()>>>)> {
        match self {
            Self::OwnAddress { clients, probes } => Ok((clients.listen()?, Some(probes))),
            Self::OneAddress { listener, server } => {
                server.stop().await?;
                Ok((listener, None))
            }
        }
    }
}

fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    server::bind(address).with_context(|| cannot_listen(address))
}

fn cannot_listen(address: SocketAddr) -> String {
    format!("cannot listen on {address}")
}

/// The components of a server over the backend.
fn parts(
    config: ServeConfig,
    backend: &Backend,
    health: Health,
    demo_headers: Option<DemoHeaders>,
) -> Parts<Callers> {
    let services = backend.services.clone();
    // The folder of trusted documents decides on queries of the schema, too.
    let introspection = config.introspection || config.trusted_documents.is_some();
    let executor = schema_executor(services.clone(), config.documents, introspection);
    let limits = Some(Arc::new(config.rates.limits()));
    let authenticator = config.auth.authenticator(Arc::new(system::unix_time));
    let callers = Callers::new(backend.directory());
    let access_control =
        AccessControl::new(authenticator, limits, Arc::new(callers)).with_in_flight(config.in_flight);
    let access_control = Arc::new(access_control);
    let use_cases = Arc::clone(&services.use_cases);
    let rest = rest::routes(Rest { access_control: Arc::clone(&access_control), use_cases });
    let graphiql = config.graphiql.then(|| graphiql::routes(demo_headers));
    Parts {
        access_control,
        executor,
        documents: config.trusted_documents.map_or_else(Documents::default, Documents::Trusted),
        health,
        has_local_probes: config.probe_listen.is_none(),
        new_request_id: Arc::new(system::new_request_id),
        origins: config.origins,
        more_routes: Arc::new(move |config| {
            rest(config);
            if let Some(graphiql) = &graphiql {
                graphiql(config);
            }
        }),
    }
}

/// Opens the backend and waits for the database, which may have been started at the same time. Logs each change of state once.
async fn open(config: &DatabaseConfig) -> anyhow::Result<Backend> {
    let mut pause = FIRST_PAUSE;
    let mut reason = None;
    loop {
        match Backend::open(config).await {
            Err(error) if error.is_retryable() => {
                let current = format!("{:#}", anyhow::Error::from(error));
                if reason.as_ref() != Some(&current) {
                    tracing::warn!(reason = current, "waiting for the database");
                    reason = Some(current);
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            opened => {
                if opened.is_ok() && reason.is_some() {
                    tracing::info!("the database is available");
                }
                return Ok(opened?);
            }
        }
    }
}

/// Ready as long as the backend is, and callers can be authenticated.
struct Ready {
    backend: Arc<Backend>,
    verifier: Option<Arc<TokenVerifier>>,
}

#[async_trait]
impl Readiness for Ready {
    async fn check(&self) -> Result<(), Fault> {
        self.backend.check().await
    }

    fn can_authenticate(&self) -> bool {
        self.verifier.as_ref().is_none_or(|verifier| verifier.has_keys())
    }

    fn is_running(&self) -> bool {
        self.backend.is_running()
    }
}
