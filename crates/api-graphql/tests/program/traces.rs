//! Traces, as a collector receives them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value as Attribute,
    trace::v1::{Span, span::SpanKind},
};
use prost::Message;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::json;

use crate::support::Installation;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

trait Connection: Read + Write + Send {}

impl<S: Read + Write + Send> Connection for S {}

/// A collector that keeps the spans that it receives.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Span>>>);

impl Collector {
    /// Listens on a free port, or on this one.
    fn start(port: u16) -> (Self, SocketAddr) {
        Self::start_with(port, |stream| Box::new(stream))
    }

    /// Listens on a free port and encrypts the connections.
    fn start_with_tls() -> (Self, SocketAddr) {
        let certificate = CertificateDer::from_pem_slice(include_bytes!("../data/tls.cert.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("../data/tls.key.pem")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let config = Arc::new(config.with_single_cert(vec![certificate], key).unwrap());
        Self::start_with(0, move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            Box::new(StreamOwned::new(connection, stream))
        })
    }

    fn start_with(
        port: u16,
        wrapped: impl Fn(TcpStream) -> Box<dyn Connection> + Send + 'static,
    ) -> (Self, SocketAddr) {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let address = listener.local_addr().unwrap();
        let collector = Self::default();
        let receiver = collector.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (receiver, stream) = (receiver.clone(), wrapped(stream.unwrap()));
                thread::spawn(move || receiver.receive(stream));
            }
        });
        (collector, address)
    }

    /// Reads requests until the client closes the connection.
    fn receive(&self, stream: Box<dyn Connection>) {
        let mut reader = BufReader::new(stream);
        loop {
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 0) && line != "\r\n" {
                let header = line.to_lowercase();
                if let Some(value) = header.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            if length == 0 || reader.read_exact(&mut body).is_err() {
                return;
            }
            let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
            let scopes = request.resource_spans.into_iter().flat_map(|spans| spans.scope_spans);
            self.0.lock().unwrap().extend(scopes.flat_map(|spans| spans.spans));
            let answer =
                "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    }

    fn spans(&self) -> Vec<Span> {
        self.0.lock().unwrap().clone()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let attribute = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Attribute::StringValue(text) => Some(text.clone()),
        Attribute::IntValue(number) => Some(number.to_string()),
        other => panic!("{name} is {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_spans_of_a_registration_reach_the_collector() {
    let (collector, address) = Collector::start(0);
    let installation = Installation::seeded().await;
    let endpoint = format!("http://{address}");
    let mut served = installation.serve_with(&[("CONVENE_OTLP_ENDPOINT", &endpoint)]).await;
    let create = r#"mutation { createEvent(input: {title: "Canary title", startsAt: "2031-03-25T09:00:00",
        duration: "PT1H", capacity: 3}) { event { id } } }"#;
    let created = served.ask("org-123", "user-456", create).await;
    let event = created["createEvent"]["event"]["id"].as_str().unwrap();
    let document = format!(
        r#"mutation Mine {{ registerForEvent(input: {{eventId: "{event}"}}) {{ registration {{ status }} }} }}"#
    );
    let client = reqwest::Client::new();
    let request = client.post(served.url("/graphql")).header("x-organization-id", "org-123");
    let request = request.header("x-user-id", "user-789").header("x-request-id", "traced");
    let request = request.header("traceparent", format!("00-{TRACE}-{PARENT}-01"));
    let answer = request.json(&json!({ "query": document })).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("CONFIRMED"));
    // The last spans are exported at the end of the process.
    assert!(served.server.stop().await.unwrap().success());

    let spans = collector.spans();
    let named = |name: &str| spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    let of_request = named("mutation registerForEvent");
    let [request] = of_request[..] else { panic!("{spans:#?}") };
    assert_eq!((hex(&request.trace_id), hex(&request.parent_span_id)), (TRACE.into(), PARENT.into()));
    assert_eq!(request.kind(), SpanKind::Server);
    for (name, value) in [
        ("request_id", "traced"),
        ("http.request.method", "POST"),
        ("http.route", "/graphql"),
        ("http.response.status_code", "200"),
        ("graphql.operation.name", "Mine"),
        ("graphql.operation.type", "mutation"),
        ("outcome", "done"),
    ] {
        assert_eq!(attribute(request, name).as_deref(), Some(value), "{name}");
    }

    let use_cases = named("registration.register");
    let [use_case] = use_cases[..] else { panic!("{spans:#?}") };
    assert_eq!((hex(&use_case.trace_id), &use_case.parent_span_id), (TRACE.into(), &request.span_id));
    let linked = |name: &str| {
        let mut spans = named(name).into_iter();
        spans.find(|span| span.links.iter().any(|link| hex(&link.trace_id) == TRACE)).cloned()
    };
    let batch = linked("registration batch").expect("the batch is linked to the request");
    assert!(batch.parent_span_id.is_empty() && hex(&batch.trace_id) != TRACE);
    assert!(linked("coalesced lookup").is_some(), "{spans:#?}");
    let commit = named("database command").into_iter().find(|span| {
        span.trace_id == batch.trace_id && attribute(span, "command").as_deref() == Some("commitTransaction")
    });
    assert!(commit.is_some(), "{spans:#?}");
    // The trace of the caller is in the line of the request.
    let log = served.server.log().unwrap();
    let mut lines = log.lines().filter(|line| line.contains("\"request_id\":\"traced\""));
    assert!(lines.next().unwrap().contains(&format!("\"trace_id\":\"{TRACE}\"")), "{log}");
    for value in ["Canary", "user-789", "user-456", "2031"] {
        assert!(!format!("{spans:?}").contains(value), "{value}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_process_exports_no_spans() {
    // Each background task runs twice in this time.
    const IDLE: Duration = Duration::from_secs(11);
    let (collector, address) = Collector::start(0);
    let installation = Installation::seeded().await;
    let endpoint = format!("http://{address}");
    let mut served = installation.serve_with(&[("CONVENE_OTLP_ENDPOINT", &endpoint)]).await;
    tokio::time::sleep(IDLE).await;
    served.ask("org-123", "user-789", "{ organization { slug } }").await;
    assert!(served.server.stop().await.unwrap().success());
    let spans = collector.spans();
    let mut roots: Vec<_> = spans.iter().filter(|span| span.parent_span_id.is_empty()).collect();
    // A request may have a look-up in a trace of its own.
    roots.retain(|span| span.name != "coalesced lookup");
    let names: Vec<_> = roots.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["query organization"], "{spans:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_decides_about_its_trace_and_a_ratio_about_all_others() {
    let (collector, address) = Collector::start(0);
    let installation = Installation::seeded().await;
    let endpoint = format!("http://{address}");
    let settings = [("CONVENE_OTLP_ENDPOINT", endpoint.as_str()), ("CONVENE_TRACE_RATIO", "0")];
    let mut served = installation.serve_with(&settings).await;
    let client = reqwest::Client::new();
    for flags in ["", "00", "01"] {
        let mut request = client.post(served.url("/graphql")).header("x-organization-id", "org-123");
        if !flags.is_empty() {
            request = request.header("traceparent", format!("00-{TRACE}-{PARENT}-{flags}"));
        }
        let request = request.header("x-user-id", "user-789").json(&json!({ "query": "{ __typename }" }));
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    assert!(served.server.stop().await.unwrap().success());
    let spans = collector.spans();
    assert_eq!(spans.iter().filter(|span| span.name == "query __typename").count(), 1, "{spans:#?}");
    assert!(spans.iter().all(|span| hex(&span.trace_id) == TRACE), "{spans:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_with_a_certificate_of_a_known_root_receives_spans() {
    let certificate = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tls.cert.pem");
    let installation = Installation::seeded().await;
    for roots in [Some(certificate), None] {
        let (collector, address) = Collector::start_with_tls();
        let endpoint = format!("https://{address}");
        let roots = roots.map(|file| ("CONVENE_OTLP_CA", file));
        let settings: Vec<_> =
            [("CONVENE_OTLP_ENDPOINT", endpoint.as_str())].into_iter().chain(roots).collect();
        let mut served = installation.serve_with(&settings).await;
        served.ask("org-123", "user-789", "{ __typename }").await;
        assert!(served.server.stop().await.unwrap().success());
        assert_eq!(collector.spans().is_empty(), roots.is_none());
        let log = served.server.log().unwrap();
        assert_eq!(log.contains("spans cannot be exported"), roots.is_none(), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absent_collector_is_logged_once_and_found_again() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let installation = Installation::seeded().await;
    let endpoint = format!("http://{free}");
    let mut served = installation.serve_with(&[("CONVENE_OTLP_ENDPOINT", &endpoint)]).await;
    let count = |log: &str, message: &str| log.lines().filter(|line| line.contains(message)).count();
    let ask = || served.ask("org-123", "user-789", "{ __typename }");
    let limit = Duration::from_secs(30);
    let absent = async {
        while count(&served.server.log().unwrap(), "spans cannot be exported") == 0 {
            ask().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(limit, absent).await.expect("the failure is logged");
    // Further exports fail meanwhile.
    for _ in 0..30 {
        ask().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (_collector, _) = Collector::start(free.port());
    let found = async {
        while count(&served.server.log().unwrap(), "spans are exported again") == 0 {
            ask().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(limit, found).await.expect("the success is logged");
    assert!(served.server.stop().await.unwrap().success());
    let log = served.server.log().unwrap();
    assert_eq!(count(&log, "spans cannot be exported"), 1, "{log}");
}
