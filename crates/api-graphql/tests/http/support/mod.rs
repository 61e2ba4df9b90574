//! A server with a toy schema, and small clients for it.

pub(crate) mod corpus;
pub(crate) mod log;
pub(crate) mod provider;
pub(crate) mod schema;
pub(crate) mod signer;
pub(crate) mod tokens;

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use convene_api_graphql::{
    auth::{
        AccessControl, Authenticator, CallerResolver, Rate, RateLimits, Resolution, TokenVerifier,
        VerificationKeys,
    },
    graphql::limits::DocumentLimits,
    http::{
        cors::AllowedOrigins,
        graphql::{Documents, RequestInfo, SchemaExecutor},
        health::{Health, Readiness},
        limits::HttpLimits,
    },
    request_id::NewRequestId,
    server::{self, Parts, Routes, ServerOptions},
    telemetry,
};
use convene_application::{
    authentication::{Credentials, Deadline},
    failure::Fault,
    ports::OrganizationReference,
};
use convene_domain::id::MemberId;
use juniper::{EmptySubscription, RootNode};
use metrics_exporter_prometheus::PrometheusHandle;
use reqwest::{RequestBuilder, Response, header::AUTHORIZATION};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::oneshot, task::JoinHandle};
use uuid::Uuid;

pub(crate) use self::corpus::read_answer;
use self::schema::{Mutation, Query, State, ToyContext};

/// The time on the server's clock, in seconds since 1970.
pub(crate) const NOW: i64 = 2_000_000_000;

/// The member of the suspended organization.
pub(crate) const SUSPENDED_MEMBER: MemberId = MemberId::from_uuid(Uuid::from_u128(7));

pub(crate) struct Caller {
    pub(crate) organization: Option<String>,
}

struct Memberships;

#[async_trait]
impl CallerResolver for Memberships {
    type Caller = Caller;

    async fn resolve(&self, credentials: Credentials, _: Deadline) -> Result<Resolution<Caller>, Fault> {
        let organization = credentials.organization.map(|reference| match reference {
            OrganizationReference::Slug(slug) => slug.to_string(),
            OrganizationReference::Id(id) => id.to_string(),
        });
        match (organization.as_deref(), credentials.user.as_str()) {
            (_, "panicky") => panic!("a look-up panics"),
            (_, "unlucky") => Err(Fault::Unavailable("connection to db.internal:27017 refused".into())),
            (Some("acme" | "other"), user)
                if ["alice", "bob"].contains(&user) || user.starts_with("crowd-") =>
            {
                Ok(Resolution::Caller(Caller { organization }))
            }
            (None, _) if credentials.operator => Ok(Resolution::Caller(Caller { organization: None })),
            (Some("suspended"), _) => Ok(Resolution::Suspended {
                organization: "suspended".to_owned(),
                member: Some(SUSPENDED_MEMBER),
            }),
            _ => Ok(Resolution::Unknown),
        }
    }

    fn organization_key(&self, caller: &Caller) -> Option<String> {
        caller.organization.clone()
    }

    fn member(&self, _: &Caller) -> Option<MemberId> {
        None
    }
}

struct AlwaysReady;

#[async_trait]
impl Readiness for AlwaysReady {
    async fn check(&self) -> Result<(), Fault> {
        Ok(())
    }
}

/// The settings that differ between tests.
pub(crate) struct Setup {
    pub(crate) limits: HttpLimits,
    pub(crate) rates: Option<(u32, u32)>,
    pub(crate) introspection: bool,
    pub(crate) documents: Documents,
    pub(crate) verifier: Arc<TokenVerifier>,
    pub(crate) origins: AllowedOrigins,
    pub(crate) backend: Arc<dyn Readiness>,
    pub(crate) more_routes: Routes,
}

impl Default for Setup {
    fn default() -> Self {
        let keys = VerificationKeys::from_secret(&SecretString::from(tokens::SECRET)).unwrap();
        Self {
            limits: HttpLimits::default(),
            rates: None,
            introspection: false,
            documents: Documents::default(),
            verifier: Arc::new(tokens::verifier(keys)),
            origins: AllowedOrigins::default(),
            backend: Arc::new(AlwaysReady),
            more_routes: Arc::new(|_| {}),
        }
    }
}

/// A running server, which is stopped when it is dropped.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) probe_address: SocketAddr,
    pub(crate) state: Arc<State>,
    client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<std::io::Result<()>>,
    probes: JoinHandle<std::io::Result<()>>,
}

pub(crate) fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| telemetry::start_metrics().unwrap()).clone()
}

impl TestServer {
    pub(crate) fn start(setup: Setup) -> Self {
        log::capture();
        let Setup { limits, rates, introspection, documents, verifier, origins, backend, more_routes } =
            setup;
        let authenticator = Authenticator::Jwt { verifier, clock: Arc::new(|| NOW) };
        let rate = |number| Rate::per_second(NonZeroU32::new(number).unwrap());
        let rates =
            rates.map(|(caller, tenant)| Arc::new(RateLimits::new(Some(rate(caller)), Some(rate(tenant)))));
        let state = Arc::new(State::default());
        let for_context = Arc::clone(&state);
        let executor = SchemaExecutor::new(
            RootNode::new(Query, Mutation, EmptySubscription::new()),
            DocumentLimits::default(),
            introspection,
            move |caller: Caller, info: &RequestInfo, _| ToyContext {
                caller,
                change: info.change.clone(),
                state: Arc::clone(&for_context),
            },
        );
        let ids = AtomicU32::new(0);
        let new_request_id: NewRequestId =
            Arc::new(move || format!("fresh-{}", ids.fetch_add(1, Ordering::Relaxed)));
        let health = Health::starting(metrics());
        health.started(backend);
        let parts = Parts {
            access_control: Arc::new(AccessControl::new(authenticator, rates, Arc::new(Memberships))),
            executor: Arc::new(executor),
            documents,
            health: health.clone(),
            has_local_probes: false,
            new_request_id: Arc::clone(&new_request_id),
            origins,
            more_routes,
        };
        let bind = || server::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let (listener, probe_listener) = (bind(), bind());
        let (address, probe_address) = (listener.local_addr().unwrap(), probe_listener.local_addr().unwrap());
        let probes = tokio::spawn(server::serve_probes(probe_listener, health, new_request_id));
        let (stop, stopped) = oneshot::channel();
        let options = ServerOptions {
            limits,
            workers: 2,
            drain_time: Duration::from_millis(300),
            shutdown_time: Duration::from_secs(5),
        };
        let running = tokio::spawn(server::serve(listener, parts, options, async {
            let _ = stopped.await;
        }));
        let client = reqwest::Client::new();
        Self { address, probe_address, state, client, stop: Some(stop), running, probes }
    }

    /// The metrics.
    pub(crate) async fn metrics(&self) -> String {
        self.client.get(self.probe_url("/metrics")).send().await.unwrap().text().await.unwrap()
    }

    /// The URL of a probe or the metrics.
    pub(crate) fn probe_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.probe_address)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Prepares a POST to `/graphql` as alice of acme, without a body.
    pub(crate) fn post(&self) -> RequestBuilder {
        self.client.post(self.url("/graphql")).header(AUTHORIZATION, bearer("acme", "alice"))
    }

    /// Sends a document as alice of acme.
    pub(crate) async fn query(&self, document: &str) -> Response {
        self.post().json(&json!({"query": document})).send().await.unwrap()
    }

    /// Sends a document in the media type whose status reports request errors.
    pub(crate) async fn query_strictly(&self, document: &str) -> (u16, Value) {
        let request = self.post().header("accept", "application/graphql-response+json");
        let response = request.json(&json!({"query": document})).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Tells the server to stop.
    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Waits until the server has stopped.
    pub(crate) async fn stopped(mut self) -> std::io::Result<()> {
        self.stop();
        (&mut self.running).await.unwrap()
    }

    /// Opens a connection and sends the bytes.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop();
        self.probes.abort();
    }
}

/// Returns a value for `Authorization`.
pub(crate) fn bearer(organization: &str, user: &str) -> String {
    format!("Bearer {}", tokens::token(&json!({"org": organization, "sub": user})))
}
