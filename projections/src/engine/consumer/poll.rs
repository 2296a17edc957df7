//! A poll's worth of records, as they come.

use super::{context::Context, session::Leave};
use crate::engine::{
    event::{Carried, Damaged, Unreadable, carried, parts, raw},
    opened::Taken,
    projection::Projection,
};
use infra::kafka::mends_itself;
use rdkafka::{
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
    types::RDKafkaErrorCode,
};
use std::time::Duration;

/// How long an idle consumer waits before it looks whether it is to stop.
const IDLE: Duration = Duration::from_millis(100);
/// What one transaction is to hold at most.
const MAX_RECORDS: usize = 4_000;
const MAX_BYTES: usize = 8 << 20;

/// What was polled.
pub(super) struct Polled {
    pub records: Vec<Taken>,
    /// Why the session has to end once the records are dealt with.
    pub leave: Option<Leave>,
}

/// Waits for a record, then takes what is there without waiting: the batch is
/// as large as what arrived while the last one was applied.
///
/// Every record that is returned has to be applied, or the consumer dropped:
/// it does not deliver a record twice.
///
/// A record that is none of the projection's is passed; one that announces a later
/// epoch than `built` ends the session: the build has to be made anew. So does
/// one that announces an epoch and does not say which: the log is asked.
pub(super) fn poll<P: Projection>(
    consumer: &BaseConsumer<Context>,
    built: i32,
) -> Result<Polled, Leave> {
    let context = consumer.context();
    let mut polled = Polled {
        records: Vec::new(),
        leave: None,
    };
    let (mut generation, mut bytes) = (context.assignment().generation, 0);
    let mut patience = IDLE;
    while polled.records.len() < MAX_RECORDS && bytes < MAX_BYTES {
        let next = consumer.poll(patience);
        patience = Duration::ZERO;
        let mut assignment = context.assignment();
        if let Some(failure) = assignment.failure.take() {
            return Err(Leave::Assignment(failure));
        }
        if assignment.generation != generation {
            // A rebalance came in between: what was polled before it belongs
            // to whoever has the partitions now, what comes after it to us.
            generation = assignment.generation;
            polled.records.clear();
        }
        match next {
            None => break,
            Some(Ok(message)) => {
                let taken = match carried::<P>(&parts(&message)) {
                    Ok(Carried::EpochBegan(epoch)) if epoch <= built => continue,
                    Ok(Carried::EpochBegan(epoch)) => return Err(Leave::EpochBegan { epoch }),
                    Ok(Carried::Other(passed)) => {
                        if let Some((recorded_at, _)) = passed.event {
                            assignment.lag.polled(passed.partition, recorded_at);
                        }
                        Taken::Passed(passed)
                    }
                    Ok(Carried::Event(record)) => {
                        let recorded_at = record.published.envelope.time;
                        assignment.lag.polled(record.partition, recorded_at);
                        Taken::Event(record)
                    }
                    Err(damaged) => {
                        if matches!(damaged, Damaged::Announcement(_)) {
                            polled.leave = Some(Leave::Announcement);
                        }
                        Taken::Unreadable(Unreadable {
                            record: raw(&message),
                            source: damaged.into(),
                        })
                    }
                };
                bytes += message.payload_len();
                polled.records.push(taken);
                if polled.leave.is_some() {
                    break;
                }
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => assignment.lag.reached_end(partition),
            Some(Err(error)) => tolerate(error, assignment.held.build)?,
        }
    }
    Ok(polled)
}

/// Errors that librdkafka mends by itself are let pass; after any other the
/// group is left and joined anew.
fn tolerate(error: KafkaError, build: i64) -> Result<(), Leave> {
    use RDKafkaErrorCode as Code;
    if mends_itself(&error) {
        return Ok(());
    }
    Err(match error.rdkafka_error_code() {
        Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) => Leave::OffsetOutOfRange { build },
        _ => Leave::Consumer(error),
    })
}
