//! What every command needs.

use domain::order::{self, Order};
use infra::{
    command::{Executor, NumberBlocks},
    config::Config,
    event_store::{EventStore, LogHint},
    log::ContractMapping,
};
use sqlx::PgPool;
use std::sync::Arc;

/// The state of the command API: one per process.
pub struct CommandApi {
    pub(crate) orders: Executor<Order>,
    pub(crate) numbers: NumberBlocks,
    pub(crate) require_idempotency_key: bool,
}

impl CommandApi {
    /// A command API on the log behind `events`.
    pub fn new(
        config: &Config,
        events: PgPool,
        hint: LogHint,
        mapping: Arc<dyn ContractMapping>,
    ) -> Self {
        let store = EventStore::new(events.clone(), config.event_store, hint);
        Self {
            orders: Executor::new(store, mapping, after_text),
            numbers: NumberBlocks::new(events),
            require_idempotency_key: config.require_idempotency_key,
        }
    }
}

/// The state after an event, as the log keeps it.
fn after_text(
    order: &Order,
    version: i64,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    Ok(serde_json::to_string(&order::after(order, version)?)?)
}
