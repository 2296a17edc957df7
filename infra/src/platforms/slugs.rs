//! Some platforms, by their slugs.

use super::{NotASlug, is_slug};
use crate::config::Urls;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A list of slugs as it is configured: a list in the file, separated by commas in
/// the environment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Urls", into = "Urls")]
pub struct Slugs(BTreeSet<String>);

impl Slugs {
    /// Each of them once, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl TryFrom<Urls> for Slugs {
    type Error = NotASlug;

    fn try_from(names: Urls) -> Result<Self, NotASlug> {
        match names.iter().find(|name| !is_slug(name)) {
            Some(name) => Err(NotASlug(name.clone())),
            None => Ok(Self(names.iter().cloned().collect())),
        }
    }
}

impl From<Slugs> for Urls {
    fn from(slugs: Slugs) -> Self {
        slugs.0.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_platform_can_have_are_refused() {
        let read = |list: &[&str]| Slugs::try_from(list.iter().copied().collect::<Urls>());
        let slugs = read(&["web", "shop_2", "web"]).expect("slugs");
        assert!(slugs.iter().eq(["shop_2", "web"]));
        for wrong in ["Web", "web.shop", "-web", "web shop"] {
            assert!(read(&["web", wrong]).is_err(), "{wrong}");
        }
    }
}
