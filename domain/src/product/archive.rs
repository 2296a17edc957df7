//! Taking a product out of the catalogue.

use super::{event::ProductEvent, rejection::Rejection, state::Product};
use contracts::product as published;

/// Nothing is deleted, and its prices wait for it; until then it has none for
/// anybody. Archiving an archived one changes nothing.
pub fn decide(product: &Product) -> Result<Vec<ProductEvent>, Rejection> {
    let next = published::Product {
        archived: true,
        ..product.there()?.clone()
    };
    Ok(product.becomes(next, ProductEvent::ProductArchived))
}
