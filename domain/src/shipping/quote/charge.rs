//! What a rate charges for a basket, before anything is free.

use super::{
    basket::Basket,
    parcels::{Load, Parcels},
    reason::Reason,
};
use crate::shipping::method::{Charge, Tier, tier_of};

/// The charge, minor units.
pub fn amount(charge: &Charge, basket: &Basket, parcels: &Parcels) -> Result<i64, Reason> {
    let units = i128::from(basket.units());
    let exact = match charge {
        Charge::Flat { amount } => i128::from(*amount) * parcels.count(),
        Charge::PerItem { amount } => i128::from(*amount) * units,
        Charge::FirstAdditional { first, additional } => {
            i128::from(*first) + i128::from(*additional) * (units - 1)
        }
        Charge::Percent { percent, min, max } => {
            let share = percent.of(basket.subtotal());
            let share = share.map_err(|_| Reason::Overflow)?;
            let share = min.map_or(share, |min| share.max(min));
            max.map_or(share, |max| share.min(max)).into()
        }
        Charge::WeightTiers { tiers } => {
            let each = parcels.loads().iter().map(|load| of_load(tiers, load));
            each.sum::<Result<i128, Reason>>()?
        }
        Charge::SubtotalTiers { tiers } => {
            let tier = tier_of(tiers, basket.subtotal().into());
            let tier = tier.ok_or(Reason::AboveSubtotalTiers { max: end(tiers) })?;
            tier.amount.into()
        }
    };
    i64::try_from(exact).map_err(|_| Reason::Overflow)
}

/// What parcels of one weight cost.
fn of_load(tiers: &[Tier], load: &Load) -> Result<i128, Reason> {
    let tier = load.weight.and_then(|weight| tier_of(tiers, weight));
    let tier = tier.ok_or(Reason::AboveWeightTiers { max: end(tiers) })?;
    Ok(i128::from(tier.amount) * load.parcels)
}

/// Where a tariff ends.
fn end(tiers: &[Tier]) -> i64 {
    let last = tiers.last().and_then(|tier| tier.up_to);
    last.unwrap_or(i64::MAX)
}
