//! A transactional producer. Everything in here blocks.
//!
//! Its transactional id is fixed: whoever initialises last fences everybody
//! before. Once it was fenced or has failed for good it is of no use and must be
//! dropped; a transaction that is left open is aborted by the next one's
//! `init_transactions`, or by Kafka after [`TRANSACTION_TIMEOUT_MS`].

use super::{QuietContext, client_config};
use crate::config::Config;
use rdkafka::{
    ClientContext,
    config::RDKafkaLogLevel,
    error::{KafkaError, KafkaResult},
    message::DeliveryResult,
    producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer},
    types::RDKafkaErrorCode,
};
use std::{
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// After this Kafka aborts an open transaction by itself, and the producer is
/// as good as fenced. Longer than a transaction may be open here, which is
/// sent, may wait for the commit of another producer's and is committed, an
/// [`ATTEMPT`] each, or aborted ([`ABORT`]): its owner gives up first, so being
/// fenced means a second owner.
const TRANSACTION_TIMEOUT_MS: &str = "45000";
/// For `init_transactions`, for sending a transaction, and for its commit.
const ATTEMPT: Duration = Duration::from_secs(10);
const ABORT: Duration = Duration::from_secs(5);
/// Blocking calls return this often, to see whether they are still wanted.
const STEP: Duration = Duration::from_secs(1);
/// Between looks at what is in flight; small beside a transaction (some ms).
const LOOK: Duration = Duration::from_micros(200);

/// A producer that has failed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeadProducer {
    /// Another one of the same transactional id was initialised after it.
    #[error("another producer has taken over")]
    Fenced(#[source] RDKafkaErrorCode),
    /// Anything else.
    #[error("the Kafka producer has failed for good")]
    Failed(#[source] RDKafkaErrorCode),
}

impl DeadProducer {
    /// The error that a producer's fatal state is.
    pub(crate) const fn of(code: RDKafkaErrorCode) -> Self {
        match code {
            RDKafkaErrorCode::Fenced
            | RDKafkaErrorCode::ProducerFenced
            | RDKafkaErrorCode::InvalidProducerEpoch => Self::Fenced(code),
            _ => Self::Failed(code),
        }
    }
}

/// What may become of a transaction.
#[derive(Debug)]
pub enum Failure<E = DeadProducer> {
    /// Nothing was published; the producer can be used again.
    Aborted(KafkaError),
    /// Nobody knows; the producer must be dropped, and the next one asks.
    Unknown(KafkaError),
    /// The record with this number is refused for good; nothing was published.
    Refused(usize, RDKafkaErrorCode),
    /// There is no going on.
    Fatal(E),
}

/// A transaction whose records are being sent.
pub struct Transaction<'a> {
    producer: &'a TransactionalProducer,
    deadline: Instant,
}

/// See the module.
pub struct TransactionalProducer {
    /// Taken only by drop.
    inner: Option<ThreadedProducer<Context>>,
    /// Cancelled when nobody waits for what it does any more.
    unwanted: CancellationToken,
}

impl TransactionalProducer {
    /// Fences every producer before it and waits until their transactions are
    /// over; only then is what they wrote final. `name` is the transactional id
    /// without the deployment's prefix, `largest` the bytes of a record where
    /// its topic takes more than topics usually do. Tries for ten seconds, or
    /// until `unwanted`.
    pub fn open(
        config: &Config,
        name: &str,
        largest: Option<u32>,
        unwanted: CancellationToken,
    ) -> Result<Self, Failure> {
        let mut client = client_config(config);
        client
            .set("transactional.id", config.kafka_name(name))
            .set("transaction.timeout.ms", TRANSACTION_TIMEOUT_MS)
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .set("compression.codec", "lz4")
            // A transaction is sent when it is complete, not when it is old.
            .set("linger.ms", "1")
            .set("batch.num.messages", "10000");
        if let Some(bytes) = largest {
            client.set("message.max.bytes", bytes.to_string());
        }
        let this = Self {
            inner: Some(
                client
                    .create_with_context(Context::default())
                    .map_err(Failure::Unknown)?,
            ),
            unwanted,
        };
        let deadline = Instant::now() + ATTEMPT;
        loop {
            let inner = this.inner().map_err(Failure::Unknown)?;
            let Err(error) = inner.init_transactions(STEP) else {
                return Ok(this);
            };
            if let Some(dead) = this.fatal_error() {
                return Err(Failure::Fatal(dead));
            }
            if this.is_over(deadline) || !is_retriable(&error) {
                return Err(Failure::Unknown(error));
            }
        }
    }

    /// Begins a transaction, has `send` send its records and commits. Whatever
    /// fails, nothing of it is published, or it is not known.
    pub fn transaction<E: From<DeadProducer>>(
        &self,
        send: impl FnOnce(&Transaction<'_>) -> Result<(), Failure<E>>,
    ) -> Result<(), Failure<E>> {
        self.prepare(send)?;
        self.commit()
    }

    /// Begins a transaction and has `send` send its records, which are with the
    /// broker afterwards, for nobody to see before [`Self::commit`]. Whatever
    /// fails, nothing of it is left, or the next producer's `init_transactions`
    /// takes it back.
    pub fn prepare<E: From<DeadProducer>>(
        &self,
        send: impl FnOnce(&Transaction<'_>) -> Result<(), Failure<E>>,
    ) -> Result<(), Failure<E>> {
        let producer = self.inner().map_err(Failure::Unknown)?;
        producer.context().forget();
        producer
            .begin_transaction()
            .map_err(|error| self.fatal_or(error, Failure::Unknown))?;
        let transaction = Transaction {
            producer: self,
            deadline: Instant::now() + ATTEMPT,
        };
        match send(&transaction).and_then(|()| transaction.wait_until_delivered()) {
            Ok(()) => Ok(()),
            Err(_) if self.unwanted.is_cancelled() => Err(Failure::Unknown(KafkaError::Canceled)),
            Err(failure) => Err(self.abort(failure)),
        }
    }

    /// Commits what was sent: all of it is published, or nothing, or it is not
    /// known.
    pub fn commit<E: From<DeadProducer>>(&self) -> Result<(), Failure<E>> {
        let producer = self.inner().map_err(Failure::Unknown)?;
        let deadline = Instant::now() + ATTEMPT;
        loop {
            let Err(error) = producer.commit_transaction(STEP) else {
                return Ok(());
            };
            if let Some(dead) = self.fatal_error() {
                return Err(Failure::Fatal(dead.into()));
            }
            if requires_abort(&error) {
                return Err(self.abort(Failure::Aborted(error)));
            }
            // Asking again resumes the commit that is under way.
            if !is_retriable(&error) || self.is_over(deadline) {
                return Err(Failure::Unknown(error));
            }
        }
    }

    fn is_over(&self, deadline: Instant) -> bool {
        self.unwanted.is_cancelled() || Instant::now() >= deadline
    }

    /// `failure`, after what was sent is taken back.
    fn abort<E: From<DeadProducer>>(&self, failure: Failure<E>) -> Failure<E> {
        if let Some(dead) = self.fatal_error() {
            return Failure::Fatal(dead.into());
        }
        let aborted = self.inner().and_then(|p| p.abort_transaction(ABORT));
        match aborted {
            Ok(()) => self.cause(failure),
            Err(error) => match failure {
                Failure::Aborted(_) => self.fatal_or(error, Failure::Unknown),
                permanent => permanent,
            },
        }
    }

    /// What is told of a transaction may be only that it failed: which record
    /// is why, its deliveries know.
    fn cause<E>(&self, failure: Failure<E>) -> Failure<E> {
        let undelivered = self.inner.as_ref().and_then(|p| p.context().failure());
        match (failure, undelivered) {
            (Failure::Aborted(_), Some((number, error))) => refusal(number, error),
            (failure, _) => failure,
        }
    }

    fn inner(&self) -> KafkaResult<&ThreadedProducer<Context>> {
        self.inner.as_ref().ok_or(KafkaError::Canceled)
    }

    fn fatal_or<E: From<DeadProducer>>(
        &self,
        error: KafkaError,
        otherwise: impl FnOnce(KafkaError) -> Failure<E>,
    ) -> Failure<E> {
        match self.fatal_error() {
            Some(dead) => Failure::Fatal(dead.into()),
            None => otherwise(error),
        }
    }

    fn fatal_error(&self) -> Option<DeadProducer> {
        let (code, reason) = self.inner.as_ref()?.client().fatal_error()?;
        tracing::warn!(%code, reason, "kafka.producer_failed");
        Some(DeadProducer::of(code))
    }
}

impl Drop for TransactionalProducer {
    fn drop(&mut self) {
        // Waits for threads and for what is in flight: not on a runtime's
        // worker. Without a thread to be had it happens here.
        let producer = self.inner.take();
        let _ = thread::Builder::new()
            .name("kafka-producer-drop".to_owned())
            .spawn(move || drop(producer));
    }
}

impl Transaction<'_> {
    /// Hands a record to the client library; its opaque is its number.
    pub fn send<E>(&self, mut record: BaseRecord<'_, str, [u8], usize>) -> Result<(), Failure<E>> {
        let producer = self.producer.inner().map_err(Failure::Unknown)?;
        loop {
            let number = record.delivery_opaque;
            record = match producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), record))
                    if !self.producer.is_over(self.deadline) =>
                {
                    record
                }
                Err((error, _)) => return Err(refusal(number, error)),
            };
            thread::sleep(LOOK);
        }
    }

    /// The library's own flush waits in steps of 100 ms.
    fn wait_until_delivered<E>(&self) -> Result<(), Failure<E>> {
        let producer = self.producer.inner().map_err(Failure::Unknown)?;
        while producer.in_flight_count() > 0 {
            if self.producer.is_over(self.deadline) {
                let error = KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut);
                return Err(Failure::Aborted(error));
            }
            thread::sleep(LOOK);
        }
        match producer.context().failure() {
            None => Ok(()),
            Some((number, error)) => Err(refusal(number, error)),
        }
    }
}

/// What a record that was not taken means for its transaction.
fn refusal<E>(number: usize, error: KafkaError) -> Failure<E> {
    match refused_for_good(&error) {
        Some(code) => Failure::Refused(number, code),
        None => Failure::Aborted(error),
    }
}

/// The code of an error that the same record would get again.
fn refused_for_good(error: &KafkaError) -> Option<RDKafkaErrorCode> {
    error.rdkafka_error_code().filter(|code| {
        matches!(
            code,
            RDKafkaErrorCode::MessageSizeTooLarge
                | RDKafkaErrorCode::MessageBatchTooLarge
                | RDKafkaErrorCode::InvalidRecord
                | RDKafkaErrorCode::InvalidMessageSize
        )
    })
}

fn is_retriable(error: &KafkaError) -> bool {
    match error {
        KafkaError::Transaction(error) => error.is_retriable(),
        KafkaError::Flush(code) => *code == RDKafkaErrorCode::OperationTimedOut,
        _ => false,
    }
}

fn requires_abort(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Transaction(error) if error.txn_requires_abort())
}

/// Remembers why a transaction was not delivered: its first record that was
/// refused for good, else the first that failed. Those that wait beside a
/// refused one are purged, and may be told of before it.
#[derive(Default)]
struct Context(Mutex<Option<(usize, KafkaError)>>);

impl Context {
    fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn failed(&self, number: usize, error: &KafkaError) {
        let mut failure = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = |error| refused_for_good(error).is_some();
        if failure
            .as_ref()
            .is_none_or(|(_, known)| refused(error) && !refused(known))
        {
            *failure = Some((number, error.clone()));
        }
    }

    fn failure(&self) -> Option<(usize, KafkaError)> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        QuietContext.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        QuietContext.error(error, reason);
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, number: usize) {
        if let Err((error, _)) = result {
            self.failed(number, error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_purged_beside_a_refused_record_is_not_why() {
        let production = KafkaError::MessageProduction;
        let purged = production(RDKafkaErrorCode::PurgeQueue);
        let refused = production(RDKafkaErrorCode::MessageSizeTooLarge);
        let context = Context::default();
        for (number, error) in [(0, &purged), (3, &refused), (1, &purged), (4, &refused)] {
            context.failed(number, error);
        }
        assert_eq!(context.failure(), Some((3, refused)));
        context.forget();
        context.failed(1, &purged);
        assert_eq!(context.failure(), Some((1, purged)));
        context.forget();
        assert_eq!(context.failure(), None);
    }
}
