//! The model's own arithmetic, apart from that of the decisions.

/// `numerator / denominator` for numbers that are not negative, halves to the
/// even neighbour.
pub fn half_even(numerator: i128, denominator: i128) -> i64 {
    let (floor, rest) = (numerator / denominator, numerator % denominator);
    let up = 2 * rest > denominator || (2 * rest == denominator && floor % 2 == 1);
    i64::try_from(floor + i128::from(up)).expect("walks stay small")
}

/// Price × units in minor units, rounded once.
pub fn exact_amount((mantissa, scale): (i128, u32), units: i64, exponent: u32) -> i64 {
    let minor = mantissa * i128::from(units) * 10_i128.pow(exponent);
    half_even(minor, 10_i128.pow(scale))
}

/// The share of `units` in an amount that was given for some units.
pub fn share_of((amount, given): (i64, i64), units: i64) -> i64 {
    if given == 0 {
        return 0;
    }
    half_even(i128::from(amount) * i128::from(units), i128::from(given))
}

/// Divides `total` by the method of Hamilton, penny for penny.
pub fn hamilton(total: i64, weights: &[i64]) -> Vec<i64> {
    let whole: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    if whole == 0 {
        return vec![0; weights.len()];
    }
    let exact = |i: usize| i128::from(total) * i128::from(weights[i]);
    let mut parts: Vec<i64> = (0..weights.len())
        .map(|i| i64::try_from(exact(i) / whole).expect("a part of the total"))
        .collect();
    let mut waiting: Vec<usize> = (0..weights.len()).collect();
    for _ in 0..total - parts.iter().sum::<i64>() {
        let neediest = (0..waiting.len())
            .rev()
            .max_by_key(|at| exact(waiting[*at]) % whole)
            .expect("fewer pennies than lines");
        parts[waiting.remove(neediest)] += 1;
    }
    parts
}
