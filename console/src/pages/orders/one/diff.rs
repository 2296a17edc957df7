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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_a_moment_is_told_as_one() {
        let change = Change {
            what: "due at".into(),
            before: Some("soon".into()),
            after: Some("2026-11-28T14:51:58.962158Z".into()),
        };
        let shown = short(&[change]).into_string();
        assert!(shown.contains("<del>soon</del>"), "{shown}");
        assert!(shown.contains(">2026-11-28 14:51 UTC</time>"), "{shown}");
    }
}
