//! From stored events to one Kafka transaction.

use super::{
    checks::TopicNames,
    error::{Failure, RelayError},
    progress::Progress,
};
use crate::{
    config::Config,
    kafka::{Transaction, TransactionalProducer, headers},
    log::{ContractMapping, PublishedEvent, StoredEvent},
};
use contracts::{PositionToken, epoch::EpochBegan, topics};
use rdkafka::{error::KafkaError, producer::BaseRecord, types::RDKafkaErrorCode};
use std::sync::Arc;

/// Publishes batches with one producer. Blocks.
pub struct Publisher {
    pub producer: TransactionalProducer,
    pub mapping: Arc<dyn ContractMapping>,
    pub config: Config,
    pub names: TopicNames,
}

impl Publisher {
    /// All of `events` and the progress they make, or nothing. Those that are
    /// not published are progress all the same.
    pub fn publish(&self, events: &[StoredEvent], progress: &Progress) -> Result<(), Failure> {
        let outcome = self.producer.transaction(|transaction| {
            for (number, stored) in events.iter().enumerate() {
                let event = self.mapping.event(stored).map_err(RelayError::from)?;
                if let Some(event) = event {
                    self.send(transaction, number, &event)?;
                }
            }
            self.send_progress(transaction, events.len(), progress)
        });
        match outcome {
            Err(Failure::Refused(number, source)) => Err(refused(events.get(number), source)),
            outcome => outcome,
        }
    }

    /// That an epoch has begun, one record per partition, and the progress that
    /// this is; or nothing.
    pub fn announce(
        &self,
        announcements: &[(PositionToken, EpochBegan)],
        progress: &Progress,
    ) -> Result<(), Failure> {
        let outcome = self.producer.transaction(|transaction| {
            for (number, (at, began)) in announcements.iter().enumerate() {
                let value = serde_json::to_vec(began).unwrap_or_default();
                let headers = headers(&began.headers(at));
                // Without a key: it is about no order.
                transaction.send(
                    BaseRecord::with_opaque_to(&self.names.events, number)
                        .partition(at.partition)
                        .payload(value.as_slice())
                        .headers(headers),
                )?;
            }
            self.send_progress(transaction, announcements.len(), progress)
        });
        match outcome {
            Err(Failure::Refused(_, source)) => Err(refused(None, source)),
            outcome => outcome,
        }
    }

    fn send(
        &self,
        transaction: &Transaction<'_>,
        number: usize,
        event: &PublishedEvent,
    ) -> Result<(), Failure> {
        // Almost every event goes to one topic, whose name is known.
        let elsewhere;
        let topic = if event.topic == topics::ORDER_EVENTS {
            &self.names.events
        } else {
            elsewhere = self.config.kafka_name(event.topic);
            &elsewhere
        };
        let key = event.envelope.subject.to_string();
        transaction.send(
            BaseRecord::with_opaque_to(topic, number)
                .partition(event.envelope.position.partition)
                .key(key.as_str())
                .payload(event.data.as_slice())
                .headers(headers(&event.envelope.headers())),
        )
    }

    fn send_progress(
        &self,
        transaction: &Transaction<'_>,
        number: usize,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let value = serde_json::to_vec(progress).map_err(|source| {
            let topic = self.names.progress.clone();
            RelayError::UnreadableProgress { topic, source }
        })?;
        transaction.send(
            BaseRecord::with_opaque_to(&self.names.progress, number)
                .partition(0)
                .key(self.names.events.as_str())
                .payload(value.as_slice()),
        )
    }
}

impl From<RelayError> for Failure {
    fn from(error: RelayError) -> Self {
        Self::Fatal(error)
    }
}

/// `stored` is none for the progress record, which no broker refuses for what
/// it is.
fn refused(stored: Option<&StoredEvent>, source: RDKafkaErrorCode) -> Failure {
    match stored {
        Some(stored) => Failure::Fatal(RelayError::Refused {
            aggregate_id: stored.aggregate_id.clone(),
            sequence: stored.sequence,
            source,
        }),
        None => Failure::Aborted(KafkaError::MessageProduction(source)),
    }
}
