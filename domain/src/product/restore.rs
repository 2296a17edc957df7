//! Bringing an archived product back.

use super::{event::ProductEvent, rejection::Rejection, state::Product};
use contracts::product as published;

/// As it was when it was archived. One that is not archived stays as it is.
pub fn decide(product: &Product) -> Result<Vec<ProductEvent>, Rejection> {
    let next = published::Product {
        archived: false,
        ..product.there()?.clone()
    };
    Ok(product.becomes(next, ProductEvent::ProductRestored))
}
