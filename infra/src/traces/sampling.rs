//! Which spans are recorded.

use opentelemetry::{
    Context, KeyValue,
    trace::{Link, SpanKind, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// As the caller says; where there is none a share of them, and whatever is
/// linked to a trace that is recorded.
#[derive(Debug, Clone)]
pub struct Sampling(Sampler);

impl Sampling {
    /// `ratio` is the share, 0 to 1.
    pub fn new(ratio: f64) -> Self {
        let share = Sampler::TraceIdRatioBased(ratio);
        Self(Sampler::ParentBased(Box::new(share)))
    }
}

impl ShouldSample for Sampling {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        if links.iter().any(|link| link.span_context.is_sampled()) {
            return SamplingResult {
                decision: SamplingDecision::RecordAndSample,
                attributes: Vec::new(),
                trace_state: TraceState::default(),
            };
        }
        self.0
            .should_sample(parent, trace_id, name, kind, attributes, links)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags};

    fn span(flags: u8) -> SpanContext {
        let (trace, span) = (TraceId::from(7_u128), SpanId::from(7_u64));
        SpanContext::new(
            trace,
            span,
            TraceFlags::new(flags),
            true,
            TraceState::default(),
        )
    }

    fn recorded(ratio: f64, parent: Option<u8>, link: Option<u8>) -> bool {
        let parent = parent.map_or_else(Context::new, |flags| {
            Context::new().with_remote_span_context(span(flags))
        });
        let links: Vec<Link> = link.map(span).map(Link::with_context).into_iter().collect();
        let trace = TraceId::from(u128::MAX);
        let result = Sampling::new(ratio).should_sample(
            Some(&parent),
            trace,
            "x",
            &SpanKind::Server,
            &[],
            &links,
        );
        result.decision == SamplingDecision::RecordAndSample
    }

    #[test]
    fn the_caller_decides_then_what_is_linked_then_the_share() {
        assert!(recorded(0.0, Some(1), None) && !recorded(1.0, Some(0), None));
        assert!(recorded(1.0, None, None) && !recorded(0.0, None, None));
        assert!(recorded(0.0, None, Some(1)) && !recorded(0.0, None, Some(0)));
    }
}
