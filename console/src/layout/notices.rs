//! Messages after actions.

use crate::session::{Kind, Notice};
use maud::{Markup, html};

/// A message, with the figures of a rule where it has some.
pub fn notice(notice: &Notice) -> Markup {
    let refused = notice.kind == Kind::Refused;
    html! {
        div.notice.refused[refused].done[!refused] role=[refused.then_some("alert")] {
            p { (notice.text) }
            @if !notice.figures.is_empty() {
                (super::figures(&notice.figures))
            }
        }
    }
}
