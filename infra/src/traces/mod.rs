//! Traces: spans of what a process does, sent to a collector by OTLP over HTTP.
//!
//! Spans are made at a handful of places, by hand: each is one word in memory
//! where it is not recorded, and where traces are off no more than one atomic
//! load is done for it. What a span belongs to is told by the `traceparent` that
//! commands carry into events, Kafka, jobs and webhooks.

mod collector;
mod sampling;
mod sending;
mod span;

pub use opentelemetry::trace::SpanKind;
pub(crate) use sending::describe_metrics;
pub use span::Span;

use crate::{
    config::Config,
    tls::{Authorities, TlsError},
};
use collector::Collector;
use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{
    ExporterBuildError, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracer, SdkTracerProvider, SpanExporter as _},
};
use sampling::Sampling;
use sending::Sending;
use std::{collections::HashMap, sync::OnceLock, time::Duration};

/// How long a collector may take for a batch, with what is tried again.
const SEND_TIME: Duration = Duration::from_secs(10);
/// How long a process that ends waits for the collector to take what is left.
const END_TIME: Duration = Duration::from_secs(3);
/// Where spans go, below the address of a collector.
const PATH: &str = "/v1/traces";

static TRACES: OnceLock<Traces> = OnceLock::new();

struct Traces {
    tracer: SdkTracer,
    sending: Sending,
    // Dropped, it would end its tracers.
    _provider: SdkTracerProvider,
}

/// Traces cannot be made as configured.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// `traces_ratio` is none.
    #[error("traces_ratio is {0}: it is 0 to 1")]
    Ratio(f64),
    /// `otlp_headers` are none. What they are is not told.
    #[error("otlp_headers cannot be read: they are NAME=VALUE, separated by commas")]
    Headers,
    /// `otlp_endpoint` is none.
    #[error("otlp_endpoint {0:?} is no address of HTTP")]
    Endpoint(String),
    /// The client cannot be made.
    #[error("traces cannot be sent")]
    Client(#[from] reqwest::Error),
    /// Whom to trust cannot be told.
    #[error("traces cannot be sent")]
    Tls(#[from] TlsError),
    /// The exporter cannot be made.
    #[error("traces cannot be sent")]
    Exporter(#[from] ExporterBuildError),
}

/// Begins to make spans, where `otlp_endpoint` says where to; as the service
/// `orderlog-ROLE`. The first call decides. Has to be called where tasks can be
/// spawned.
///
/// # Errors
/// When the settings cannot be used.
pub fn begin(config: &Config, role: &str) -> Result<(), TracesError> {
    if config.otlp_endpoint.is_empty() || TRACES.get().is_some() {
        return Ok(());
    }
    if !(0.0..=1.0).contains(&config.traces_ratio) {
        return Err(TracesError::Ratio(config.traces_ratio));
    }
    let resource = Resource::builder()
        .with_service_name(format!("orderlog-{role}"))
        .with_attributes([
            KeyValue::new("service.namespace", "orderlog"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", crate::clock::new_id().to_string()),
        ])
        .build();
    let (collector, heard) = Collector::new(SEND_TIME, &Authorities::of(config)?)?;
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(collector)
        .with_endpoint(address(&config.otlp_endpoint)?)
        .with_timeout(SEND_TIME)
        .with_headers(headers(config.otlp_headers.reveal())?)
        .build()?;
    exporter.set_resource(&resource);
    let (queue, sending) = sending::start(exporter, heard);
    let provider = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_sampler(Sampling::new(config.traces_ratio))
        .with_max_links_per_span(span::MOST_LINKS)
        .with_span_processor(queue)
        .build();
    let _first = TRACES.set(Traces {
        tracer: provider.tracer("orderlog"),
        sending,
        _provider: provider,
    });
    tracing::info!(ratio = config.traces_ratio, "traces.on");
    Ok(())
}

/// Sends what is left, for a few seconds at most. Spans that end later are lost.
pub async fn end() {
    if let Some(traces) = TRACES.get() {
        traces.sending.end(END_TIME).await;
    }
}

fn tracer() -> Option<&'static SdkTracer> {
    TRACES.get().map(|traces| &traces.tracer)
}

fn address(endpoint: &str) -> Result<String, TracesError> {
    let refused = || TracesError::Endpoint(endpoint.to_owned());
    let url = url::Url::parse(endpoint).map_err(|_| refused())?;
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() {
        return Err(refused());
    }
    let endpoint = endpoint.trim_end_matches('/');
    Ok(if endpoint.ends_with(PATH) {
        endpoint.to_owned()
    } else {
        format!("{endpoint}{PATH}")
    })
}

fn headers(text: &str) -> Result<HashMap<String, String>, TracesError> {
    let headers = text.split(',').map(str::trim).filter(|h| !h.is_empty());
    headers
        .map(|header| {
            let (name, value) = header.split_once('=').ok_or(TracesError::Headers)?;
            let (name, value) = (name.trim(), value.trim());
            let valid = reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_ok()
                && reqwest::header::HeaderValue::from_str(value).is_ok();
            let header = (name.to_owned(), value.to_owned());
            valid.then_some(header).ok_or(TracesError::Headers)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_named_with_or_without_the_path() {
        for (endpoint, full) in [
            ("http://otel:4318", "http://otel:4318/v1/traces"),
            ("http://otel:4318/", "http://otel:4318/v1/traces"),
            ("https://x.example/otlp", "https://x.example/otlp/v1/traces"),
            ("http://otel:4318/v1/traces", "http://otel:4318/v1/traces"),
        ] {
            assert_eq!(address(endpoint).expect("an address"), full);
        }
        for wrong in ["otel:4318", "grpc://otel:4317", "http://otel/?key=x"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn headers_are_pairs_and_an_error_does_not_tell_them() {
        let read = headers("api-key=a=b, dd-protocol = otlp,").expect("headers");
        assert_eq!(read["api-key"], "a=b");
        assert_eq!(read["dd-protocol"], "otlp");
        assert!(headers("").expect("none").is_empty());
        for wrong in ["hush", "hu sh=x", "a=hu\u{7f}sh"] {
            let error = headers(&format!("{wrong},a=b")).expect_err(wrong);
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }
}
