//! What a product may consist of, beyond the types of its members.

use super::{command::NewPrice, rejection::Rejection};
use contracts::product::{Dimensions, ListPrice, Product};

/// Largest weight, in grams: a hundred tonnes.
pub const MAX_WEIGHT: i64 = 100_000_000;
/// Longest side, in millimetres: a hundred metres.
pub const MAX_SIDE: i64 = 100_000;
/// Prices that a product may have. All of them are in each of its events.
pub const MAX_PRICES: usize = 500;

/// Refuses what a product cannot be, but for its prices.
pub fn check(product: &Product) -> Result<(), Rejection> {
    if let Some(weight) = product.weight_grams
        && !(0..=MAX_WEIGHT).contains(&weight)
    {
        return Err(Rejection::WeightOutOfRange {
            weight_grams: weight,
            limit: MAX_WEIGHT,
        });
    }
    product.dimensions.map_or(Ok(()), check_dimensions)
}

fn check_dimensions(dimensions: Dimensions) -> Result<(), Rejection> {
    for (side, millimetres) in [
        ("length_mm", dimensions.length_mm),
        ("width_mm", dimensions.width_mm),
        ("height_mm", dimensions.height_mm),
    ] {
        if !(1..=MAX_SIDE).contains(&millimetres) {
            return Err(Rejection::DimensionOutOfRange {
                side,
                millimetres,
                limit: MAX_SIDE,
            });
        }
    }
    Ok(())
}

/// What decides whether two prices are for the same, and their order.
pub fn key(price: &ListPrice) -> (Option<&str>, &str) {
    (price.platform.as_deref(), &price.currency)
}

/// A price in the one form in which it is kept.
///
/// # Errors
/// `negative_price`.
pub fn price(new: NewPrice, index: Option<usize>) -> Result<ListPrice, Rejection> {
    if new.unit_price.is_negative() {
        return Err(Rejection::NegativePrice { index });
    }
    let currency = new.key.currency;
    Ok(ListPrice {
        platform: new.key.platform.map(Into::into),
        currency: currency.into(),
        unit_price: new.unit_price.normalised(currency).into(),
    })
}

/// All prices of a product, in their order.
///
/// # Errors
/// `too_many_prices`, `negative_price`, `duplicate_price`.
pub fn prices(new: Vec<NewPrice>) -> Result<Vec<ListPrice>, Rejection> {
    check_count(new.len())?;
    let numbered = new.into_iter().enumerate();
    let prices = numbered.map(|(index, new)| Ok((index, price(new, Some(index))?)));
    let mut prices: Vec<(usize, ListPrice)> = prices.collect::<Result<_, Rejection>>()?;
    // Stable: of two for the same, the later one is the one too many.
    prices.sort_by(|(_, a), (_, b)| key(a).cmp(&key(b)));
    let twice = prices
        .windows(2)
        .find(|two| key(&two[0].1) == key(&two[1].1));
    if let Some([_, (index, price)]) = twice {
        return Err(Rejection::DuplicatePrice {
            index: *index,
            platform: price.platform.clone(),
            currency: price.currency.clone(),
        });
    }
    Ok(prices.into_iter().map(|(_, price)| price).collect())
}

/// Whether a product may have so many prices.
pub const fn check_count(prices: usize) -> Result<(), Rejection> {
    if prices <= MAX_PRICES {
        return Ok(());
    }
    Err(Rejection::TooManyPrices {
        prices,
        limit: MAX_PRICES,
    })
}
