//! Operations: commands that are carried out in the background, those of bulk requests,
//! those that the orders of a file are (`converting.rs`), and those on a person's orders
//! (`people.rs`).
//!
//! ```text
//! input ──> validate: count, look at each line ─┬─> execute: part by part ──> POST /v1/bulk ─┐
//!  (object)                                     ├─> rehearse: in one request ─> ?dry_run=true ┤
//!                                               └─> reject ─────────────────────────────────┤
//!                   operations, operation_parts <── results (objects), a part at a time <────┘
//! ```
//!
//! A worker is a client of the command API here as elsewhere, with its own key. A
//! line is sent under a key that follows from the operation (`keys.rs`), so lines
//! that were sent before are repeats. Results are written a part at a time: an
//! object, then the row that makes it count and says where to go on. Whoever is
//! killed in between costs the part at hand, whose lines are answered as before.

mod converting;
mod in_file;
mod input;
mod job;
mod keys;
mod metrics;
mod people;
mod rehearse;
mod results;
mod retention;
mod validate;

/// Operations that a worker carries out at once: bulk requests of people need places
/// too.
pub const AT_ONCE: usize = 4;

pub use job::{Operating, operate, operate_about_somebody, operate_import};
pub use metrics::describe;
pub use retention::{Retention, handler as retention};
