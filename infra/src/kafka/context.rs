//! What clients say in passing.

use rdkafka::{
    ClientContext, config::RDKafkaLogLevel, consumer::ConsumerContext, error::KafkaError,
};

/// Keeps librdkafka's own log at `debug`: while Kafka is away each client has
/// some lines a second to say, and a consumer reports each end of a partition
/// as an error. What matters comes back from the calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct QuietContext;

impl ClientContext for QuietContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(?level, facility, message, "kafka.client");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "kafka.client");
    }
}

impl ConsumerContext for QuietContext {}
