//! What changed, before and after.

use crate::moment;
use maud::{Markup, html};

/// One part that is another one now, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which part.
    pub what: String,
    /// What it was.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
}

/// Changes in a list; a value that is a moment is told as one.
pub fn short(changes: &[Change]) -> Markup {
    html! {
        @if !changes.is_empty() {
            ul.diff {
                @for change in changes {
                    li {
                        (change.what) ": "
                        @if let Some(before) = &change.before { del { (moment::told(before)) } " " }
                        @if let Some(after) = &change.after { ins { (moment::told(after)) } }
                    }
                }
            }
        }
    }
}
