//! What zones, methods and baskets are checked for alike.

use super::rejection::ShippingRejection;

/// Not negative, if it is there. `at` is where the command names it.
pub fn amount(at: &str, amount: impl Into<Option<i64>>) -> Result<(), ShippingRejection> {
    match amount.into() {
        Some(amount) if amount < 0 => {
            let at = at.to_owned();
            Err(ShippingRejection::AmountNegative { at, amount })
        }
        _ => Ok(()),
    }
}

/// Not negative, if it is there.
pub fn weight(at: &str, weight: Option<i64>) -> Result<(), ShippingRejection> {
    match weight {
        Some(weight) if weight < 0 => {
            let at = at.to_owned();
            Err(ShippingRejection::WeightNegative { at, weight })
        }
        _ => Ok(()),
    }
}

/// In order, if both are there. `at` is where the larger one is.
pub fn bounds(at: &str, min: Option<i64>, max: Option<i64>) -> Result<(), ShippingRejection> {
    match (min, max) {
        (Some(min), Some(max)) if max < min => {
            let at = at.to_owned();
            Err(ShippingRejection::BoundsReversed { at, min, max })
        }
        _ => Ok(()),
    }
}

/// Not too many.
pub fn at_most<T>(at: &str, list: &[T], limit: usize) -> Result<(), ShippingRejection> {
    let given = list.len();
    if given > limit {
        let at = at.to_owned();
        return Err(ShippingRejection::TooMany { at, given, limit });
    }
    Ok(())
}

/// Sorted, each once: a list that is a set.
pub fn as_set<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort_unstable();
    list.dedup();
    list
}
