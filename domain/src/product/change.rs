//! Changing some of a product.

use super::{
    command::ChangeProduct, content, event::ProductEvent, rejection::Rejection, state::Product,
};

/// What is given replaces what the product has. A change that changes nothing
/// stores nothing.
pub fn decide(product: &Product, command: ChangeProduct) -> Result<Vec<ProductEvent>, Rejection> {
    let mut next = product.live()?.clone();
    if let Some(title) = command.title {
        next.title = title.into();
    }
    if let Some(weight) = command.weight_grams {
        next.weight_grams = weight;
    }
    if let Some(dimensions) = command.dimensions {
        next.dimensions = dimensions;
    }
    if let Some(tax_class) = command.tax_class {
        next.tax_class = tax_class.map(Into::into);
    }
    if let Some(requires_shipping) = command.requires_shipping {
        next.requires_shipping = requires_shipping;
    }
    if let Some(prices) = command.prices {
        next.prices = content::prices(prices)?;
    }
    content::check(&next)?;
    Ok(product.becomes(next, ProductEvent::ProductSaved))
}
