//! A page of a list, as the API tells it.

use super::address::address;
use crate::{Fields, layout};
use maud::Markup;
use serde::Deserialize;

/// How many entries a page has.
pub const LIMIT: &str = "25";

/// Some entries, and where to go on.
#[derive(Debug, Deserialize)]
pub struct Listed<T> {
    /// The entries.
    pub data: Vec<T>,
    /// To be passed as `cursor`; none at the end.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

impl<T> Listed<T> {
    /// Links to the first page and to the next one; nothing where all of it is shown.
    /// `kept` are the parameters that the list was asked for with.
    pub fn pager(&self, path: &str, kept: &[&str], asked: &Fields) -> Option<Markup> {
        let cursor = asked.one("cursor");
        let of = |cursor: Option<&str>| {
            let mut parameters = Vec::new();
            for name in kept {
                parameters.push((*name, asked.one(name)));
            }
            parameters.push(("cursor", cursor));
            address(path, &parameters)
        };
        let first = cursor.map(|_| of(None));
        let next = self.next_cursor.as_deref().map(|next| of(Some(next)));
        (first.is_some() || next.is_some())
            .then(|| layout::pager(first.as_deref(), next.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_goes_along_with_the_cursor() {
        let listed = Listed::<u8> {
            data: vec![1],
            next_cursor: Some("next".to_owned()),
        };
        let asked = Fields::filled_in(&[("state", "failed"), ("cursor", "this"), ("other", "x")]);
        let pager = listed.pager("/console/exports", &["state"], &asked);
        let pager = pager.expect("links").into_string();
        assert!(
            pager.contains("/console/exports?state=failed&amp;cursor=next"),
            "{pager}"
        );
        assert!(
            pager.contains("\"/console/exports?state=failed\""),
            "{pager}"
        );
        let whole = Listed::<u8> {
            data: Vec::new(),
            next_cursor: None,
        };
        assert!(
            whole
                .pager("/console/exports", &[], &Fields::filled_in(&[]))
                .is_none()
        );
    }
}
