//! What the writers and the readers of the views agree on.

pub mod builds;
pub mod discards;
mod funnel;
pub mod models;
pub mod parked;
mod state;
pub mod words;

pub use state::states;

/// Name of the projection behind orders, their history and their statistics.
pub const ORDERS: &str = "orders";

/// Channel of the views database on which progress is told: one notification
/// per partition that moved, with the payload `<projection>:<partition>`
/// (`orders:7`). Sent after the commit, and coalesced.
pub const NOTIFY_CHANNEL: &str = "orderlog_views";

/// Channel of the views database on which projectors are told that something
/// is to be driven again.
pub const REDRIVE_CHANNEL: &str = "orderlog_redrive";

/// Name of the sessions that exports read on, in `pg_stat_activity`: a build that
/// is to be switched to may cut them off.
pub const EXPORTS_NAME: &str = "orderlog export";

/// Family of cached values that are computed from the statistics.
pub const STATISTICS_FAMILY: &str = "statistics";

/// Family of cached order documents, by order id.
pub const ORDERS_FAMILY: &str = "orders";

/// Family of documents as PDF, by a hash of all that they depend on.
pub const DOCUMENTS_FAMILY: &str = "documents";

/// Family of computed shipping quotes, by platform and a hash of all that they
/// depend on.
pub const QUOTES_FAMILY: &str = "quotes";

/// Family of cached products, by their ids in the log.
pub const PRODUCTS_FAMILY: &str = "products";

/// Family of cached platforms, by their ids in the log.
pub const PLATFORMS_FAMILY: &str = "platforms";

/// Every family of cached values.
pub const CACHE_FAMILIES: &[&str] = &[
    STATISTICS_FAMILY,
    ORDERS_FAMILY,
    PRODUCTS_FAMILY,
    PLATFORMS_FAMILY,
    DOCUMENTS_FAMILY,
    QUOTES_FAMILY,
];
