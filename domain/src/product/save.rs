//! Making a product, or making it so.

use super::{
    command::SaveProduct, content, event::ProductEvent, rejection::Rejection, state::Product,
};
use contracts::product as published;

/// All of it anew; what is there already stores nothing. An archived one is not
/// brought back by the way.
pub fn decide(product: &Product, command: SaveProduct) -> Result<Vec<ProductEvent>, Rejection> {
    let mut kept = Vec::new();
    if product.now.is_some() {
        let now = product.live()?;
        if *now.sku != *command.sku {
            return Err(Rejection::SkuFixed {
                sku: now.sku.clone(),
                given: command.sku.into(),
            });
        }
        kept.clone_from(&now.prices);
    }
    let prices = command.prices.map(content::prices).transpose()?;
    let next = published::Product {
        sku: command.sku.into(),
        title: command.title.into(),
        weight_grams: command.weight_grams,
        dimensions: command.dimensions,
        tax_class: command.tax_class.map(Into::into),
        requires_shipping: command.requires_shipping,
        prices: prices.unwrap_or(kept),
        archived: false,
    };
    content::check(&next)?;
    Ok(product.becomes(next, ProductEvent::ProductSaved))
}
