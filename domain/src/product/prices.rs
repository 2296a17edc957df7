//! Single prices of a product.

use super::{
    command::{NewPrice, PriceKey},
    content,
    event::ProductEvent,
    rejection::Rejection,
    state::Product,
};

/// One price anew, whether there was one or not.
pub fn set(product: &Product, new: NewPrice) -> Result<Vec<ProductEvent>, Rejection> {
    let mut next = product.live()?.clone();
    let price = content::price(new, None)?;
    let at = next
        .prices
        .binary_search_by(|other| content::key(other).cmp(&content::key(&price)));
    match at {
        Ok(at) => next.prices[at] = price,
        Err(at) => {
            content::check_count(next.prices.len() + 1)?;
            next.prices.insert(at, price);
        }
    }
    Ok(product.becomes(next, ProductEvent::ProductSaved))
}

/// One price less; one that is not there is gone already.
pub fn remove(product: &Product, gone: &PriceKey) -> Result<Vec<ProductEvent>, Rejection> {
    let mut next = product.live()?.clone();
    let gone = (gone.platform.as_deref(), gone.currency.code());
    next.prices.retain(|price| content::key(price) != gone);
    Ok(product.becomes(next, ProductEvent::ProductSaved))
}
