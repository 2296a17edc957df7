//! A collector of traces: what it was sent by OTLP over HTTP.

use anyhow::{Context as _, Result};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
};
use prost::Message as _;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};
use tests::wait_until;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::task::AbortOnDropHandle;

/// A span as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `service.name`.
    pub service: String,
    pub name: String,
    /// As OTLP numbers them: 2 server, 3 client, 4 producer, 5 consumer.
    pub kind: i32,
    pub trace: String,
    pub id: String,
    pub parent: String,
    /// Trace and span.
    pub links: Vec<(String, String)>,
    pub attributes: BTreeMap<String, String>,
}

#[derive(Default)]
struct Taken {
    heads: Vec<String>,
    spans: Vec<Seen>,
}

/// Listens until it is dropped.
pub struct Collector {
    /// Where.
    pub url: String,
    taken: Arc<Mutex<Taken>>,
    _listening: AbortOnDropHandle<()>,
}

impl Collector {
    /// Takes what comes.
    pub async fn start() -> Result<Self> {
        Self::listen(true).await
    }

    /// Takes connections, and never answers.
    pub async fn hanging() -> Result<Self> {
        Self::listen(false).await
    }

    async fn listen(answers: bool) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let taken = Arc::<Mutex<Taken>>::default();
        let all = taken.clone();
        let listening = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let all = all.clone();
                tokio::spawn(async move { serve(connection, answers, &all).await.ok() });
            }
        });
        Ok(Self {
            url,
            taken,
            _listening: AbortOnDropHandle::new(listening),
        })
    }

    /// Every span so far.
    pub fn spans(&self) -> Vec<Seen> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.spans.clone()
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.heads.clone()
    }

    /// Waits for a span of a service.
    pub async fn until(
        &self,
        service: &str,
        what: &str,
        such: impl Fn(&Seen) -> bool,
    ) -> Result<Seen> {
        let told = format!("{what} of {service}");
        let found = wait_until(&told, async || {
            let mut spans = self.spans().into_iter();
            Ok(spans.find(|span| span.service == service && such(span)))
        });
        found.await.with_context(|| format!("{:#?}", self.spans()))
    }
}

async fn serve(mut connection: TcpStream, answers: bool, all: &Mutex<Taken>) -> Result<()> {
    let mut bytes = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if connection.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .context("no length")?;
        let whole = end + length.trim().parse::<usize>()?;
        while bytes.len() < whole {
            if connection.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        }
        if !answers {
            std::future::pending::<()>().await;
        }
        let request = ExportTraceServiceRequest::decode(&bytes[end..whole])?;
        {
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.heads.push(head);
            all.spans.extend(seen(request));
        }
        bytes.drain(..whole);
        let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n\
                      content-length: 0\r\n\r\n";
        connection.write_all(answer.as_bytes()).await?;
    }
}

fn seen(request: ExportTraceServiceRequest) -> Vec<Seen> {
    let mut all = Vec::new();
    for of_resource in request.resource_spans {
        let resource = attributes(of_resource.resource.unwrap_or_default().attributes);
        let service = resource.get("service.name").cloned().unwrap_or_default();
        for span in of_resource.scope_spans.into_iter().flat_map(|s| s.spans) {
            let links = span.links.iter();
            all.push(Seen {
                service: service.clone(),
                kind: span.kind,
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                links: links
                    .map(|link| (hex(&link.trace_id), hex(&link.span_id)))
                    .collect(),
                attributes: attributes(span.attributes),
                name: span.name,
            });
        }
    }
    all
}

fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |pair: KeyValue| {
        let value = match pair.value.and_then(|value| value.value) {
            Some(Value::StringValue(text)) => text,
            Some(Value::IntValue(number)) => number.to_string(),
            other => format!("{other:?}"),
        };
        (pair.key, value)
    };
    pairs.into_iter().map(text).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
