//! `/v1/orders.…`, `/v1/lines.…`, `/v1/events.…`: exports. A path for each
//! format, so that a link says what comes of it.

pub mod events;
pub mod lines;
pub mod orders;
