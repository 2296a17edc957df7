//! Commands on orders.

pub mod cancel;
pub mod create;
pub mod import;
pub mod notes;
pub mod place;
