//! Puts the parts together, listens, and shuts down in order.

use std::{future::Future, io, net::SocketAddr, net::TcpListener, sync::Arc, time::Duration};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, middleware::from_fn, web};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::runtime::Handle;
use tracing_actix_web::TracingLogger;

use crate::{
    auth::{AccessControl, CallerResolver, RateLimits},
    http::{
        edge::{self, EdgeSettings, RequestSpan},
        error::HttpError,
        graphql::{self, GraphqlRoute, MutationTasks, SharedExecutor},
        health::{self, Health, Readiness, ShuttingDown},
        limits::HttpLimits,
    },
    request_id::NewRequestId,
};

/// How often quiet callers are forgotten and histograms are folded.
const HOUSEKEEPING: Duration = Duration::from_secs(5);

/// How long the server goes on accepting requests after its readiness has begun to fail, so that a balancer sees it
/// and sends the next ones elsewhere.
const GOODBYE: Duration = Duration::from_millis(500);

/// How long an idle connection is kept open: longer than the proxies in front (usually 60 s), so that it is they who
/// close it, and no request is sent into a connection that is just being closed.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// More routes for the server: the REST routes, GraphiQL, subscriptions. They come before the server's own, so that
/// a resource for `/graphql` with a guard (an upgrade to WebSocket, say) takes what it wants and leaves the rest. Their
/// handlers let callers in through a clone of the [`AccessControl`], read bodies with [`body`](crate::http::body), and answer
/// with [`HttpError`] where they refuse. The server lends them its [`HttpLimits`] and its [`MutationTasks`] as
/// [`web::Data`].
pub type Routes = Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

/// The parts of a server.
pub struct Parts<R: CallerResolver> {
    /// Lets callers in. Shared with every other door, so that rate limits are counted together.
    pub access_control: Arc<AccessControl<R>>,
    /// Runs GraphQL documents.
    pub executor: SharedExecutor<R::Caller>,
    /// Says whether the server can do its work.
    pub readiness: Arc<dyn Readiness>,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// Makes request ids.
    pub new_request_id: NewRequestId,
    /// Added before the routes of the server itself.
    pub more_routes: Routes,
}

/// How the server runs.
#[derive(Clone, Copy, Debug)]
pub struct ServerOptions {
    /// How large and how slow a request may be.
    pub limits: HttpLimits,
    /// Threads that handle requests.
    pub workers: usize,
    /// How long requests in flight may take to finish at a shutdown.
    pub shutdown_time: Duration,
}

/// The data that every worker shares; made once, so that all of them count together.
struct Shared<R: CallerResolver> {
    edge: web::Data<EdgeSettings>,
    health: web::Data<Health>,
    graphql: web::Data<GraphqlRoute<R>>,
    limits: web::Data<HttpLimits>,
    mutations: web::Data<MutationTasks>,
    more_routes: Routes,
}

impl<R: CallerResolver> Clone for Shared<R> {
    fn clone(&self) -> Self {
        Self {
            edge: self.edge.clone(),
            health: self.health.clone(),
            graphql: self.graphql.clone(),
            limits: self.limits.clone(),
            mutations: self.mutations.clone(),
            more_routes: Arc::clone(&self.more_routes),
        }
    }
}

impl<R: CallerResolver> Shared<R> {
    fn configure(&self, config: &mut web::ServiceConfig) {
        config
            .app_data(self.edge.clone())
            .app_data(self.health.clone())
            .app_data(self.graphql.clone())
            .app_data(self.limits.clone())
            .app_data(self.mutations.clone())
            .configure(|config| (self.more_routes)(config))
            .configure(health::routes)
            .configure(graphql::routes::<R>);
    }
}

/// Serves on this listener until `stop` is done, then finishes what is in flight and returns.
///
/// Needs to be called on a multi-threaded tokio runtime, on which mutations run. In order, at the end: the readiness
/// probe fails; a moment later no new connection is accepted; requests in flight finish; mutations whose clients have
/// gone finish.
///
/// # Errors
///
/// The listener cannot be used.
pub async fn serve<R: CallerResolver>(
    listener: TcpListener,
    parts: Parts<R>,
    options: ServerOptions,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let mutations = MutationTasks::new(Handle::current());
    let shutting_down = ShuttingDown::default();
    let limits = parts.access_control.limits().cloned();
    let metrics = parts.metrics.clone();
    let shared = shared(parts, options.limits, mutations.clone(), shutting_down.clone());

    let server = HttpServer::new(move || {
        let shared = shared.clone();
        App::new()
            .wrap(from_fn(edge::finish))
            .wrap(TracingLogger::<RequestSpan>::new())
            .configure(|config| shared.configure(config))
            .default_service(web::to(nothing_here))
    })
    .workers(options.workers)
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(options.limits.header_time)
    .shutdown_timeout(options.shutdown_time.as_secs())
    .disable_signals()
    .listen(listener)?
    .run();

    let handle = server.handle();
    let mut server = tokio::spawn(server);
    let housekeeping = tokio::spawn(keep_house(limits, metrics));
    tracing::info!(listen = %address, "serving");

    tokio::select! {
        () = stop => {}
        ended = &mut server => return ended.map_err(io::Error::other)?,
    }
    tracing::info!("shutting down");
    shutting_down.begin();
    tokio::time::sleep(GOODBYE).await;
    handle.stop(true).await;
    if !mutations.finish(options.shutdown_time).await {
        tracing::error!("some mutations did not finish in time");
    }
    housekeeping.abort();
    server.await.map_err(io::Error::other)?
}

/// Binds the address. Port 0 lets the system choose one.
///
/// # Errors
///
/// The address is taken, not allowed, or not this machine's.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
}

/// Done when the process is asked to end, by SIGTERM or Ctrl-C.
///
/// # Errors
///
/// The signals cannot be listened for.
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn shared<R: CallerResolver>(
    parts: Parts<R>,
    limits: HttpLimits,
    mutations: MutationTasks,
    shutting_down: ShuttingDown,
) -> Shared<R> {
    let Parts { access_control, executor, readiness, metrics, new_request_id, more_routes } = parts;
    Shared {
        edge: web::Data::new(EdgeSettings { new_request_id, limits }),
        health: web::Data::new(Health { readiness, shutting_down, metrics }),
        graphql: web::Data::new(GraphqlRoute {
            access_control,
            executor,
            mutations: mutations.clone(),
            limits,
        }),
        limits: web::Data::new(limits),
        mutations: web::Data::new(mutations),
        more_routes,
    }
}

async fn keep_house(limits: Option<Arc<RateLimits>>, metrics: PrometheusHandle) {
    let mut ticks = tokio::time::interval(HOUSEKEEPING);
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
        if let Some(limits) = &limits {
            limits.forget_quiet();
        }
    }
}

async fn nothing_here(request: HttpRequest) -> HttpResponse {
    HttpError::not_found().response(&request)
}
