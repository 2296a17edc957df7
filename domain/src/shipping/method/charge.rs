//! How charges are computed: checked, and as they are published.

use crate::{
    money::{InvalidPercent, Percent},
    shipping::{
        check::{amount, at_most, bounds},
        rejection::ShippingRejection,
    },
};
use contracts::shipping::method::{ShippingCharge, ShippingTier};

/// Tiers that a tariff may have.
const MAX_TIERS: usize = 200;

/// How a charge is computed. Amounts in minor units of the rate's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charge {
    /// The same for every parcel.
    Flat {
        /// For a parcel.
        amount: i64,
    },
    /// The same for every unit in the basket.
    PerItem {
        /// For a unit.
        amount: i64,
    },
    /// One amount for the first unit in the basket, another one for each more.
    FirstAdditional {
        /// For the first unit.
        first: i64,
        /// For each further one.
        additional: i64,
    },
    /// A share of the basket's subtotal.
    Percent {
        /// The share.
        percent: Percent,
        /// At least so much.
        min: Option<i64>,
        /// At most so much.
        max: Option<i64>,
    },
    /// For every parcel by its weight; `up_to` in grams.
    WeightTiers {
        /// Ascending.
        tiers: Vec<Tier>,
    },
    /// By the basket's subtotal; `up_to` in minor units.
    SubtotalTiers {
        /// Ascending.
        tiers: Vec<Tier>,
    },
}

/// A step of a tariff. The first one begins with zero, each other one after the
/// one before it, so that there are neither gaps nor overlaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// The last value in it; none on the last tier: it has no end.
    pub up_to: Option<i64>,
    /// What it costs, minor units.
    pub amount: i64,
}

/// The tier that `value` is in; none beyond the last one.
pub fn tier_of(tiers: &[Tier], value: i128) -> Option<&Tier> {
    let holds = |tier: &&Tier| tier.up_to.is_none_or(|last| value <= i128::from(last));
    tiers.iter().find(holds)
}

impl Charge {
    /// Refuses what is no charge. `at` is where the command has it.
    pub fn check(&self, at: &str) -> Result<(), ShippingRejection> {
        let member = |name: &str| format!("{at}/{name}");
        match self {
            Self::Flat { amount: each } | Self::PerItem { amount: each } => {
                amount(&member("amount"), *each)
            }
            Self::FirstAdditional { first, additional } => {
                amount(&member("first"), *first)?;
                amount(&member("additional"), *additional)
            }
            Self::Percent { min, max, .. } => {
                amount(&member("min"), *min)?;
                amount(&member("max"), *max)?;
                bounds(&member("max"), *min, *max)
            }
            Self::WeightTiers { tiers } | Self::SubtotalTiers { tiers } => {
                check_tiers(&member("tiers"), tiers)
            }
        }
    }

    /// As it is published and stored.
    pub fn published(&self) -> ShippingCharge {
        match self {
            Self::Flat { amount } => ShippingCharge::Flat { amount: *amount },
            Self::PerItem { amount } => ShippingCharge::PerItem { amount: *amount },
            Self::FirstAdditional { first, additional } => ShippingCharge::FirstAdditional {
                first: *first,
                additional: *additional,
            },
            Self::Percent { percent, min, max } => ShippingCharge::Percent {
                percent: percent.to_string(),
                min: *min,
                max: *max,
            },
            Self::WeightTiers { tiers } => ShippingCharge::WeightTiers {
                tiers: tiers.iter().copied().map(ShippingTier::from).collect(),
            },
            Self::SubtotalTiers { tiers } => ShippingCharge::SubtotalTiers {
                tiers: tiers.iter().copied().map(ShippingTier::from).collect(),
            },
        }
    }
}

fn check_tiers(at: &str, tiers: &[Tier]) -> Result<(), ShippingRejection> {
    at_most(at, tiers, MAX_TIERS)?;
    if tiers.is_empty() {
        return Err(ShippingRejection::NoTiers { at: at.to_owned() });
    }
    // A tier holds at least one value: the first one zero.
    let mut previous = -1;
    for (index, tier) in tiers.iter().enumerate() {
        amount(&format!("{at}/{index}/amount"), tier.amount)?;
        let at = format!("{at}/{index}/up_to");
        match tier.up_to {
            Some(up_to) if up_to <= previous => {
                return Err(ShippingRejection::TiersNotAscending {
                    at,
                    up_to,
                    previous,
                });
            }
            Some(up_to) => previous = up_to,
            None if index + 1 < tiers.len() => {
                return Err(ShippingRejection::OpenTierNotLast { at });
            }
            None => {}
        }
    }
    Ok(())
}

impl From<Tier> for ShippingTier {
    fn from(Tier { up_to, amount }: Tier) -> Self {
        Self { up_to, amount }
    }
}

impl From<ShippingTier> for Tier {
    fn from(ShippingTier { up_to, amount }: ShippingTier) -> Self {
        Self { up_to, amount }
    }
}

impl TryFrom<&ShippingCharge> for Charge {
    type Error = InvalidPercent;

    fn try_from(charge: &ShippingCharge) -> Result<Self, InvalidPercent> {
        let read = |tiers: &[ShippingTier]| tiers.iter().copied().map(Tier::from).collect();
        Ok(match charge {
            ShippingCharge::Flat { amount } => Self::Flat { amount: *amount },
            ShippingCharge::PerItem { amount } => Self::PerItem { amount: *amount },
            ShippingCharge::FirstAdditional { first, additional } => Self::FirstAdditional {
                first: *first,
                additional: *additional,
            },
            ShippingCharge::Percent { percent, min, max } => Self::Percent {
                percent: percent.parse()?,
                min: *min,
                max: *max,
            },
            ShippingCharge::WeightTiers { tiers } => Self::WeightTiers { tiers: read(tiers) },
            ShippingCharge::SubtotalTiers { tiers } => Self::SubtotalTiers { tiers: read(tiers) },
        })
    }
}
