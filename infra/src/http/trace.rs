//! W3C Trace Context (<https://www.w3.org/TR/trace-context/>): the caller's
//! trace is continued, a request without one starts its own.

use crate::{hex::hex, traces::Span};
use actix_web::{HttpMessage as _, HttpRequest, http::header::HeaderMap};
use std::rc::Rc;

/// Which trace a request belongs to, and what ties it to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// 32 lower-case hexadecimal digits.
    pub trace_id: String,
    /// To hand on: the trace with this request's own span as the parent.
    pub traceparent: String,
    /// `X-Correlation-Id` or `Correlation-Id` of the request: 1 to 255 visible
    /// ASCII characters; anything else is ignored.
    pub correlation_id: Option<String>,
}

impl TraceContext {
    /// Continues the trace that `headers` name, or starts one.
    pub fn of(headers: &HeaderMap) -> Self {
        let parent = Traceparent::of(headers);
        let (trace_id, flags) = match parent {
            Some(parent) => (parent.trace_id.to_owned(), parent.flags),
            // 00: nobody records it. Where spans are made, they decide.
            None => (hex(&rand::random::<[u8; 16]>()), "00"),
        };
        let span_id = hex(&rand::random::<[u8; 8]>());
        let correlation_id = text(headers, "x-correlation-id")
            .or_else(|| text(headers, "correlation-id"))
            .filter(|id| is_visible(id));
        Self {
            traceparent: format!("00-{trace_id}-{span_id}-{flags}"),
            trace_id,
            correlation_id: correlation_id.map(str::to_owned),
        }
    }

    /// The same, as the context of a span that stands for the request.
    pub fn within(headers: &HeaderMap, span: &Span) -> Self {
        let mut context = Self::of(headers);
        if let Some(traceparent) = span.traceparent() {
            if let Some(told) = Traceparent::read(&traceparent) {
                told.trace_id.clone_into(&mut context.trace_id);
            }
            context.traceparent = traceparent;
        }
        context
    }

    /// The request's own span: 16 lower-case hexadecimal digits.
    pub fn span_id(&self) -> &str {
        // Of version 00, as all that are made here: each field has its place.
        self.traceparent.get(36..52).unwrap_or_default()
    }

    /// Notes whose trace a request belongs to, for [`trace_context`].
    pub(super) fn note(self, request: &HttpRequest) -> Rc<Self> {
        let context = Rc::new(self);
        request.extensions_mut().insert(Rc::clone(&context));
        context
    }
}

/// The fields of a valid `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traceparent<'a> {
    /// 32 lower-case hexadecimal digits.
    pub trace_id: &'a str,
    /// 16 of them.
    pub span_id: &'a str,
    /// Two of them.
    pub flags: &'a str,
}

/// The trace context of a request; the same one each time it is asked for.
pub fn trace_context(request: &HttpRequest) -> TraceContext {
    if let Some(context) = request.extensions().get::<Rc<TraceContext>>() {
        return TraceContext::clone(context);
    }
    let context = TraceContext::of(request.headers()).note(request);
    TraceContext::clone(&context)
}

impl<'a> Traceparent<'a> {
    /// The one of a request; where there are several, none of them counts.
    pub fn of(headers: &'a HeaderMap) -> Option<Self> {
        let mut told = headers.get_all("traceparent");
        let (first, second) = (told.next()?, told.next());
        Self::read(first.to_str().ok().filter(|_| second.is_none())?)
    }

    /// What `value` says, where it is valid. A later version than 00 may have
    /// more fields; the first four stay as they are.
    pub fn read(value: &'a str) -> Option<Self> {
        let mut fields = value.split('-');
        let (version, trace_id) = (fields.next()?, fields.next()?);
        let (span_id, flags) = (fields.next()?, fields.next()?);
        let valid = is_hex(version, 2)
            && version != "ff"
            && (version != "00" || fields.next().is_none())
            && is_hex(trace_id, 32)
            && is_hex(span_id, 16)
            && is_hex(flags, 2)
            && trace_id.bytes().any(|b| b != b'0')
            && span_id.bytes().any(|b| b != b'0');
        valid.then_some(Self {
            trace_id,
            span_id,
            flags,
        })
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_visible(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn context(traceparent: &str) -> TraceContext {
        let request = TestRequest::default().insert_header(("traceparent", traceparent));
        trace_context(&request.to_http_request())
    }

    #[test]
    fn a_callers_trace_is_continued_under_a_span_of_its_own() {
        let context = context(&format!("00-{TRACE}-00f067aa0ba902b7-00"));
        assert_eq!(context.trace_id, TRACE);
        let told = Traceparent::read(&context.traceparent).expect("valid");
        assert_eq!((told.trace_id, told.flags), (TRACE, "00"));
        assert_eq!(told.span_id, context.span_id());
        assert!(!context.traceparent.contains("00f067aa0ba902b7"));
    }

    #[test]
    fn two_parents_are_none() {
        let mut request = TestRequest::default();
        for span in ["00f067aa0ba902b7", "00f067aa0ba902b8"] {
            request = request.append_header(("traceparent", format!("00-{TRACE}-{span}-01")));
        }
        let context = trace_context(&request.to_http_request());
        assert_ne!(context.trace_id, TRACE);
        // Nobody has recorded a trace that begins here.
        assert!(context.traceparent.ends_with("-00"));
    }

    #[test]
    fn an_invalid_parent_starts_a_new_trace() {
        for wrong in [
            "",
            "00-4bf9-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            let context = context(wrong);
            assert_ne!(context.trace_id, TRACE, "{wrong}");
            assert!(Traceparent::read(&context.traceparent).is_some(), "{wrong}");
        }
    }
}
