//! From documents to one Kafka transaction. Blocks.

use super::{
    Published,
    store::{Change, Document},
};
use contracts::{partition::partition_of, state::StateHeaders};
use infra::{
    failpoint::{Gate, pass},
    kafka::{Failure, Transaction, TransactionalProducer, headers},
};
use rdkafka::producer::BaseRecord;
use sqlx::PgPool;

/// All of these, or none; `topic` is the full name, `views` where they were read.
pub fn publish(
    producer: &TransactionalProducer,
    published: &Published,
    topic: &str,
    (views, changes): (&PgPool, &[Change]),
) -> Result<(), Failure> {
    let _read = pass(Gate::PublisherHasRead, views);
    producer.prepare(|transaction| {
        let numbered = changes.iter().enumerate();
        for (number, change) in numbered {
            send(transaction, published, topic, number, change)?;
        }
        Ok(())
    })?;
    let _sent = pass(Gate::PublisherHasSent, views);
    producer.commit()
}

fn send(
    transaction: &Transaction<'_>,
    published: &Published,
    topic: &str,
    number: usize,
    change: &Change,
) -> Result<(), Failure> {
    let key = change.id.to_string();
    let record = BaseRecord::with_opaque_to(topic, number)
        .partition(partition_of(key.as_bytes(), published.topic.partitions))
        .key(key.as_str());
    // Without a value the record takes the aggregate away.
    let Some(document) = &change.document else {
        return transaction.send(record);
    };
    let Document {
        epoch,
        version,
        updated_at,
        ref json,
    } = *document;
    let told = StateHeaders {
        epoch,
        kind: published.kind,
        subject: change.id,
        version,
        updated_at,
    };
    let json = json.as_bytes();
    transaction.send(record.payload(json).headers(headers(&told.headers(json))))
}
