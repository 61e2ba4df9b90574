//! A server with the demo data in memory, and a client for it.

use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use convene_api_graphql::{
    auth::{AccessControl, Authenticator},
    callers::Callers,
    graphql::limits::DocumentLimits,
    http::{
        cors::AllowedOrigins,
        graphql::{Documents, SchemaExecutor},
        health::Health,
        limits::HttpLimits,
    },
    rest::{self, Rest},
    seed,
    server::{self, Parts, ServerOptions},
    telemetry,
};
use convene_application::{
    authentication::LocalOperator,
    ports::Issues,
    testing::{FixedClock, SequentialIds, memory::InMemory},
    use_cases::{Ports, UseCases},
};
use juniper::{EmptyMutation, EmptySubscription, RootNode, graphql_object};
use metrics_exporter_prometheus::PrometheusHandle;
use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::Value;
use tokio::{sync::oneshot, task::JoinHandle};

/// The organization of the demo data, and its members.
pub(crate) const ORGANIZATION: &str = "org-123";
pub(crate) const ADMIN: (&str, &str) = ("user-456", "ADMIN");
pub(crate) const MEMBER: (&str, &str) = ("user-789", "MEMBER");

struct Query;

#[graphql_object]
impl Query {
    fn nothing() -> bool {
        true
    }
}

/// A running server, which is stopped when it is dropped.
pub(crate) struct TestServer {
    address: String,
    client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    _running: JoinHandle<std::io::Result<()>>,
}

/// A response that was read completely.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| telemetry::start_metrics().unwrap()).clone()
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with(HttpLimits::default(), |issues| issues).await
    }

    /// A server with other limits, or with another issue port after the demo data is loaded.
    pub(crate) async fn with(
        limits: HttpLimits,
        replace: impl FnOnce(Arc<dyn Issues>) -> Arc<dyn Issues>,
    ) -> Self {
        Self::with_ports(limits, |ports| ports.issues = replace(Arc::clone(&ports.issues))).await
    }

    /// A server with other limits, and with other ports after the demo data is loaded.
    pub(crate) async fn with_ports(limits: HttpLimits, replace: impl FnOnce(&mut Ports)) -> Self {
        let clock = Arc::new(FixedClock::default());
        let adapters = InMemory::new().adapters();
        let mut ports = Ports {
            clock: clock.clone(),
            ids: Arc::new(SequentialIds::new()),
            organizations: adapters.organizations,
            members: adapters.members,
            events: adapters.events,
            catalogue: adapters.catalogue,
            registration_book: adapters.registration_book,
            registrations: adapters.registrations,
            issues: adapters.issues,
            activity_log: adapters.activity_log,
        };
        let loader = UseCases::new(ports.clone());
        let local = LocalOperator::new(adapters.directory.clone());
        let seeds = seed::read(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../seeds")).unwrap();
        for plan in seed::plan(&seeds, FixedClock::START).unwrap() {
            seed::load(&loader, &local, &*clock, &plan).await.unwrap();
        }
        replace(&mut ports);
        let use_cases = Arc::new(UseCases::new(ports));

        let callers = Callers::new(adapters.directory);
        let access_control = Arc::new(AccessControl::new(Authenticator::Headers, None, Arc::new(callers)));
        let schema = RootNode::new(Query, EmptyMutation::<()>::new(), EmptySubscription::<()>::new());
        let ids = AtomicU32::new(0);
        let parts = Parts {
            access_control: Arc::clone(&access_control),
            documents: Documents::default(),
            executor: Arc::new(SchemaExecutor::new(
                schema,
                DocumentLimits::default(),
                false,
                |_, _: &_, _| (),
            )),
            health: Health::starting(metrics()),
            has_local_probes: false,
            new_request_id: Arc::new(move || format!("r-{}", ids.fetch_add(1, Ordering::Relaxed))),
            origins: AllowedOrigins::default(),
            more_routes: rest::routes(Rest { access_control, use_cases }),
        };
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let options = ServerOptions {
            limits,
            workers: 2,
            drain_time: std::time::Duration::from_millis(300),
            shutdown_time: std::time::Duration::from_secs(1),
        };
        let running = tokio::spawn(server::serve(listener, parts, options, async {
            stopped.await.ok();
        }));
        Self { address, client: reqwest::Client::new(), stop: Some(stop), _running: running }
    }

    /// A request without credentials.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.address))
    }

    /// A request of a member of [`ORGANIZATION`].
    pub(crate) fn of(&self, (user, role): (&str, &str), method: Method, path: &str) -> RequestBuilder {
        self.request(method, path)
            .header("x-organization-id", ORGANIZATION)
            .header("x-user-id", user)
            .header("x-user-role", role)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.of(MEMBER, Method::GET, path)).await
    }

    pub(crate) async fn post(&self, body: &str) -> Answer {
        send(with_json(self.of(MEMBER, Method::POST, "/api/issues"), body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &str) -> Answer {
        send(with_json(self.of(ADMIN, Method::PATCH, path), body)).await
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
    }
}

pub(crate) fn with_json(request: RequestBuilder, body: &str) -> RequestBuilder {
    request.header("content-type", "application/json").body(body.to_owned())
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    Answer { status, headers, body }
}

impl Answer {
    /// Returns the names of the fields of an error.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let fields = self.body["error"]["fields"].as_array();
        fields.into_iter().flatten().filter_map(|problem| problem["field"].as_str()).collect()
    }

    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Returns an issue without the id of its organization, which depends on the amount of demo data.
pub(crate) fn without_organization(mut issue: Value) -> Value {
    let id = issue["organizationId"].take();
    assert!(id.as_str().unwrap().starts_with("org_"), "{id}");
    issue
}
