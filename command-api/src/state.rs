//! What every command needs.

use domain::{
    invoice_register::InvoiceRegister,
    order::{self, Order},
};
use infra::{
    command::{Executor, NumberBlocks, Recording, payload_hash},
    config::Config,
    event_store::{EventStore, LogHint},
    log::ContractMapping,
    sealing::Sealing,
    shared_secret::SharedSecret,
};
use sqlx::PgPool;
use std::sync::Arc;

/// The state of the command API: one per process.
pub struct CommandApi {
    pub(crate) orders: Executor<Order>,
    pub(crate) invoices: Executor<InvoiceRegister>,
    pub(crate) numbers: NumberBlocks,
    pub(crate) config: Arc<Config>,
    payloads: SharedSecret,
}

impl CommandApi {
    /// A command API on the log behind `events`, with a secret in `ops`.
    pub fn new(
        config: &Config,
        events: PgPool,
        hint: LogHint,
        mapping: Arc<dyn ContractMapping>,
        sealing: Sealing,
        ops: PgPool,
    ) -> Self {
        let orders = EventStore::new(events.clone(), config.event_store, hint.clone());
        let registers = EventStore::new(events.clone(), config.event_store, hint);
        let invoices = Executor::new(registers, Arc::clone(&mapping), REGISTERS, sealing.clone());
        Self {
            orders: Executor::new(orders, mapping, ORDERS, sealing),
            invoices: invoices.of_last_events(),
            numbers: NumberBlocks::new(events),
            config: Arc::new(config.clone()),
            payloads: SharedSecret::new(ops, "payload"),
        }
    }

    /// The hash of a command's payload, by which a repeat is told from another
    /// command under the same key.
    pub(crate) async fn payload_hash(&self, payload: &[u8]) -> Result<String, sqlx::Error> {
        Ok(payload_hash(self.payloads.get().await?, payload))
    }
}

const ORDERS: Recording<Order> = Recording {
    after: after_text,
    subject: Order::subject,
};

/// Registers hold no personal data.
const REGISTERS: Recording<InvoiceRegister> = Recording {
    after: register_text,
    subject: |_| None,
};

/// The state after an event, as the log keeps it.
fn after_text(
    order: &Order,
    version: i64,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    Ok(serde_json::to_string(&order::after(order, version)?)?)
}

/// The same of a register, which nobody but its own commands reads.
fn register_text(
    register: &InvoiceRegister,
    _: i64,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    Ok(serde_json::to_string(register)?)
}
