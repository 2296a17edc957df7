//! `/v1/orders.…`, `/v1/lines.…`, `/v1/events.…`: exports. A path for each
//! format, so that a link says what comes of it. `/v1/exports`: those that are
//! written in the background.

pub mod events;
pub mod file;
pub mod lines;
pub mod list;
pub mod orders;
pub mod show;
