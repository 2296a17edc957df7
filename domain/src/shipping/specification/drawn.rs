//! Random zones, methods, places and baskets: few different values, so that
//! they meet.

use super::{id, place, zone};
use crate::shipping::{
    Basket, BasketLine, Destination, Method, Zone,
    method::{Charge, NewMethod, Rate, Tier},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

const RULES: &[&str] = &[
    "DE",
    "FR",
    "GB",
    "US",
    "US-CA",
    "DE-BY",
    "DE:8",
    "DE:80",
    "DE:803",
    "DE:80000..80999",
    "GB:N1",
    "GB:N11",
    "GB:SW",
    "GB:PA20..PA49",
    "*",
];
const PLACES: &[&str] = &[
    "DE",
    "DE/BY",
    "DE/BY/80331",
    "DE//80469",
    "DE//01067",
    "GB//N1 1AA",
    "GB//N11 1AA",
    "GB//SW1A 1AA",
    "GB//PA34 4AB",
    "US/CA/90210",
    "US",
    "FR//75001",
    "BR",
    "ZZ",
];
const SKUS: [&str; 5] = ["A", "B", "C", "D", "E"];
const ZONES: [&str; 4] = ["a", "b", "c", "d"];

pub fn places() -> impl Strategy<Value = Destination> {
    select(PLACES).prop_map(place)
}

/// Up to four zones, some of them out of use.
pub fn zones() -> impl Strategy<Value = Vec<Zone>> {
    let one = (vec(select(RULES), 1..4), prop::bool::weighted(0.9));
    vec(one, 0..=ZONES.len()).prop_map(|zones| {
        let named = ZONES.iter().zip(zones);
        named
            .map(|(name, (rules, in_use))| zone(name, &rules.join(" ")).in_use(in_use))
            .collect()
    })
}

/// A basket as it is drawn: lines as (SKU, quantity, amount), the weights of
/// the SKUs.
#[derive(Debug, Clone)]
pub struct Drawn {
    pub lines: Vec<(usize, i64, i64)>,
    pub weights: Vec<Option<i64>>,
    pub platform: &'static str,
    pub currency: &'static str,
    pub included: bool,
}

impl Drawn {
    pub fn lines(&self) -> Vec<BasketLine> {
        let line = |(sku, quantity, amount): &(usize, i64, i64)| BasketLine {
            sku: id(SKUS[*sku]),
            quantity: *quantity,
            amount: *amount,
            weight_grams: self.weights[*sku],
        };
        self.lines.iter().map(line).collect()
    }

    pub fn of(&self, lines: Vec<BasketLine>) -> Basket {
        let platform = self.platform.try_into().expect("a slug");
        let currency = self.currency.parse().expect("known");
        Basket::new(platform, currency, self.included, lines).expect("a basket")
    }

    pub fn basket(&self) -> Basket {
        self.of(self.lines())
    }
}

pub fn baskets() -> impl Strategy<Value = Drawn> {
    (
        vec((0..SKUS.len(), 1_i64..5, 0_i64..4_000), 1..6),
        vec(option::weighted(0.95, 0_i64..2_000), SKUS.len()),
        select(&["web", "app"][..]),
        select(&["EUR", "JPY"][..]),
        any::<bool>(),
    )
        .prop_map(|(lines, weights, platform, currency, included)| Drawn {
            lines,
            weights,
            platform,
            currency,
            included,
        })
}

/// Smallest and largest, in order.
fn bounds(up_to: i64) -> impl Strategy<Value = (Option<i64>, Option<i64>)> {
    let one = || option::weighted(0.3, 0..up_to);
    (one(), one()).prop_map(|bounds| match bounds {
        (Some(a), Some(b)) => (Some(a.min(b)), Some(a.max(b))),
        bounds => bounds,
    })
}

/// Tiers whose amounts do not fall if `monotone`.
pub fn tiers(monotone: bool) -> impl Strategy<Value = Vec<Tier>> {
    (vec((1_i64..3_000, 0_i64..2_000), 1..5), any::<bool>()).prop_map(move |(steps, open)| {
        let (mut end, mut cost) = (-1, 0);
        let mut tiers: Vec<Tier> = steps
            .into_iter()
            .map(|(length, amount)| {
                end += length;
                cost = if monotone { cost + amount } else { amount };
                let (up_to, amount) = (Some(end), cost);
                Tier { up_to, amount }
            })
            .collect();
        if let Some(last) = tiers.last_mut().filter(|_| open) {
            last.up_to = None;
        }
        tiers
    })
}

fn charges() -> impl Strategy<Value = Charge> {
    let percent = (1_u32..=1_000_000, bounds(2_000)).prop_map(|(parts, (min, max))| {
        let percent = format!("{}.{:04}", parts / 10_000, parts % 10_000);
        let percent = percent.parse().expect("a percentage");
        Charge::Percent { percent, min, max }
    });
    let money = || 0_i64..2_000;
    prop_oneof![
        money().prop_map(|amount| Charge::Flat { amount }),
        money().prop_map(|amount| Charge::PerItem { amount }),
        (money(), money())
            .prop_map(|(first, additional)| Charge::FirstAdditional { first, additional }),
        percent,
        tiers(false).prop_map(|tiers| Charge::WeightTiers { tiers }),
        tiers(false).prop_map(|tiers| Charge::SubtotalTiers { tiers }),
    ]
}

fn rates(currency: &'static str) -> impl Strategy<Value = Rate> {
    let free = option::weighted(0.2, 0_i64..20_000);
    (bounds(20_000), free, charges()).prop_map(move |((min, max), free_above, charge)| Rate {
        currency: currency.parse().expect("known"),
        min_subtotal: min,
        max_subtotal: max,
        free_above,
        charge,
    })
}

/// A method that splits baskets into parcels if `splits`, or may do so.
pub fn method(
    name: &'static str,
    splits: impl Strategy<Value = Option<i64>>,
) -> impl Strategy<Value = Method> {
    (
        vec(select(&ZONES[..]), 1..4),
        vec(select(&["web", "app"][..]), 0..2),
        bounds(20_000),
        splits,
        vec(select(&SKUS[..]), 0..2),
        option::weighted(0.5, select(&["7", "19", "0.5"][..])),
        (rates("EUR"), option::weighted(0.8, rates("JPY"))),
        prop::bool::weighted(0.95),
    )
        .prop_map(move |drawn| {
            let (
                zones,
                platforms,
                (min_weight_grams, max_weight_grams),
                splits,
                excluded,
                tax,
                rates,
                in_use,
            ) = drawn;
            let new = NewMethod {
                id: id(name),
                name: "Method".try_into().expect("a name"),
                zones: zones.into_iter().map(id).collect(),
                platforms: platforms
                    .into_iter()
                    .map(|platform| platform.try_into().expect("a slug"))
                    .collect(),
                min_weight_grams,
                max_weight_grams,
                max_parcel_weight_grams: splits,
                excluded_skus: excluded.into_iter().map(id).collect(),
                min_days: None,
                max_days: Some(3),
                tax_rate: tax.map(|tax| tax.parse().expect("a percentage")),
                rates: std::iter::once(rates.0).chain(rates.1).collect(),
            };
            Method::new(new).expect("valid").in_use(in_use)
        })
}

pub fn methods() -> impl Strategy<Value = Vec<Method>> {
    let some = || option::weighted(0.3, 500_i64..4_000);
    (
        method("m", some()),
        method("n", some()),
        method("o", some()),
    )
        .prop_map(|(m, n, o)| vec![m, n, o])
}

/// Methods none of which splits baskets.
pub fn methods_of_one_parcel() -> impl Strategy<Value = Vec<Method>> {
    (method("m", Just(None)), method("n", Just(None))).prop_map(|(m, n)| vec![m, n])
}
