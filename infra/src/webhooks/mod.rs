//! Webhooks: who is told of order events over HTTP, in the ops database.
//!
//! | file | what |
//! |---|---|
//! | `endpoint.rs`, `delivery.rs` | what is kept of endpoints, messages and deliveries |
//! | `terms.rs` | what somebody may say of an endpoint |
//! | `secret.rs` | secrets, and what they sign |
//! | `guard.rs` | where requests may go |
//! | `store/` | the SQL |
//!
//! Who writes what is in `jobs::webhooks`: deliveries are written in the transaction
//! in which an event is new, and are sent by jobs of the queue.

mod delivery;
mod endpoint;
mod guard;
mod secret;
mod store;
mod terms;

pub use delivery::{Attempt, Concluded, Delivery, DeliveryState, Due, NewMessage, Verdict};
pub use endpoint::{DisabledBy, Endpoint, EndpointState, Target, Terms, wants};
pub use guard::{Forbidden, Guard, InvalidNetwork, Network};
pub use secret::WebhookSecret;
pub use store::{
    Filter, Granted, MOST_ENDPOINTS, MOST_REPLAYED, Replay, Replayed, Sealed, StoreError, attempts,
    body, change, conclude, counts, create, delete, deliver, due, fail_sealed, find, find_delivery,
    list, list_deliveries, list_endpoints, lock, ping, replay, retry, rotate, skip_pending, target,
    throw_away, unattended,
};
pub use terms::Fault;

use uuid::Uuid;

/// `webhook-id` of a message: the same with each attempt, and for each endpoint.
pub fn message_id(id: Uuid) -> String {
    format!("msg_{}", id.simple())
}
