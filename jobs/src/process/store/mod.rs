//! The tables `process_orders`, `process_steps` and `process_epochs` of the ops database.

mod batch;
mod queue;
mod realign;

pub use batch::{WriteError, write_batch};
pub use queue::{Queue, TakenStep};
pub use realign::{Known, enter_epoch, known, not_in_log, replace};
