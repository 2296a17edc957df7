//! What connects this system with others: webhooks, operations and imports, exports,
//! and API keys.
//!
//! | module | page |
//! |---|---|
//! | `webhooks` | who is told of events, and what they were told |
//! | `operations` | files and lines that are carried out in the background |
//! | `exports` | files of orders, lines and events |
//! | `keys` | who may call |

mod address;
mod fields;
mod listed;
mod progress;

pub mod exports;
pub mod keys;
pub mod operations;
pub mod webhooks;

use actix_web::web::ServiceConfig;

/// Mounts them, below `/console`.
pub fn routes(config: &mut ServiceConfig) {
    config
        .configure(webhooks::routes)
        .configure(operations::routes)
        .configure(exports::routes)
        .configure(keys::routes);
}
