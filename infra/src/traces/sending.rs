//! From spans that have ended to a collector. Whoever ends a span never waits:
//! what does not fit in the queue is lost, and counted.

use crate::lifecycle::error_chain;
use opentelemetry::Context;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanExporter as _, SpanProcessor},
};
use std::{
    mem,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Spans that wait at most: a few MB.
const QUEUE: usize = 4_096;
/// Spans that are sent at once.
const BATCH: usize = 512;
/// How long the first span of a batch waits for others.
const GATHERING: Duration = Duration::from_secs(1);
/// How often a collector that takes nothing is told of.
const WARN_EACH: Duration = Duration::from_mins(1);

const SENT: &str = "orderlog_spans_sent_total";
const DROPPED: &str = "orderlog_spans_dropped_total";

/// Tells the exporter of metrics what the names mean.
pub fn describe_metrics() {
    metrics::describe_counter!(SENT, "Spans that a collector has taken");
    metrics::describe_counter!(DROPPED, "Spans that were lost, by why");
}

/// Where spans go when they end.
#[derive(Debug)]
pub struct Queue(Sender<SpanData>);

/// The task that sends them.
pub struct Sending {
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// Begins to send.
pub fn start(exporter: SpanExporter) -> (Queue, Sending) {
    let (queue, spans) = channel(QUEUE);
    let stop = CancellationToken::new();
    let task = tokio::spawn(send(spans, exporter, stop.clone()));
    let sending = Sending {
        stop,
        task: Mutex::new(Some(task)),
    };
    (Queue(queue), sending)
}

impl Sending {
    /// Sends what is left, no longer than `time`.
    pub async fn end(&self, time: Duration) {
        self.stop.cancel();
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(mut task) = task
            && timeout(time, &mut task).await.is_err()
        {
            tracing::warn!("traces.lost_at_the_end");
            task.abort();
        }
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.0.try_send(span).is_err() {
            metrics::counter!(DROPPED, "reason" => "queue_full").increment(1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

async fn send(mut spans: Receiver<SpanData>, exporter: SpanExporter, stop: CancellationToken) {
    let mut batch = Vec::new();
    let mut state = State::default();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            first = spans.recv() => match first {
                Some(first) => batch.push(first),
                None => return,
            },
        }
        let gathering = async {
            while batch.len() < BATCH
                && let Some(next) = spans.recv().await
            {
                batch.push(next);
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            _full_or_late = timeout(GATHERING, gathering) => {}
        }
        state.send(&exporter, mem::take(&mut batch)).await;
    }
    spans.close();
    while spans.recv_many(&mut batch, BATCH).await > 0 {
        state.send(&exporter, mem::take(&mut batch)).await;
    }
}

/// Whether the collector took what it was sent last, and when it was told that
/// it does not.
#[derive(Default)]
struct State {
    away: bool,
    warned: Option<Instant>,
}

impl State {
    async fn send(&mut self, exporter: &SpanExporter, batch: Vec<SpanData>) {
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        match exporter.export(batch).await {
            Ok(()) => {
                metrics::counter!(SENT).increment(count);
                if mem::take(&mut self.away) {
                    tracing::info!("traces.collector_back");
                }
            }
            Err(error) => {
                metrics::counter!(DROPPED, "reason" => "not_taken").increment(count);
                self.away = true;
                if self.warned.is_none_or(|at| at.elapsed() >= WARN_EACH) {
                    self.warned = Some(Instant::now());
                    tracing::warn!(error = error_chain(&error), "traces.collector_away");
                }
            }
        }
    }
}
