//! `orderlog replay`: the log's events once more, as they were published, into
//! lines or into a topic of their own.
//!
//! ```text
//! LogPager ─ page ─> Selection ─> Mapping ─> Output: lines, or a topic
//!    ^                                          │ settled, each second
//!    └───────────── position <─ Resume file <───┘
//! ```
//!
//! One page is in memory. Whoever takes the events sets the pace: the next page
//! is read when the last one was written. What is remembered is never ahead of
//! what was written, so an interrupted run loses nothing.

mod args;
mod bounds;
mod lines;
mod output;
mod pace;
mod progress;
mod resume;
mod run;
mod selection;
mod topic;
mod trailer;

pub use args::ReplayArgs;
pub use run::run;
