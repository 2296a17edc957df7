//! Amounts divided so that the parts add up to the whole.

use super::{Overflow, divide_half_even};

/// Divides `total` in proportion to `weights`, by largest remainder: every
/// part is the exact share rounded down or up, and the parts add up. Of equal
/// remainders the earlier one is rounded up. With `0 ≤ total ≤ Σ weights` no
/// part exceeds its weight. All parts are 0 where all weights are.
///
/// # Errors
/// [`Overflow`] where `total` or a weight is negative.
pub fn allocate(total: i64, weights: &[i64]) -> Result<Vec<i64>, Overflow> {
    if total < 0 || weights.iter().any(|w| *w < 0) {
        return Err(Overflow);
    }
    let whole: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    if whole == 0 {
        return Ok(vec![0; weights.len()]);
    }
    let exact = |weight: &i64| i128::from(total) * i128::from(*weight);
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut left = i128::from(total);
    for (index, weight) in weights.iter().enumerate() {
        let (part, remainder) = (exact(weight) / whole, exact(weight) % whole);
        left -= part;
        parts.push(i64::try_from(part).map_err(|_| Overflow)?);
        remainders.push((remainder, index));
    }
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    // Fewer pennies are left than there are lines with a remainder.
    for (_, index) in remainders.iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[*index] += 1;
    }
    Ok(parts)
}

/// `amount × part / whole`, rounded half to even; 0 where `whole` is 0.
///
/// # Errors
/// [`Overflow`] where the result does not fit.
pub fn prorate(amount: i64, part: i64, whole: i64) -> Result<i64, Overflow> {
    if whole == 0 {
        return Ok(0);
    }
    let exact = i128::from(amount) * i128::from(part) * i128::from(whole.signum());
    let rounded = divide_half_even(exact, i128::from(whole).abs());
    i64::try_from(rounded).map_err(|_| Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_odd_penny_goes_to_the_largest_remainder_then_to_the_first() {
        assert_eq!(allocate(100, &[1, 1, 1]), Ok(vec![34, 33, 33]));
        assert_eq!(allocate(10, &[1, 2, 4]), Ok(vec![1, 3, 6]));
        assert_eq!(allocate(5, &[0, 0]), Ok(vec![0, 0]));
        assert_eq!(allocate(-1, &[1]), Err(Overflow));
    }

    #[test]
    fn a_share_is_rounded_half_to_even() {
        assert_eq!(prorate(5, 1, 2), Ok(2));
        assert_eq!(prorate(7, 1, 2), Ok(4));
        assert_eq!(prorate(-5, -1, -2), Ok(-2));
        assert_eq!(prorate(5, 0, 0), Ok(0));
    }

    proptest! {
        #[test]
        fn the_parts_add_up_and_none_exceeds_its_weight(
            weights in prop::collection::vec(0_i64..1_000_000, 1..50),
            percent in 0_i64..=100,
        ) {
            let whole: i64 = weights.iter().sum();
            let total = whole * percent / 100;
            let parts = allocate(total, &weights).expect("positive");
            prop_assert_eq!(parts.iter().sum::<i64>(), total);
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(*part <= *weight);
                prop_assert!((i128::from(*part) * i128::from(whole)
                    - i128::from(total) * i128::from(*weight)).abs() < i128::from(whole.max(1)));
            }
        }
    }
}
