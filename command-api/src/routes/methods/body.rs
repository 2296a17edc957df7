//! Parts of a shipping method as requests have them.

use domain::{
    money::{Currency, Percent},
    shipping::method::{Charge, Rate, Tier},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// What a method costs in one currency. Amounts in its minor units.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"currency": "GBP", "free_above": 5000, "charge": {"kind": "flat", "amount": 399}}))]
pub struct RateBody {
    /// ISO 4217.
    #[schema(value_type = String)]
    currency: Currency,
    /// Smallest subtotal of a basket.
    min_subtotal: Option<i64>,
    /// Largest subtotal of a basket.
    max_subtotal: Option<i64>,
    /// Subtotal from which on it costs nothing.
    free_above: Option<i64>,
    /// How the charge is computed.
    charge: ChargeBody,
}

impl From<RateBody> for Rate {
    fn from(body: RateBody) -> Self {
        Self {
            currency: body.currency,
            min_subtotal: body.min_subtotal,
            max_subtotal: body.max_subtotal,
            free_above: body.free_above,
            charge: body.charge.into(),
        }
    }
}

/// How a charge is computed. Amounts in minor units of the rate's currency.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChargeBody {
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
    /// A share of the basket's subtotal, rounded half to even.
    Percent {
        /// The percentage, such as `"7.5"`.
        #[schema(value_type = String)]
        percent: Percent,
        /// At least so much.
        min: Option<i64>,
        /// At most so much.
        max: Option<i64>,
    },
    /// For every parcel the amount of the tier that its weight falls into.
    WeightTiers {
        /// Ascending; `up_to` in grams.
        tiers: Vec<TierBody>,
    },
    /// The amount of the tier that the basket's subtotal falls into.
    SubtotalTiers {
        /// Ascending; `up_to` in minor units.
        tiers: Vec<TierBody>,
    },
}

/// A step of a tariff: it begins after the one before it.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"up_to": 2000, "amount": 399}))]
pub struct TierBody {
    /// The last value in it; absent on the last tier: it has no end.
    up_to: Option<i64>,
    /// What it costs, minor units.
    amount: i64,
}

impl From<TierBody> for Tier {
    fn from(TierBody { up_to, amount }: TierBody) -> Self {
        Self { up_to, amount }
    }
}

impl From<ChargeBody> for Charge {
    fn from(body: ChargeBody) -> Self {
        let read = |tiers: Vec<TierBody>| tiers.into_iter().map(Tier::from).collect();
        match body {
            ChargeBody::Flat { amount } => Self::Flat { amount },
            ChargeBody::PerItem { amount } => Self::PerItem { amount },
            ChargeBody::FirstAdditional { first, additional } => {
                Self::FirstAdditional { first, additional }
            }
            ChargeBody::Percent { percent, min, max } => Self::Percent { percent, min, max },
            ChargeBody::WeightTiers { tiers } => Self::WeightTiers { tiers: read(tiers) },
            ChargeBody::SubtotalTiers { tiers } => Self::SubtotalTiers { tiers: read(tiers) },
        }
    }
}
