//! From spans that have ended to a collector. Whoever ends a span never waits:
//! what does not fit in the queue is lost, and counted.

use super::{SEND_TIME, collector::Heard};
use crate::lifecycle::error_chain;
use opentelemetry::Context;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanExporter as _, SpanProcessor},
};
use std::{
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel, error::TrySendError},
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
pub struct Queue {
    spans: Sender<SpanData>,
    waiting: Arc<AtomicU64>,
}

/// The task that sends them.
pub struct Sending {
    /// Spans that nobody has said anything of.
    waiting: Arc<AtomicU64>,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// Begins to send.
pub fn start(exporter: SpanExporter, heard: Heard) -> (Queue, Sending) {
    let (queue, spans) = channel(QUEUE);
    let stop = CancellationToken::new();
    let waiting = Arc::<AtomicU64>::default();
    let state = State {
        exporter,
        heard,
        waiting: Arc::clone(&waiting),
        away: false,
        warned: None,
    };
    let task = tokio::spawn(send(spans, state, stop.clone()));
    let sending = Sending {
        waiting: Arc::clone(&waiting),
        stop,
        task: Mutex::new(Some(task)),
    };
    let queue = Queue {
        spans: queue,
        waiting,
    };
    (queue, sending)
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
            task.abort();
            let spans = self.waiting.swap(0, Ordering::Relaxed);
            dropped("ended", spans);
            tracing::warn!(spans, "traces.lost_at_the_end");
        }
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let reason = match self.spans.try_send(span) {
            Ok(()) => return,
            Err(TrySendError::Full(_)) => "queue_full",
            Err(TrySendError::Closed(_)) => "ended",
        };
        settled(&self.waiting, 1);
        dropped(reason, 1);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Something is said of so many more; all that wait may have been given up by now.
fn settled(waiting: &AtomicU64, spans: u64) {
    let _ = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
        Some(waiting.saturating_sub(spans))
    });
}

fn dropped(reason: &'static str, spans: u64) {
    metrics::counter!(DROPPED, "reason" => reason).increment(spans);
}

async fn send(mut spans: Receiver<SpanData>, mut state: State, stop: CancellationToken) {
    let mut batch = Vec::new();
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
        state.send(mem::take(&mut batch)).await;
    }
    spans.close();
    while spans.recv_many(&mut batch, BATCH).await > 0 {
        state.send(mem::take(&mut batch)).await;
    }
}

/// What is sent with, whether the collector took what it was sent last, and when it
/// was told that it does not.
struct State {
    exporter: SpanExporter,
    heard: Heard,
    waiting: Arc<AtomicU64>,
    away: bool,
    warned: Option<Instant>,
}

impl State {
    async fn send(&mut self, batch: Vec<SpanData>) {
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        self.heard.take();
        let sent = timeout(SEND_TIME, self.exporter.export(batch)).await;
        let said = self.heard.take();
        settled(&self.waiting, count);
        let why = match sent {
            Ok(Ok(())) => {
                let rejected = said.rejected.min(count);
                metrics::counter!(SENT).increment(count - rejected);
                if rejected == 0 {
                    if mem::take(&mut self.away) {
                        tracing::info!("traces.collector_back");
                    }
                    return;
                }
                dropped("not_taken", rejected);
                return self.is_away(&format!("it has rejected {rejected} of {count} spans"));
            }
            Ok(Err(error)) => said.unreached.unwrap_or_else(|| error_chain(&error)),
            Err(_) => format!("it has taken nothing for {} s", SEND_TIME.as_secs()),
        };
        dropped("not_taken", count);
        self.is_away(&why);
    }

    fn is_away(&mut self, error: &str) {
        self.away = true;
        if self.warned.is_none_or(|at| at.elapsed() >= WARN_EACH) {
            self.warned = Some(Instant::now());
            tracing::warn!(error, "traces.collector_away");
        }
    }
}
