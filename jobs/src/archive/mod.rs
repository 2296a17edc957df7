//! Archiving orders on which nothing is to be done any more.
//!
//! ```text
//! GET /v1/orders ──> quiet ones ──> POST /v1/orders/lookup ──> those that are over ──> POST /v1/bulk
//!      ▲                                                                                    │
//!      └────────────────── the next page, behind the last order ────────────────────────────┘
//! ```
//!
//! A worker asks the read API and issues commands like any other client. Each line
//! names the version that was looked at (`if_match`), so that an order that was
//! changed meanwhile is left alone, and has a key that follows from that version, so
//! that whoever is killed repeats nothing. Nothing is remembered between runs: what
//! is archived is in no list of these any more.

mod job;
mod line;
mod metrics;
mod order;
mod pages;
mod platforms;

pub use job::{Archive, Archiving, archive};
pub use metrics::describe;
