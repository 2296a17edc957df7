//! The product's state: all of its last event.

use super::{event::ProductEvent, rejection::Rejection};
use crate::whole::differing;
use contracts::product::{self as published, ProductChange};
use serde::{Deserialize, Serialize};

/// A product. The default is one that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Product {
    /// As its last event left it; none before its first one.
    pub now: Option<published::Product>,
}

impl Product {
    /// As it is, whether archived or not.
    ///
    /// # Errors
    /// `product_not_found`.
    pub fn there(&self) -> Result<&published::Product, Rejection> {
        self.now.as_ref().ok_or(Rejection::ProductNotFound)
    }

    /// The same, if it may be changed.
    ///
    /// # Errors
    /// `product_not_found`, `product_archived`.
    pub fn live(&self) -> Result<&published::Product, Rejection> {
        let now = self.there()?;
        if now.archived {
            return Err(Rejection::ProductArchived);
        }
        Ok(now)
    }

    /// The events that leave `next`: none where it is as it was, else the one
    /// that `made` makes.
    pub(super) fn becomes(
        &self,
        next: published::Product,
        made: fn(Box<ProductChange>) -> ProductEvent,
    ) -> Vec<ProductEvent> {
        let changed = self.now.as_ref().map(|before| changed(before, &next));
        if changed.as_ref().is_some_and(Vec::is_empty) {
            return Vec::new();
        }
        let changed = changed.unwrap_or_default();
        let product = next;
        vec![made(Box::new(ProductChange { product, changed }))]
    }
}

/// The state after one more event. Total: whatever is stored was decided once.
#[must_use]
pub fn evolve(_: Product, event: &ProductEvent) -> Product {
    let now = Some(event.change().product.clone());
    Product { now }
}

fn changed(before: &published::Product, now: &published::Product) -> Vec<String> {
    differing!(published::Product, before, now;
        sku, title, weight_grams, dimensions, tax_class, requires_shipping, prices, archived)
}
