//! A poll's worth of records.

use super::{context::Context, session::Leave};
use crate::process::record::{Carried, EpochBegan, Poison, Record};
use infra::kafka::mends_itself;
use rdkafka::{
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
};
use std::time::Duration;

/// How long an idle consumer waits before it looks whether it is to stop.
const IDLE: Duration = Duration::from_millis(100);
/// What one transaction is to hold at most.
const MAX_RECORDS: usize = 500;
const MAX_BYTES: usize = 8 << 20;

/// What was polled: sound records, then perhaps one that cannot be read.
#[derive(Default)]
pub(super) struct Polled {
    pub records: Vec<Record>,
    pub poison: Option<Poison>,
    /// The announcement of an epoch, after the records.
    pub epoch: Option<EpochBegan>,
}

/// Waits for a record, then takes what is there without waiting.
///
/// A rebalance in between is no concern: records that are another worker's by
/// now have no effect once that one has written theirs.
pub(super) fn poll(consumer: &BaseConsumer<Context>) -> Result<Polled, Leave> {
    let context = consumer.context();
    let (mut polled, mut bytes, mut patience) = (Polled::default(), 0, IDLE);
    while polled.records.len() < MAX_RECORDS && bytes < MAX_BYTES {
        let next = consumer.poll(patience);
        patience = Duration::ZERO;
        match next {
            None => break,
            Some(Ok(message)) => match Record::read(&message) {
                Ok(Carried::Other) => {}
                Ok(Carried::EpochBegan(began)) => {
                    context.polled(began.partition, began.offset);
                    polled.epoch = Some(began);
                    break;
                }
                Ok(Carried::Event(record)) => {
                    bytes += message.payload_len();
                    context.polled(record.partition, record.offset);
                    polled.records.push(record);
                }
                Err(poison) => {
                    polled.poison = Some(poison);
                    break;
                }
            },
            Some(Err(KafkaError::PartitionEOF(partition))) => context.reached_end(partition),
            Some(Err(error)) if mends_itself(&error) => {}
            Some(Err(error)) => return Err(Leave::Consumer(error)),
        }
    }
    Ok(polled)
}
