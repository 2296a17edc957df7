//! What every command needs.

use crate::{
    exports::Exports,
    record::{Orders, Registers},
    reference::Executors,
    routes::bulk,
    uploads::Uploads,
    webhooks::Webhooks,
};
use actix_web::{HttpRequest, web::Data};
use infra::{
    command::{Executor, NumberBlocks, payload_hash},
    config::Config,
    epoch::Guard,
    event_store::{EventStore, LogHint},
    http::Problem,
    log::ContractMapping,
    platforms::Directory,
    quotes::Promises,
    sealing::Sealing,
    shared_secret::SharedSecret,
};
use sqlx::PgPool;
use std::sync::Arc;

/// Bytes of registers in memory: there is one per platform.
const REGISTERS: usize = 1 << 20;

/// The application was put together without what commands need.
#[derive(Debug, thiserror::Error)]
#[error("no CommandApi in the application's data")]
struct NoApi;

/// The state of the command API: one per process.
pub struct CommandApi {
    pub(crate) orders: Executor<Orders>,
    pub(crate) invoices: Executor<Registers>,
    pub(crate) reference: Executors,
    pub(crate) platforms: Arc<Directory>,
    pub(crate) promises: Promises,
    pub(crate) numbers: NumberBlocks,
    pub(crate) config: Arc<Config>,
    pub(crate) webhooks: Webhooks,
    /// None: nothing is exported in the background.
    pub(crate) exports: Option<Exports>,
    pub(crate) uploads: Uploads,
    /// For bulk requests.
    pub(crate) bulk: bulk::Room,
    payloads: SharedSecret,
    guard: Option<Guard>,
}

impl CommandApi {
    /// A command API on the log behind `events`, which has these platforms, with a
    /// secret where webhook endpoints are kept, and a place for uploads.
    pub fn new(
        config: &Config,
        (events, platforms): (PgPool, Arc<Directory>),
        hint: LogHint,
        mapping: Arc<dyn ContractMapping>,
        sealing: Sealing,
        (webhooks, uploads): (Webhooks, Uploads),
    ) -> Self {
        bulk::describe();
        let store = EventStore::new(events.clone(), config.event_store, hint);
        let registers = (store.clone(), Arc::clone(&mapping), sealing.clone());
        let reference = Executors::new(&store, &mapping, &sealing);
        Self {
            reference,
            platforms,
            promises: Promises::new(config, webhooks.ops.clone()),
            orders: Executor::new(store, mapping, sealing, config.aggregate_cache_bytes),
            invoices: Executor::new(registers.0, registers.1, registers.2, REGISTERS),
            numbers: NumberBlocks::new(events),
            config: Arc::new(config.clone()),
            bulk: bulk::Room::default(),
            payloads: SharedSecret::new(webhooks.ops.clone(), "payload"),
            webhooks,
            exports: None,
            uploads,
            guard: None,
        }
    }

    /// That of the application which answers `request`.
    pub(crate) fn of(request: &HttpRequest) -> Result<Data<Self>, Problem> {
        let api = request.app_data::<Data<Self>>();
        Ok(api.ok_or_else(|| Problem::internal(NoApi))?.clone())
    }

    /// Takes requests for exports, too.
    #[must_use]
    pub fn exporting(mut self, exports: Exports) -> Self {
        self.exports = Some(exports);
        self
    }

    /// Refuses commands while the log must not be written (invariant 16), by
    /// what `guard` remembers: a look at memory per command.
    #[must_use]
    pub fn guarded(mut self, guard: Guard) -> Self {
        self.guard = Some(guard);
        self
    }

    /// Whether the log may be written.
    pub(crate) fn usable(&self) -> Result<(), Problem> {
        match self.guard.as_ref().and_then(Guard::refused) {
            None => Ok(()),
            Some(error) => Err(Problem::log_restored(&error)),
        }
    }

    /// The hash of a command's payload, by which a repeat is told from another
    /// command under the same key.
    pub(crate) async fn payload_hash(&self, payload: &[u8]) -> Result<String, sqlx::Error> {
        Ok(payload_hash(self.payloads.get().await?, payload))
    }
}
