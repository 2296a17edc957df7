//! What a format makes of a file, and what becomes of it.

use super::ImportError;
use super::summary::Counts;
use serde::Serialize;
use std::{borrow::Cow, future::Future};

/// Why an invoice or a line is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Stable code: the domain's, the API's or the format's own.
    pub code: Cow<'static, str>,
    /// The same for people.
    pub detail: String,
}

impl Reason {
    /// A reason with a code of the format's own.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code: Cow::Borrowed(code),
            detail: detail.into(),
        }
    }

    /// A text is not what it has to be: of the text its [`shape`] is told.
    pub(super) fn not(code: &'static str, text: &str, expected: &str) -> Self {
        Self::new(code, format!("{:?} is not {expected}", shape(text)))
    }
}

/// Longest shape of a text that is told, in characters.
const SHAPE_LENGTH: usize = 40;

/// What a text looks like, for reasons: letters are `a`, digits `9`. Reasons are kept
/// with an operation's results, and a name that stands in the wrong column would be as
/// well, whatever is erased; where it stands they say.
pub(super) fn shape(text: &str) -> String {
    let shown = text.chars().take(SHAPE_LENGTH).map(|character| {
        if character.is_alphabetic() {
            'a'
        } else if character.is_numeric() {
            '9'
        } else {
            character
        }
    });
    shown.collect()
}

/// One step of a file. Each invoice is in exactly one item, and so is each
/// line: that is what makes a report add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An invoice to send.
    Order {
        /// Its number: the order's external id.
        invoice: String,
        /// Numbers of its lines in the file, from 1, the header counted.
        lines: Vec<u64>,
        /// Deterministic: the same invoice has the same key in every import.
        idempotency_key: String,
        /// The request's body, JSON.
        body: Vec<u8>,
    },
    /// An invoice that cannot be sent, with those of its lines that are not
    /// refused for a reason of their own.
    RefusedInvoice {
        /// Its number.
        invoice: String,
        /// Numbers of its lines in the file.
        lines: Vec<u64>,
        /// Why.
        reason: Reason,
    },
    /// A line that belongs to no order.
    RefusedLine {
        /// Its number in the file.
        line: u64,
        /// Number of its invoice, where it can be read.
        invoice: Option<String>,
        /// Why.
        reason: Reason,
    },
    /// An invoice that was not read to its end because the import was stopped.
    Unfinished {
        /// Its number.
        invoice: String,
        /// Numbers of the lines read so far.
        lines: Vec<u64>,
    },
}

/// A file of some format, as a sequence of items.
pub trait Source: Send + 'static {
    /// The next item; none at the end of the file.
    ///
    /// # Errors
    /// Only for a file that cannot be read on. What is wrong with a line is an
    /// item.
    fn next(&mut self) -> impl Future<Output = Result<Option<Item>, ImportError>> + Send;

    /// Gives up reading: whatever was read and is not yet an item.
    fn abandon(&mut self) -> Vec<Item>;

    /// What was read until now, counted where it is read and not where it is
    /// dealt with.
    fn read(&self) -> Counts;

    /// Number of the last line read, from 1.
    fn line(&self) -> u64;
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Stored by this import.
    Created,
    /// Stored before, with equal content.
    AlreadyThere,
    /// Not stored.
    Refused(Reason),
    /// Not sent, or not confirmed, because the import was stopped.
    NotSent,
}

/// An item that was dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Handled {
    /// Number of the invoice, where there is one.
    pub invoice: Option<String>,
    /// Whether it stands for the whole invoice, not for one of its lines.
    pub whole: bool,
    /// The lines it stands for.
    pub lines: Vec<u64>,
    /// What became of it.
    pub verdict: Verdict,
}

impl Handled {
    /// An invoice and what became of it.
    pub const fn invoice(invoice: String, lines: Vec<u64>, verdict: Verdict) -> Self {
        Self {
            invoice: Some(invoice),
            whole: true,
            lines,
            verdict,
        }
    }

    /// What it adds to the counts.
    pub fn counts(&self) -> Counts {
        Counts {
            invoices: u64::from(self.whole),
            lines: self.lines.len() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_tells_letters_from_digits_and_neither_from_its_like() {
        for (text, told) in [
            ("12,5O €", "99,9a €"),
            ("Ada Ürün <ada@example.com>", "aaa aaaa <aaa@aaaaaaa.aaa>"),
            ("٣١.02.2025", "99.99.9999"),
            ("", ""),
        ] {
            assert_eq!(shape(text), told);
        }
        assert_eq!(shape(&"x".repeat(1_000)).len(), SHAPE_LENGTH);
    }
}
