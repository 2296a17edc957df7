//! What keys are for.

use serde::Serialize;
use std::sync::Arc;

/// The scopes of a key; a key that names none has all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Scopes(Option<Arc<[String]>>);

/// A scope, and what may be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Its name.
    pub name: &'static str,
    /// What may be done with it.
    pub meaning: &'static str,
}

const fn scope(name: &'static str, meaning: &'static str) -> Scope {
    Scope { name, meaning }
}

impl Scopes {
    /// Every scope that there is.
    pub const KNOWN: &[Scope] = &[
        scope(
            "orders:read",
            "read orders, their events and documents, and stream them",
        ),
        scope("orders:write", "place orders and change them"),
        scope(
            "orders:import",
            "record orders of elsewhere, as they were there",
        ),
        scope(
            "orders:price",
            "give prices that differ from those of the catalogue",
        ),
        scope("customers:read", "read customers"),
        scope("customers:write", "link orders of guests"),
        scope("customers:erase", "erase personal data"),
        scope("statistics:read", "read statistics"),
        scope("platforms:read", "read platforms"),
        scope("platforms:write", "change platforms"),
        scope("products:read", "read products"),
        scope("products:write", "change products"),
        scope(
            "shipping:read",
            "read zones and methods, and ask for quotes",
        ),
        scope("shipping:write", "change zones and methods"),
        scope("webhooks:read", "read webhook endpoints and deliveries"),
        scope("webhooks:write", "change webhook endpoints, and send again"),
        scope("exports:read", "read and download exports"),
        scope("exports:write", "ask for exports"),
        scope("operations:read", "read operations and their results"),
        scope("operations:write", "upload operations"),
        scope(
            "admin",
            "projections, parked orders, caches, jobs, schedules and keys",
        ),
    ];

    /// Whether there is such a scope.
    pub fn is_known(name: &str) -> bool {
        Self::KNOWN.iter().any(|scope| scope.name == name)
    }

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

    /// Those that are among both.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        let (Some(own), Some(_)) = (&self.0, &others.0) else {
            return if self.0.is_some() { self } else { others }.clone();
        };
        let both = own.iter().filter(|scope| others.has(scope));
        Self::new(Some(both.cloned().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Scopes {
        Scopes::new(Some(names.iter().map(|&name| name.to_owned()).collect()))
    }

    #[test]
    fn a_key_that_names_no_scopes_has_all_and_one_that_names_some_no_others() {
        assert!(Scopes::default().has("orders:price"));
        assert!(!of(&[]).has("orders:price"));
        let some = of(&["orders:price"]);
        assert!(some.has("orders:price") && !some.has("admin"));
    }

    #[test]
    fn what_is_among_both_is_never_more_than_either() {
        let (all, some) = (Scopes::default(), of(&["orders:read", "admin"]));
        assert_eq!(all.and(&some), some);
        assert_eq!(some.and(&all), some);
        assert_eq!(some.and(&of(&["admin", "orders:write"])), of(&["admin"]));
        assert_eq!(all.and(&all), all);
        assert_eq!(some.and(&of(&[])), of(&[]));
    }
}
