//! Assembly, start and graceful shutdown of the server.

use std::{future::Future, io, net::SocketAddr, net::TcpListener, sync::Arc, time::Duration};

use actix_http::{HttpService, error::DispatchError};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{AppConfig, Server, ServerHandle, ServiceRequest, ServiceResponse},
    http::KeepAlive,
    middleware::{Condition, from_fn},
    web,
};
use socket2::{Domain, Socket, Type};
use tokio::{net::TcpStream, runtime::Handle, task::JoinHandle};

use crate::{
    auth::{AccessControl, CallerResolver, RateLimits},
    graphql::limits::DocumentLimits,
    http::{
        body::BodyMemory,
        connection::{Connection, Connections, late, unrouted::UnroutedResponses},
        cors::AllowedOrigins,
        edge::{self, EdgeSettings},
        error::HttpError,
        graphql::{self, Documents, GraphqlRoute, SharedExecutor},
        health::{self, Health, LocalCallers},
        limits::{HttpLimits, LATE_BODY_TIME, PROBE_CONNECTIONS, PROBE_CONNECTIONS_PER_ADDRESS},
        memory::SharedMemory,
        mutations::MutationTasks,
        response_memory::ResponseMemory,
    },
    request_id::NewRequestId,
};

/// The interval at which idle rate limits are removed and histograms are aggregated.
const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(5);

/// The time for which an idle connection stays open. It is longer than that of proxies (usually 60 s), so that the proxy
/// closes the connection and never sends a request to one that is being closed.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// The connections that wait until the server accepts them.
const BACKLOG: i32 = 1_024;

/// Additional routes, such as the REST routes. They take precedence over the server's own, so that a guarded resource
/// for `/graphql` (for example an upgrade to WebSocket) is possible. Their handlers authenticate with a clone of the
/// [`AccessControl`], read bodies with [`body`](crate::http::body), and refuse with [`HttpError`]. The server provides
/// its [`HttpLimits`], [`MutationTasks`] and [`SharedMemory`] as [`web::Data`].
pub type Routes = Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

/// The components of a server.
pub struct Parts<R: CallerResolver> {
    /// Shared by all routes, so that they count against the same rate limits.
    pub access_control: Arc<AccessControl<R>>,
    pub executor: SharedExecutor<R::Caller>,
    /// The documents that the executor may run.
    pub documents: Documents,
    /// The state that the probes report.
    pub health: Health,
    /// Answers the probes, too, if their caller is on the same machine. Without this, [`serve_probes`] does.
    pub has_local_probes: bool,
    pub new_request_id: NewRequestId,
    pub origins: AllowedOrigins,
    /// Take precedence over the routes of the server.
    pub more_routes: Routes,
}

/// The settings of the server.
#[derive(Clone, Copy, Debug)]
pub struct ServerOptions {
    pub limits: HttpLimits,
    /// The number of threads that handle requests.
    pub workers: usize,
    /// The time between the failure of the readiness probe and the end of accepting connections. A load balancer notices
    /// the failure and sends new requests to other servers. Each connection closes with its next response, so that no client
    /// sends a request over a connection that the server is about to close.
    pub drain_time: Duration,
    /// The time that requests in flight have to finish during a shutdown.
    pub shutdown_time: Duration,
}

/// The data that all workers share.
struct Shared<R: CallerResolver> {
    edge: web::Data<EdgeSettings>,
    graphql: web::Data<GraphqlRoute<R>>,
    limits: web::Data<HttpLimits>,
    response_memory: web::Data<ResponseMemory>,
    memory: web::Data<SharedMemory>,
    bodies: web::Data<BodyMemory>,
    mutations: web::Data<MutationTasks>,
    origins: AllowedOrigins,
    health: web::Data<Health>,
    local_callers: LocalCallers,
    has_local_probes: bool,
    more_routes: Routes,
}

impl<R: CallerResolver> Clone for Shared<R> {
    fn clone(&self) -> Self {
        Self {
            edge: self.edge.clone(),
            graphql: self.graphql.clone(),
            limits: self.limits.clone(),
            response_memory: self.response_memory.clone(),
            memory: self.memory.clone(),
            bodies: self.bodies.clone(),
            mutations: self.mutations.clone(),
            origins: self.origins.clone(),
            health: self.health.clone(),
            local_callers: self.local_callers,
            has_local_probes: self.has_local_probes,
            more_routes: Arc::clone(&self.more_routes),
        }
    }
}

impl<R: CallerResolver> Shared<R> {
    fn configure(&self, config: &mut web::ServiceConfig) {
        config
            .app_data(self.edge.clone())
            .app_data(self.graphql.clone())
            .app_data(self.limits.clone())
            .app_data(self.response_memory.clone())
            .app_data(self.memory.clone())
            .app_data(self.bodies.clone())
            .app_data(self.mutations.clone())
            .app_data(self.health.clone())
            .configure(|config| (self.more_routes)(config))
            .configure(graphql::routes::<R>);
        if self.has_local_probes {
            config.configure(|config| self.local_callers.routes(config));
        }
    }
}

/// Serves on the listener until `stop` completes, then shuts down gracefully.
///
/// Must be called on a multi-threaded Tokio runtime, on which mutations run. A shutdown has four steps: the readiness
/// probe fails; after a delay new connections are refused, and then no more accepted; requests in flight finish; mutations of
/// disconnected clients finish.
///
/// # Errors
/// The listener cannot be used.
pub async fn serve<R: CallerResolver>(
    listener: TcpListener,
    parts: Parts<R>,
    options: ServerOptions,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let late = listener.try_clone()?;
    let mutations = MutationTasks::new(Handle::current());
    let limits = parts.access_control.limits().cloned();
    let health = parts.health.clone();
    // [`serve_probes`] does so, too.
    let watch = parts.has_local_probes.then(|| {
        let health = health.clone();
        tokio::spawn(async move { health.watch_backend().await })
    });
    let responses =
        UnroutedResponses::new(parts.new_request_id.clone(), options.limits.header_time, &parts.origins);
    let local_callers = LocalCallers { server: address.ip() };
    let shared = shared(parts, options.limits, mutations.clone(), local_callers);

    let watched = health.clone();
    let connections = Connections::new(responses.clone());
    let server = run(listener, connections, options, KeepAlive::Timeout(KEEP_ALIVE), move || {
        // Each thread calls this when it starts.
        drop(actix_web::rt::spawn(watched.progress().watch()));
        app(&shared)
    })?;

    let handle = server.handle();
    let mut server = tokio::spawn(server);
    let maintenance = tokio::spawn(run_maintenance(limits, health.clone()));
    let progress = tokio::spawn(health.progress().watch());
    tracing::info!(listen = %address, "serving");

    tokio::select! {
        () = stop => {}
        ended = &mut server => return ended.map_err(io::Error::other)?,
    }
    tracing::info!("shutting down");
    health.begin_shutdown();
    tokio::time::sleep(options.drain_time).await;
    let refused = drain(&handle, late::refuse_late(late, responses)).await;
    if !mutations.finish(options.shutdown_time).await {
        tracing::error!("some mutations did not finish in time");
    }
    maintenance.abort();
    progress.abort();
    if let Some(watch) = watch {
        watch.abort();
    }
    refused?;
    server.await.map_err(io::Error::other)?
}

/// Serves with bounded connections, and with responses in the common form to all requests.
fn run<T, B>(
    listener: TcpListener,
    connections: Connections,
    options: ServerOptions,
    keep_alive: KeepAlive,
    app: impl Fn() -> App<T> + Clone + Send + 'static,
) -> io::Result<Server>
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let address = listener.local_addr()?;
    let limits = options.limits;
    let builder = Server::build()
        .workers(options.workers)
        .shutdown_timeout(options.shutdown_time.as_secs())
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let builder = builder.listen("convene", listener, move || {
        let app = app().into_factory().map_err(|error| error.error_response());
        let stopping = stopping.clone();
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(keep_alive)
            .client_request_timeout(limits.header_time)
            .client_disconnect_timeout(LATE_BODY_TIME)
            .local_addr(address)
            .on_connect_ext(|connection: &Connection, data| {
                drop(data.insert(connection.read_ahead().clone()));
            })
            .h1(map_config(app, |_| AppConfig::default()));
        let connections = connections.clone();
        fn_service(move |stream: TcpStream| {
            let connections = connections.clone();
            async move { connections.accept(stream, limits).await.map_err(DispatchError::Io) }
        })
        .and_then(http)
    })?;
    Ok(builder.run())
}

/// Stops accepting connections, and waits for the requests in flight. `refusing` refuses the connections that come later.
async fn drain(
    handle: &ServerHandle,
    refusing: impl Future<Output = io::Result<()>> + Send + 'static,
) -> io::Result<()> {
    handle.pause().await;
    let refusing = tokio::spawn(refusing);
    // Meanwhile, the threads take the connections that were accepted.
    tokio::time::sleep(late::TAKING_TIME).await;
    handle.stop(true).await;
    refusing.await.map_err(io::Error::other)?
}

/// The routes of a thread.
fn app<R: CallerResolver>(
    shared: &Shared<R>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<R>>,
        Error = actix_web::Error,
        InitError = (),
    > + use<R>,
> {
    App::new()
        .wrap(from_fn(edge::limit_headers))
        .wrap(Condition::new(shared.origins.are_foreign(), shared.origins.middleware()))
        .wrap(from_fn(edge::finish))
        .configure(|config| shared.configure(config))
        .default_service(web::to(not_found))
}

/// Serves the probes and the metrics on a listener and a thread of their own, and watches the database for them, until the
/// future is dropped.
///
/// # Errors
/// The listener cannot be used.
pub async fn serve_probes(
    listener: TcpListener,
    health: Health,
    new_request_id: NewRequestId,
) -> io::Result<()> {
    let server = probe_server(listener, &health, new_request_id, None)?;
    tokio::select! {
        served = server => served,
        never = health.watch_backend() => match never {},
    }
}

/// The settings by which a server that starts refuses the requests of clients, so that they can read the refusals.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    pub origins: AllowedOrigins,
    pub limits: HttpLimits,
    pub documents: DocumentLimits,
}

/// Answers probes on a thread. At the address of the clients, it does so until the server of the clients takes over.
fn probe_server(
    listener: TcpListener,
    health: &Health,
    new_request_id: NewRequestId,
    clients: Option<ClientSettings>,
) -> io::Result<Server> {
    let is_address_of_clients = clients.is_some();
    let address = listener.local_addr()?;
    tracing::info!(%address, "answering probes");
    let of_probes = HttpLimits {
        connections: PROBE_CONNECTIONS,
        connections_per_address: PROBE_CONNECTIONS_PER_ADDRESS,
        ..HttpLimits::default()
    };
    let limits = clients.as_ref().map_or(of_probes, |clients| clients.limits);
    let origins = clients.as_ref().map_or_else(AllowedOrigins::default, |clients| clients.origins.clone());
    let responses = UnroutedResponses::new(new_request_id.clone(), limits.header_time, &origins);
    let local_callers = is_address_of_clients.then_some(LocalCallers { server: address.ip() });
    let edge = web::Data::new(EdgeSettings { new_request_id, limits, health: health.clone(), local_callers });
    let health = web::Data::new(health.clone());
    let app = move || {
        let others = if is_address_of_clients { web::to(refuse_starting) } else { web::to(not_found) };
        App::new()
            .wrap(from_fn(edge::limit_headers))
            .wrap(Condition::new(origins.are_foreign(), origins.middleware()))
            .wrap(from_fn(edge::finish))
            .app_data(edge.clone())
            .app_data(health.clone())
            .configure(|config| match (local_callers, &clients) {
                (Some(callers), Some(clients)) => {
                    callers.routes(config);
                    graphql::starting_routes(config, &clients.documents);
                }
                _ => health::routes(config),
            })
            .default_service(others)
    };
    // No client sends its next request over a connection that the end of the start closes.
    let keep_alive = if is_address_of_clients { KeepAlive::Disabled } else { KeepAlive::Timeout(KEEP_ALIVE) };
    let second = Duration::from_secs(1);
    let options = ServerOptions { limits, workers: 1, drain_time: Duration::ZERO, shutdown_time: second };
    run(listener, Connections::new(responses), options, keep_alive, app)
}

/// A server that starts: it answers the probes of callers on the same machine, and refuses all other requests.
pub struct StartingServer {
    handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
}

impl StartingServer {
    /// Starts it on a listener, of which another handle serves the clients later.
    ///
    /// # Errors
    /// The listener cannot be used.
    pub fn start(
        listener: TcpListener,
        health: &Health,
        new_request_id: NewRequestId,
        clients: ClientSettings,
    ) -> io::Result<Self> {
        let server = probe_server(listener, health, new_request_id, Some(clients))?;
        Ok(Self { handle: server.handle(), task: tokio::spawn(server) })
    }

    /// Stops accepting connections. Those that come now wait for the server of the clients.
    ///
    /// # Errors
    /// The server has failed.
    pub async fn stop(self) -> io::Result<()> {
        self.handle.pause().await;
        // Meanwhile, the thread takes the connections that were accepted.
        tokio::time::sleep(late::TAKING_TIME).await;
        self.handle.stop(true).await;
        self.task.await.map_err(io::Error::other)?
    }
}

/// Binds the address. With port 0, the system chooses a port.
///
/// # Errors
/// The address is in use, not allowed, or not an address of this machine.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    BoundAddress::new(address)?.listen()
}

/// An address of this process, at which connections are refused until it [listens](Self::listen).
pub struct BoundAddress(Socket);

impl BoundAddress {
    /// Binds the address. With port 0, the system chooses a port.
    ///
    /// # Errors
    /// The address is in use, not allowed, or not an address of this machine.
    pub fn new(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        // Old connections of the port are no obstacle.
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        // Another process could listen at the address otherwise, as long as this one does not.
        socket.set_reuse_address(false)?;
        Ok(Self(socket))
    }

    /// Begins to accept connections.
    ///
    /// # Errors
    /// The system refuses it.
    pub fn listen(self) -> io::Result<TcpListener> {
        let Self(socket) = self;
        socket.set_reuse_address(true)?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    }
}

/// Completes when the process receives SIGTERM or SIGINT.
///
/// # Errors
/// The signal handlers cannot be installed.
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
    local_callers: LocalCallers,
) -> Shared<R> {
    let Parts {
        access_control,
        executor,
        documents,
        health,
        has_local_probes,
        new_request_id,
        origins,
        more_routes,
    } = parts;
    let memory = Arc::new(SharedMemory::new(limits.execution_bytes));
    Shared {
        edge: web::Data::new(EdgeSettings {
            new_request_id,
            limits,
            health: health.clone(),
            local_callers: Some(local_callers),
        }),
        graphql: web::Data::new(GraphqlRoute {
            access_control,
            executor,
            documents,
            mutations: mutations.clone(),
            limits,
            memory: Arc::clone(&memory),
        }),
        limits: web::Data::new(limits),
        response_memory: web::Data::new(ResponseMemory(SharedMemory::new(limits.unsent_bytes))),
        memory: memory.into(),
        bodies: web::Data::new(BodyMemory(SharedMemory::new(limits.bodies_bytes))),
        mutations: web::Data::new(mutations),
        origins,
        health: web::Data::new(health),
        local_callers,
        has_local_probes,
        more_routes,
    }
}

async fn run_maintenance(limits: Option<Arc<RateLimits>>, health: Health) {
    let mut ticks = tokio::time::interval(MAINTENANCE_INTERVAL);
    loop {
        ticks.tick().await;
        health.metrics().run_upkeep();
        if let Some(limits) = &limits {
            limits.remove_idle();
        }
    }
}

async fn refuse_starting(request: HttpRequest) -> HttpResponse {
    health::starting().response(&request)
}

async fn not_found(request: HttpRequest) -> HttpResponse {
    HttpError::not_found().response(&request)
}
