//! What keys are for.

use serde::Serialize;
use std::sync::Arc;

/// The scopes of a key; a key that names none has all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Scopes(Option<Arc<[String]>>);

impl Scopes {
    /// Every scope that a key can be made with.
    pub const KNOWN: &[&str] = &["orders:price", "customers:erase"];

    /// These, and no others; none: all.
    pub fn new(scopes: Option<Vec<String>>) -> Self {
        Self(scopes.map(Into::into))
    }

    /// Whether the key is for this.
    pub fn has(&self, scope: &str) -> bool {
        match &self.0 {
            Some(scopes) => scopes.iter().any(|own| own == scope),
            None => true,
        }
    }

    /// Those that it names; none: all.
    pub fn named(&self) -> Option<&[String]> {
        self.0.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_names_no_scopes_has_all_and_one_that_names_some_no_others() {
        assert!(Scopes::default().has("orders:price"));
        assert!(!Scopes::new(Some(Vec::new())).has("orders:price"));
        let some = Scopes::new(Some(vec!["orders:price".into()]));
        assert!(some.has("orders:price") && !some.has("admin"));
    }
}
