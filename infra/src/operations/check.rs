//! What somebody has to know who sends lines that others have written. The
//! command API knows what a line has to look like; workers are its clients and are
//! given this.

use crate::http::Line;

/// For what lines are sent.
#[derive(Debug, Clone)]
pub struct SentFor {
    /// The trace that problems belong to.
    pub trace_id: String,
    /// What led to the commands, unless a line says something else.
    pub causation_id: String,
    /// Whether lines may say that somebody was erased: only an erasure knows.
    pub erasure: bool,
}

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
pub enum Checked {
    /// Nothing: it has no result.
    Blank,
    /// One that can be sent.
    Valid {
        /// Which command it is.
        op: &'static str,
        /// Its own key.
        key: Option<String>,
        /// What to send, without a break.
        text: Vec<u8>,
    },
    /// One that cannot; its result, with a break.
    Invalid(Vec<u8>),
}

/// Looks at lines, and writes the results of those that are not sent.
pub trait LineCheck: Send + Sync {
    /// Looks at a line with its number; `sent_as` says under which key it is
    /// sent, by its own.
    fn check(
        &self,
        sent_for: &SentFor,
        line: (u64, Line),
        sent_as: &mut dyn FnMut(Option<&str>) -> String,
    ) -> Checked;

    /// The result of a line that can be carried out, and is not, as others
    /// cannot.
    fn rejected(&self, sent_for: &SentFor, number: u64, op: &str, key: Option<String>) -> Vec<u8>;

    /// The result of a part of a file of which no order can be made, and why: by a
    /// code of its format, and for people.
    fn no_order(&self, sent_for: &SentFor, number: u64, why: (&str, &str)) -> Vec<u8>;
}
