//! One span, recorded or not.

use super::tracer;
use crate::http::Traceparent;
use actix_web::http::header::HeaderMap;
use opentelemetry::{
    Context, KeyValue, Value,
    trace::{
        Link, Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _,
        TraceFlags, TraceId, TraceState, Tracer as _,
    },
};
use opentelemetry_sdk::trace::Span as Recorded;
use std::{borrow::Cow, collections::HashSet, str::FromStr as _};

/// Links that a span has at most.
pub const MOST_LINKS: u32 = 128;
/// Characters of a `tracestate` that everybody hands on (W3C Trace Context, 3.3.1.5).
const LONGEST_STATE: usize = 512;

/// A span under way, from when it is made to when it is dropped. Where it is not
/// recorded, nothing that is done with it has an effect.
#[derive(Debug, Default)]
pub struct Span(Option<Box<Recorded>>);

impl Span {
    /// Of a request: of the trace that its headers name, or of one that begins.
    /// Nothing at all where traces are off.
    pub fn of_request(name: Cow<'static, str>, headers: &HeaderMap) -> Self {
        let Some(tracer) = tracer() else {
            return Self::default();
        };
        let parent = Traceparent::of(headers).and_then(|told| remote(told, state(headers)));
        let parent = parent.map_or_else(Context::new, |parent| {
            Context::new().with_remote_span_context(parent)
        });
        let builder = SpanBuilder::from_name(name).with_kind(SpanKind::Server);
        Self(Some(Box::new(tracer.build_with_context(builder, &parent))))
    }

    /// Of something that is done for the trace of `traceparent`, as far as that
    /// one is recorded.
    pub fn within(
        traceparent: Option<&str>,
        kind: SpanKind,
        name: impl FnOnce() -> Cow<'static, str>,
    ) -> Self {
        let Some(tracer) = tracer() else {
            return Self::default();
        };
        let Some(parent) = traceparent.and_then(recorded) else {
            return Self::default();
        };
        let parent = Context::new().with_remote_span_context(parent);
        let builder = SpanBuilder::from_name(name()).with_kind(kind);
        Self(Some(Box::new(tracer.build_with_context(builder, &parent))))
    }

    /// The beginning of a trace, as often as `traces_ratio` says.
    pub fn alone(kind: SpanKind, name: impl FnOnce() -> Cow<'static, str>) -> Self {
        let Some(tracer) = tracer() else {
            return Self::default();
        };
        let builder = SpanBuilder::from_name(name()).with_kind(kind);
        let span = tracer.build_with_context(builder, &Context::new());
        Self(span.is_recording().then(|| Box::new(span)))
    }

    /// Of something that is done for several traces at once, which it is linked
    /// to: recorded where one of them is.
    pub fn linked<'a>(
        traceparents: impl Iterator<Item = &'a str>,
        kind: SpanKind,
        name: impl FnOnce() -> Cow<'static, str>,
    ) -> Self {
        let Some(tracer) = tracer() else {
            return Self::default();
        };
        let (mut links, mut known) = (Vec::new(), HashSet::new());
        for context in traceparents.filter_map(recorded) {
            if known.insert((context.trace_id(), context.span_id())) {
                links.push(Link::with_context(context));
            }
            if links.len() >= MOST_LINKS as usize {
                break;
            }
        }
        if links.is_empty() {
            return Self::default();
        }
        let builder = SpanBuilder::from_name(name())
            .with_kind(kind)
            .with_links(links);
        let span = tracer.build_with_context(builder, &Context::new());
        Self(Some(Box::new(span)))
    }

    /// [`Span::linked`] to the commands whose events are in a batch of so many
    /// records, with which a topic of Kafka has this done to it (`send`, `process`).
    pub fn of_batch<'a>(
        commands: impl Iterator<Item = &'a str>,
        (kind, operation): (SpanKind, &'static str),
        topic: &str,
        records: usize,
    ) -> Self {
        let mut span = Self::linked(commands, kind, || format!("{operation} {topic}").into());
        if span.is_recorded() {
            span.messaging("kafka", operation);
            span.set("messaging.destination.name", topic.to_owned());
            let records = i64::try_from(records).unwrap_or(i64::MAX);
            span.set("messaging.batch.message_count", records);
        }
        span
    }

    /// By the semantic conventions of messaging: of which system, and what is done.
    pub fn messaging(&mut self, system: &'static str, operation: &'static str) {
        self.set("messaging.system", system);
        self.set("messaging.operation.type", operation);
        self.set("messaging.operation.name", operation);
    }

    /// Whether anything is kept of it.
    pub fn is_recorded(&self) -> bool {
        self.0.as_ref().is_some_and(|span| span.is_recording())
    }

    /// To hand on: the trace with this span as the parent. None where traces are
    /// off, or it belongs to none.
    pub fn traceparent(&self) -> Option<String> {
        let context = self.0.as_ref()?.span_context();
        Some(format!(
            "00-{}-{}-{:02x}",
            context.trace_id(),
            context.span_id(),
            context.trace_flags().to_u8()
        ))
    }

    /// An attribute. Never of what is secret or personal.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new(name, value));
        }
    }

    /// Ties it to a span of another trace.
    pub fn link(&mut self, traceparent: &str) {
        if let Some(span) = &mut self.0
            && let Some(context) = recorded(traceparent)
        {
            span.add_link(context, Vec::new());
        }
    }

    /// Another name than at its beginning.
    pub fn rename(&mut self, name: String) {
        if let Some(span) = &mut self.0 {
            span.update_name(name);
        }
    }

    /// It failed, for a reason of few kinds: no text that may hold anything.
    pub fn failed(&mut self, kind: impl Into<Value>) {
        self.set("error.type", kind);
        if let Some(span) = &mut self.0 {
            span.set_status(Status::error(""));
        }
    }
}

/// The span that a `traceparent` names, if it is valid.
fn remote(parent: Traceparent<'_>, state: Option<TraceState>) -> Option<SpanContext> {
    Some(SpanContext::new(
        TraceId::from_hex(parent.trace_id).ok()?,
        SpanId::from_hex(parent.span_id).ok()?,
        TraceFlags::new(u8::from_str_radix(parent.flags, 16).ok()? & 1),
        true,
        state.unwrap_or_default(),
    ))
}

/// What vendors on the way have noted, in one header or several: none of it where
/// it is longer than one has to hand on.
fn state(headers: &HeaderMap) -> Option<TraceState> {
    let told = headers.get_all("tracestate").map(|part| part.to_str());
    let told = told.collect::<Result<Vec<_>, _>>().ok()?.join(",");
    let told = Some(told).filter(|told| !told.is_empty() && told.len() <= LONGEST_STATE);
    TraceState::from_str(&told?).ok()
}

/// The same, if that one is recorded.
fn recorded(traceparent: &str) -> Option<SpanContext> {
    let parent = Traceparent::read(traceparent)?;
    remote(parent, None).filter(SpanContext::is_sampled)
}
