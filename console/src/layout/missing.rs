//! Parts of pages that could not be had.

use crate::Failure;
use maud::{Markup, html};

/// A part of a page, which is shown without it where it cannot be had.
#[derive(Debug)]
pub enum Part<T> {
    /// What it is made of.
    Told(T),
    /// Why it cannot be had.
    Missing(Failure),
}

impl<T> Part<T> {
    /// Of an answer.
    ///
    /// # Errors
    /// There is no page to show; see [`Failure::of_part`].
    pub fn of(answer: Result<T, Failure>) -> Result<Self, Failure> {
        match answer {
            Ok(told) => Ok(Self::Told(told)),
            Err(failure) => failure.of_part().map(Self::Missing),
        }
    }

    /// What it is made of, where it is there.
    pub fn told(&self) -> Option<&T> {
        match self {
            Self::Told(told) => Some(told),
            Self::Missing(_) => None,
        }
    }

    /// What is shown of it, or why there is nothing to show.
    pub fn shown(&self, show: impl FnOnce(&T) -> Markup) -> Markup {
        match self {
            Self::Told(told) => show(told),
            Self::Missing(failure) => missing(failure),
        }
    }
}

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
