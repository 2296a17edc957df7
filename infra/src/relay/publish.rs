//! From a batch to one Kafka transaction.

use super::{
    batch::{Batch, Record, Target},
    checks::TopicNames,
    error::{Failure, RelayError},
    progress::Progress,
};
use crate::{
    config::Config,
    kafka::{Transaction, TransactionalProducer, headers},
};
use contracts::{PositionToken, epoch::EpochBegan, topics};
use rdkafka::{
    error::KafkaError, message::OwnedHeaders, producer::BaseRecord, types::RDKafkaErrorCode,
};
use uuid::Uuid;

/// Publishes batches with one producer. Blocks.
pub struct Publisher {
    pub producer: TransactionalProducer,
    pub config: Config,
    pub names: TopicNames,
}

/// What is to be refused for good: an order's event.
type Named = (Uuid, i64);

/// That an epoch has begun, for one partition of a topic.
pub struct Announcement {
    /// Full name.
    pub topic: String,
    /// The beginning of the epoch, as positions are named there.
    pub at: PositionToken,
    pub began: EpochBegan,
}

impl Publisher {
    /// All of `batch` and the progress it makes, or nothing.
    pub fn publish(&self, batch: Batch, progress: &Progress) -> Result<(), Failure> {
        self.send(batch, progress)?;
        self.producer.commit()
    }

    /// Opens a transaction and sends all of `batch` and the progress it makes;
    /// they are with the broker, and nobody sees them before
    /// [`TransactionalProducer::commit`]. Where it fails, nothing is open.
    pub fn send(&self, batch: Batch, progress: &Progress) -> Result<(), Failure> {
        let names: Vec<Named> = batch.records.iter().map(Record::name).collect();
        let outcome = self.producer.prepare(|transaction| {
            for (number, record) in batch.records.into_iter().enumerate() {
                self.send_one(transaction, number, record)?;
            }
            self.send_progress(transaction, names.len(), progress)
        });
        match outcome {
            Err(Failure::Refused(number, source)) => Err(refused(names.get(number), source)),
            outcome => outcome,
        }
    }

    /// That an epoch has begun, one record per partition, and the progress that
    /// this is; or nothing.
    pub fn announce(
        &self,
        announcements: &[Announcement],
        progress: &Progress,
    ) -> Result<(), Failure> {
        let outcome = self.producer.transaction(|transaction| {
            for (number, Announcement { topic, at, began }) in announcements.iter().enumerate() {
                let value = serde_json::to_vec(began).unwrap_or_default();
                let headers = headers(&began.headers(at));
                // Without a key: it is about no order.
                transaction.send(
                    BaseRecord::with_opaque_to(topic, number)
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

    fn send_one(
        &self,
        transaction: &Transaction<'_>,
        number: usize,
        record: Record,
    ) -> Result<(), Failure> {
        let Record {
            event,
            headers,
            target,
        } = record;
        // Almost every event goes to one topic, whose name is known.
        let elsewhere;
        let own = if event.topic == topics::ORDER_EVENTS {
            &self.names.events
        } else {
            elsewhere = self.config.kafka_name(event.topic);
            &elsewhere
        };
        let mut key = Uuid::encode_buffer();
        let key: &str = event.envelope.subject.hyphenated().encode_lower(&mut key);
        let send = |topic: &str, headers: OwnedHeaders| {
            transaction.send(
                BaseRecord::with_opaque_to(topic, number)
                    .partition(event.envelope.position.partition)
                    .key(key)
                    .payload(event.data.as_slice())
                    .headers(headers),
            )
        };
        match target {
            Target::Own => send(own, headers),
            Target::Both(platform) => {
                send(own, headers.clone())?;
                send(&platform, headers)
            }
            Target::Platform(platform) => send(&platform, headers),
        }
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

/// `event` is none for the progress record, which no broker refuses for what
/// it is.
fn refused(event: Option<&Named>, source: RDKafkaErrorCode) -> Failure {
    match event {
        Some((subject, sequence)) => Failure::Fatal(RelayError::Refused {
            aggregate_id: subject.to_string(),
            sequence: *sequence,
            source,
        }),
        None => Failure::Aborted(KafkaError::MessageProduction(source)),
    }
}
