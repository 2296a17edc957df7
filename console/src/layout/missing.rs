//! Parts of pages that could not be had.

use crate::Failure;
use maud::{Markup, html};

/// Why a part is not there, where the rest of its page is ([`Failure::of_part`]); the log
/// is told of it too.
pub fn missing(failure: &Failure) -> Markup {
    failure.log();
    let (said, again) = match failure {
        Failure::Refused(refusal) => (refusal.sentence(), refusal.status().is_server_error()),
        Failure::Away { late: true, .. } => ("The API took too long for this".to_owned(), true),
        Failure::Away { .. } => ("The API does not answer".to_owned(), true),
        _ => (
            "The API has said something that this console cannot read".to_owned(),
            true,
        ),
    };
    html! {
        p { (said) "." }
        @if again { p.hint { "Try again in a moment: reload the page." } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_late_is_said_in_its_place() {
        let late = Failure::Away {
            late: true,
            cause: "operation timed out".to_owned(),
        };
        let said = missing(&late).into_string();
        assert!(said.contains("The API took too long for this."), "{said}");
        assert!(!said.contains("operation timed out"), "{said}");
    }
}
