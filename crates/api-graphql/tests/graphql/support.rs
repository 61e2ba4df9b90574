//! A server on in-memory adapters with two organizations, and a client for both.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use convene_api_graphql::{
    auth::{AccessControl, Authenticator},
    callers::Callers,
    execution::schema_executor,
    graphql::{context::Services, limits::DocumentLimits},
    http::{cors::AllowedOrigins, graphql::Documents, health::Health, limits::HttpLimits},
    rest::{self, Rest},
    server::{self, Parts, ServerOptions},
    telemetry,
};
use convene_application::{
    ports::{Clock, Directory},
    testing::{Adapters, FixedClock, SequentialIds, memory::InMemory},
    use_cases::{Ports, UseCases},
};
use metrics_exporter_prometheus::PrometheusHandle;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// A caller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) organization: Option<&'static str>,
    pub(crate) user: &'static str,
    pub(crate) operator: bool,
}

impl Caller {
    /// The headers of the caller's requests.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let always = [("x-user-id", self.user.to_owned()), ("x-operator", self.operator.to_string())];
        let organization =
            self.organization.map(|organization| ("x-organization-id", organization.to_owned()));
        always.into_iter().chain(organization).collect()
    }
}

/// An admin of acme.
pub(crate) const ADA: Caller = Caller { organization: Some("acme"), user: "ada", operator: false };
/// A member of acme.
pub(crate) const BOB: Caller = Caller { organization: Some("acme"), user: "bob", operator: false };
/// Another member of acme.
pub(crate) const CLEO: Caller = Caller { organization: Some("acme"), user: "cleo", operator: false };
/// The admin of the other organization.
pub(crate) const OLGA: Caller = Caller { organization: Some("other"), user: "olga", operator: false };
/// The platform's operator, who belongs to no organization.
pub(crate) const OPERATOR: Caller = Caller { organization: None, user: "root", operator: true };

/// A running server, which is stopped when it is dropped.
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    client: reqwest::Client,
    _stop: oneshot::Sender<()>,
}

pub(crate) fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| telemetry::start_metrics().unwrap()).clone()
}

/// The ports of use cases on these adapters, with a clock that stands still and ids that are the same in every run.
pub(crate) fn ports(adapters: Adapters) -> Ports {
    Ports {
        clock: Arc::new(FixedClock::default()),
        ids: Arc::new(SequentialIds::new()),
        organizations: adapters.organizations,
        members: adapters.members,
        events: adapters.events,
        catalogue: adapters.catalogue,
        registration_book: adapters.registration_book,
        registrations: adapters.registrations,
        issues: adapters.issues,
        activity_log: adapters.activity_log,
    }
}

/// Tests read large documents; the limits of documents have tests of their own.
fn ample() -> DocumentLimits {
    DocumentLimits { cost: 1_000_000, ..DocumentLimits::default() }
}

impl Api {
    /// A server with acme (ada, bob, cleo) and the other organization (olga).
    pub(crate) async fn start() -> Self {
        let adapters = InMemory::new().adapters();
        Self::with_members(Self::on(adapters.directory.clone(), ports(adapters))).await
    }

    /// A server with the limits of production, with acme and its admin.
    pub(crate) async fn start_with_default_limits() -> Self {
        let adapters = InMemory::new().adapters();
        let directory = adapters.directory.clone();
        let api = Self::with_limits(directory, ports(adapters), DocumentLimits::default(), true);
        api.found("acme", "ada").await;
        api
    }

    /// A server that answers no queries of the schema, with acme (ada, bob, cleo) and the other organization (olga).
    pub(crate) async fn start_without_introspection() -> Self {
        let adapters = InMemory::new().adapters();
        let directory = adapters.directory.clone();
        Self::with_members(Self::with_limits(directory, ports(adapters), ample(), false)).await
    }

    /// Adds the members to a running server.
    pub(crate) async fn with_members(api: Self) -> Self {
        api.found("acme", "ada").await;
        api.found("other", "olga").await;
        for user in ["bob", "cleo"] {
            let input = json!({"userId": user, "displayName": user, "email": format!("{user}@example.org")});
            api.change(ADA, "addMember", input, "member { id }").await;
        }
        api
    }

    /// A server on these ports.
    pub(crate) fn on(directory: Arc<dyn Directory>, ports: Ports) -> Self {
        Self::with_limits(directory, ports, ample(), true)
    }

    fn with_limits(
        directory: Arc<dyn Directory>,
        ports: Ports,
        limits: DocumentLimits,
        introspection: bool,
    ) -> Self {
        let clock: Arc<dyn Clock> = Arc::clone(&ports.clock);
        let use_cases = Arc::new(UseCases::new(ports));
        let callers = Callers::new(directory);
        let access_control = Arc::new(AccessControl::new(Authenticator::Headers, None, Arc::new(callers)));
        let rest = Rest { access_control: Arc::clone(&access_control), use_cases: Arc::clone(&use_cases) };
        let parts = Parts {
            access_control,
            executor: schema_executor(Services { use_cases, clock }, limits, introspection),
            documents: Documents::default(),
            health: Health::starting(metrics()),
            has_local_probes: false,
            new_request_id: Arc::new(|| "request-1".to_owned()),
            origins: AllowedOrigins::default(),
            more_routes: rest::routes(rest),
        };
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let options = ServerOptions {
            limits: HttpLimits::default(),
            workers: 1,
            drain_time: Duration::from_millis(300),
            shutdown_time: Duration::from_secs(5),
        };
        tokio::spawn(server::serve(listener, parts, options, async {
            stopped.await.ok();
        }));
        Self { address, client: reqwest::Client::new(), _stop: stop }
    }

    /// Sends a document. Returns the status and the body.
    pub(crate) async fn send(
        &self,
        caller: Option<Caller>,
        document: &str,
        variables: &Value,
    ) -> (u16, String) {
        self.send_to(None, caller, document, variables).await
    }

    /// Sends a document with another host name.
    pub(crate) async fn send_to(
        &self,
        host: Option<&str>,
        caller: Option<Caller>,
        document: &str,
        variables: &Value,
    ) -> (u16, String) {
        let host = host.map(|host| ("host", host));
        self.send_with(host.as_slice(), caller, document, variables).await
    }

    /// Sends a document with more headers.
    pub(crate) async fn send_with(
        &self,
        headers: &[(&str, &str)],
        caller: Option<Caller>,
        document: &str,
        variables: &Value,
    ) -> (u16, String) {
        let mut request = self.post(caller);
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.json(&json!({"query": document, "variables": variables}));
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Sends a body of JSON text.
    pub(crate) async fn send_text(&self, caller: Caller, body: String) -> String {
        let request = self.post(Some(caller)).header("content-type", "application/json").body(body);
        request.send().await.unwrap().text().await.unwrap()
    }

    fn post(&self, caller: Option<Caller>) -> RequestBuilder {
        self.post_to("/graphql", caller)
    }

    /// A POST to a path.
    pub(crate) fn post_to(&self, path: &str, caller: Option<Caller>) -> RequestBuilder {
        let mut request = self.client.post(format!("http://{}{path}", self.address));
        for (name, value) in caller.iter().flat_map(Caller::headers) {
            request = request.header(name, value);
        }
        request
    }

    /// The response to a document: `data` and `errors`.
    pub(crate) async fn ask(&self, caller: Caller, document: &str, variables: Value) -> Value {
        let (_, body) = self.send(Some(caller), document, &variables).await;
        let mut answer: Value = serde_json::from_str(&body).unwrap();
        answer.as_object_mut().unwrap().remove("extensions");
        answer
    }

    /// The data of a document that must succeed.
    pub(crate) async fn read(&self, caller: Caller, document: &str) -> Value {
        let mut answer = self.ask(caller, document, Value::Null).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].take()
    }

    /// The payload of a mutation, with its user errors.
    pub(crate) async fn mutate(
        &self,
        caller: Caller,
        mutation: &str,
        input: Value,
        selection: &str,
    ) -> Value {
        let type_name = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let document = format!(
            "mutation($input: {type_name}!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ __typename code \
             message field }} }} }}"
        );
        let mut answer = self.ask(caller, &document, json!({"input": input})).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"][mutation].take()
    }

    /// The payload of a mutation that must succeed.
    pub(crate) async fn change(
        &self,
        caller: Caller,
        mutation: &str,
        input: Value,
        selection: &str,
    ) -> Value {
        let payload = self.mutate(caller, mutation, input, selection).await;
        assert_eq!(payload["userErrors"], json!([]), "{payload}");
        payload
    }

    async fn found(&self, slug: &str, admin: &str) {
        let input = json!({
            "slug": slug, "name": slug, "timeZone": "Europe/Paris", "adminUserId": admin, "adminDisplayName": admin,
        });
        self.change(OPERATOR, "createOrganization", input, "organization { id }").await;
    }

    /// A weekly event of three occurrences for these seats, on Mondays at 09:00 in Paris from 7 April 2031 on.
    pub(crate) async fn weekly_event(&self, admin: Caller, seats: u32) -> Event {
        let input = json!({
            "title": "Rehearsal", "startsAt": "2031-04-07T09:00:00", "duration": "PT1H", "capacity": seats,
            "recurrence": {"frequency": "WEEKLY", "count": 3},
        });
        let payload = self.change(admin, "createEvent", input, "event { id }").await;
        let id = text(&payload["event"]["id"]);
        let occurrences = ["20310407", "20310414", "20310421"].map(|day| format!("{id}_{day}T070000Z"));
        Event { id, occurrences }
    }

    /// Registers the caller. Returns the registration's id.
    pub(crate) async fn register(&self, caller: Caller, occurrence: &str) -> String {
        let input = json!({"occurrenceId": occurrence});
        let document = "mutation($input: RegisterForOccurrenceInput!) { registerForOccurrence(input: $input) { \
                        registration { id } userErrors { code } } }";
        let answer = self.ask(caller, document, json!({"input": input})).await;
        text(&answer["data"]["registerForOccurrence"]["registration"]["id"])
    }
}

/// An event that a test has created.
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) occurrences: [String; 3],
}

/// A value that must be a text.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
