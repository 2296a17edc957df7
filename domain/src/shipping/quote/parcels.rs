//! Into which parcels a basket goes.
//!
//! Units are not cut. They are packed by weight, the heaviest first; a unit
//! that the open parcel cannot take closes it and opens the next one. So more
//! units never mean fewer parcels, and equal baskets mean equal parcels,
//! whatever order their lines have. It may be one more than an ingenious packer
//! would need.

use super::basket::Basket;
use std::cmp::Reverse;

/// Parcels of equal weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Grams; none where nobody asks.
    pub weight: Option<i128>,
    /// How many weigh that.
    pub parcels: i128,
}

/// All parcels of a basket, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcels(Vec<Load>);

impl Parcels {
    /// One, of whatever weight.
    pub fn one_of_any_weight() -> Self {
        let (weight, parcels) = (None, 1);
        Self(vec![Load { weight, parcels }])
    }

    /// Parcels of at most `limit` grams, or one. Every weight is known, and no
    /// unit is heavier than the limit.
    pub fn packed(basket: &Basket, limit: Option<i64>) -> Self {
        let Some(limit) = limit else {
            let weights = basket.unit_weights();
            let weight = weights.map(|(weight, units)| weight * units).sum();
            return Self(vec![load(weight, 1)]);
        };
        Self(packed(basket.unit_weights().collect(), limit.into()))
    }

    /// By weight.
    pub fn loads(&self) -> &[Load] {
        &self.0
    }

    /// How many there are.
    pub fn count(&self) -> i128 {
        self.0.iter().map(|load| load.parcels).sum()
    }
}

const fn load(weight: i128, parcels: i128) -> Load {
    let weight = Some(weight);
    Load { weight, parcels }
}

/// Packs units, given as (weight of one, how many): in time by the number of
/// lines, not of units.
fn packed(mut units: Vec<(i128, i128)>, limit: i128) -> Vec<Load> {
    units.retain(|(weight, _)| *weight > 0);
    units.sort_unstable_by_key(|unit| Reverse(*unit));
    let (mut loads, mut open) = (Vec::new(), 0);
    for (weight, count) in units {
        let here = count.min((limit - open).max(0) / weight);
        open += here * weight;
        let left = count - here;
        if left == 0 {
            continue;
        }
        if open > 0 {
            loads.push(load(open, 1));
        }
        let each = (limit / weight).max(1);
        let full = (left - 1) / each;
        if full > 0 {
            loads.push(load(each * weight, full));
        }
        open = (left - full * each) * weight;
    }
    loads.push(load(open, 1));
    loads
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn weights(units: &[(i128, i128)], limit: i128) -> Vec<(i128, i128)> {
        let loads = packed(units.to_vec(), limit).into_iter();
        loads
            .map(|load| (load.weight.expect("packed"), load.parcels))
            .collect()
    }

    /// The same, unit by unit.
    fn one_by_one(units: &[(i128, i128)], limit: i128) -> Vec<i128> {
        let mut single: Vec<i128> = units
            .iter()
            .flat_map(|(weight, count)| (0..*count).map(|_| *weight))
            .collect();
        single.sort_unstable_by_key(|weight| Reverse(*weight));
        let mut parcels = vec![0];
        for weight in single {
            let open = parcels.last_mut().expect("one");
            if *open + weight <= limit {
                *open += weight;
            } else {
                parcels.push(weight);
            }
        }
        parcels
    }

    #[test]
    fn the_heaviest_go_first_and_none_is_cut() {
        for (units, limit, expected) in [
            (&[(6, 3)][..], 10, &[(6, 1), (6, 1), (6, 1)][..]),
            (&[(4, 5)], 10, &[(8, 2), (4, 1)]),
            (&[(3, 1), (6, 1)], 10, &[(9, 1)]),
            (&[(5, 1), (6, 1), (4, 2)], 10, &[(6, 1), (9, 1), (4, 1)]),
            (&[(10, 2), (0, 7)], 10, &[(10, 1), (10, 1)]),
            (&[(0, 7)], 10, &[(0, 1)]),
            (
                &[(1, 1_000_000_000)],
                1_000,
                &[(1_000, 1), (1_000, 999_998), (1_000, 1)],
            ),
        ] {
            let packed = weights(units, limit);
            let all = |loads: &[(i128, i128)]| {
                let units = loads.iter().map(|(weight, parcels)| weight * parcels);
                (
                    units.sum::<i128>(),
                    loads.iter().map(|(_, p)| p).sum::<i128>(),
                )
            };
            assert_eq!(all(&packed), all(expected), "{units:?}: {packed:?}");
            assert!(packed.iter().all(|(weight, _)| *weight <= limit));
        }
    }

    fn units() -> impl Strategy<Value = Vec<(i128, i128)>> {
        prop::collection::vec((0_i128..=20, 1_i128..30), 1..8)
    }

    proptest! {
        #[test]
        fn packing_lines_is_packing_units(units in units(), limit in 20_i128..60) {
            let packed: Vec<i128> = weights(&units, limit)
                .into_iter()
                .flat_map(|(weight, parcels)| (0..parcels).map(move |_| weight))
                .collect();
            prop_assert_eq!(packed, one_by_one(&units, limit));
        }

        #[test]
        fn more_units_never_mean_fewer_parcels(
            units in units(), more in (0_i128..=20, 1_i128..3), limit in 20_i128..60,
        ) {
            let count = |units: &[(i128, i128)]| {
                weights(units, limit).iter().map(|(_, parcels)| parcels).sum::<i128>()
            };
            let with_more = [units.as_slice(), &[more]].concat();
            prop_assert!(count(&units) <= count(&with_more));
        }
    }
}
