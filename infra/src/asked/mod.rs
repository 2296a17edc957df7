//! Questions that people ask again and again: noted by who answers them, told to
//! who has the answers ready before they ask.
//!
//! ```text
//!  answered ──> forms ──> notes (memory) ──a statement now and then──> asked_questions
//!                                                                            │
//!                          questions of today, the most asked first <── rank ┘
//! ```
//!
//! A question is a path and its parameters, sorted; who asks is no part of it. What
//! dashboards ask has another name each day (the last thirty days), so it is noted
//! relative to the day as well, and counts as such once it was asked on several
//! days.

mod form;
mod notes;
mod rank;
mod store;

pub use notes::Notes;
pub use rank::{Noted, rank};
pub use store::{forget, noted};

/// Header of a request whose answer nobody waits for, and its value (WHATWG Fetch): it
/// is not noted.
pub const PREFETCH: (&str, &str) = ("sec-purpose", "prefetch");
/// For how many days what was asked is remembered.
pub const DAYS: u32 = 7;
