//! The tables `process_orders` and `process_steps` of the ops database.

mod batch;
mod queue;

pub use batch::{WriteError, write_batch};
pub use queue::{Queue, TakenStep};
