//! `/v1/webhooks/deliveries`: what was told, or was not.

pub mod retry;
