//! Traces: spans that are sent to an OpenTelemetry collector (OTLP over HTTP).

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry::{
    Context, KeyValue,
    trace::{Link, SpanKind, TraceId, TracerProvider},
};
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler, SamplingResult, SdkTracer, SdkTracerProvider,
        ShouldSample, SpanData, SpanExporter as Export,
    },
};
use tokio::runtime::Handle;
use ureq::Agent;

use super::{TelemetryError, metrics::record_exported_spans};
use crate::outgoing::{self, Roots};

/// The maximum number of ended spans that wait for their export, about 2 KiB each. Further ones are dropped.
pub const MAX_QUEUED_SPANS: usize = 4_096;

/// The maximum number of spans of an export.
const MAX_EXPORTED_SPANS: usize = 512;

/// The interval of exports.
const EXPORT_INTERVAL: Duration = Duration::from_secs(2);

/// The time in which the collector answers. At a shutdown, it is the time for the last spans.
const EXPORT_TIME: Duration = Duration::from_secs(5);

/// The maximum size of the collector's answer in bytes, which has a reason if it refuses spans.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// The settings of traces.
#[derive(Clone, Debug)]
pub struct TraceSettings {
    /// The address of the collector, without a path: `http://127.0.0.1:4318`.
    pub collector: String,
    /// The root certificates that a collector with an `https` address must lead to.
    pub roots: Roots,
    /// The part of the traces that is exported, from 0 to 1. The caller decides for the traces that it has begun.
    pub ratio: f64,
}

/// The source of spans. Ended spans are exported by a thread of its own.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts exporting spans. Requests to the collector run on threads of `runtime` that may block.
    ///
    /// # Errors
    ///
    /// The address of the collector is not valid.
    pub fn start(settings: &TraceSettings, runtime: Handle) -> Result<Self, TelemetryError> {
        let mut client = outgoing::client(&settings.roots, EXPORT_TIME);
        if !settings.collector.starts_with("https:") {
            // A collector in the same network is reached without a proxy.
            client = client.proxy(None);
        }
        let agent = client.build().new_agent();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client { agent, runtime })
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", settings.collector.trim_end_matches('/')))
            .with_timeout(EXPORT_TIME)
            .build()
            .map_err(|error| TelemetryError::Exporter(error.into()))?;
        let queue = BatchConfigBuilder::default()
            .with_max_queue_size(MAX_QUEUED_SPANS)
            .with_max_export_batch_size(MAX_EXPORTED_SPANS)
            .with_scheduled_delay(EXPORT_INTERVAL)
            .build();
        let exporter = Reported { exporter, has_failed: AtomicBool::new(false) };
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(queue).build();
        let resource = Resource::builder_empty()
            .with_service_name("convene")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        let roots = RequestTraces(Sampler::TraceIdRatioBased(settings.ratio));
        let sampler = Sampler::ParentBased(Box::new(roots));
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor)
            .with_resource(resource.build())
            .with_sampler(sampler)
            .build();
        Ok(Self(provider))
    }

    pub(super) fn tracer(&self) -> SdkTracer {
        self.0.tracer("convene")
    }

    /// Exports the spans that have ended, and stops. It waits for the collector, some seconds at most, and must be called
    /// while the runtime runs, outside its threads.
    pub fn stop(self) {
        // A failure is logged where it occurs.
        drop(self.0.shutdown_with_timeout(EXPORT_TIME));
    }
}

/// Chooses the traces that this process begins. Only requests and work for them are traced: background tasks ask the database
/// every second, and nobody searches for that.
#[derive(Clone, Debug)]
struct RequestTraces(Sampler);

/// The spans that begin a trace. The last two serve several requests.
const ROOTS: [&str; 3] = ["request", "registration batch", "coalesced lookup"];

impl ShouldSample for RequestTraces {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let sampler = if ROOTS.contains(&name) { &self.0 } else { &Sampler::AlwaysOff };
        sampler.should_sample(parent, trace, name, kind, attributes, links)
    }
}

/// Sends the requests of the exporter.
#[derive(Debug)]
struct Client {
    agent: Agent,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let agent = self.agent.clone();
        let sent = self.runtime.spawn_blocking(move || {
            let response = agent.run(request.map(Vec::from))?;
            let (head, mut body) = response.into_parts();
            let body = body.with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?;
            Ok::<_, ureq::Error>(Response::from_parts(head, body.into()))
        });
        Ok(sent.await??)
    }
}

/// Counts exported spans, and logs each change between success and failure once.
struct Reported<E> {
    exporter: E,
    has_failed: AtomicBool,
}

impl<E: Export> Export for Reported<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let number = batch.len();
        let result = self.exporter.export(batch).await;
        record_exported_spans(result.is_ok(), number);
        match (&result, self.has_failed.swap(result.is_err(), Ordering::Relaxed)) {
            (Err(error), false) => {
                tracing::warn!(reason = %error, "spans cannot be exported; they are dropped until they can");
            }
            (Ok(()), true) => tracing::info!("spans are exported again"),
            (Err(_), true) | (Ok(()), false) => {}
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

impl<E> fmt::Debug for Reported<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reported").finish_non_exhaustive()
    }
}
