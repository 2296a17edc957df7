//! Properties of quotes, whatever the zones, methods and baskets.

use super::{
    drawn::{Drawn, baskets, methods, places, tiers, zones},
    id, method, place, zone,
};
use crate::shipping::{
    Basket, BasketLine, Method, Quote, Zone,
    method::{Charge, NewMethod, Tier},
    quote,
};
use proptest::{collection::vec, prelude::*};
use serde_json::json;

/// What the only method asks, if it ships.
fn total(basket: &Basket, method: &Method) -> Option<i64> {
    let zones = [zone("z", "DE")];
    let quote = quote(basket, &place("DE"), &zones, std::slice::from_ref(method));
    quote.offers.first().map(|offer| offer.total)
}

/// A method that ships to zone `z` for this charge, in parcels of at most so
/// much.
fn charging(charge: Charge, max_parcel_weight: Option<i64>) -> Method {
    let mut content: NewMethod = method(&json!({})).content().clone();
    content.rates[0].charge = charge;
    content.max_parcel_weight_grams = max_parcel_weight;
    Method::new(content).expect("valid")
}

fn of_one_article(quantity: i64, weight: i64) -> Basket {
    let line = BasketLine {
        sku: id("A"),
        quantity,
        amount: 100,
        weight_grams: Some(weight),
    };
    super::basket_of(vec![line])
}

/// With tiers that have an end, nothing is offered beyond it.
fn open(mut tiers: Vec<Tier>) -> Vec<Tier> {
    if let Some(last) = tiers.last_mut() {
        last.up_to = None;
    }
    tiers
}

/// One line of two or more units becomes two.
fn split(lines: &mut Vec<BasketLine>, at: prop::sample::Index, units: i64, amount: i64) {
    let line = at.get_mut(lines);
    let units = units % line.quantity;
    if units == 0 {
        return;
    }
    let amount = amount % (line.amount + 1);
    line.quantity -= units;
    line.amount -= amount;
    let part = BasketLine {
        quantity: units,
        amount,
        ..line.clone()
    };
    lines.push(part);
}

fn ids(quote: &Quote) -> Vec<&str> {
    let offered = quote.offers.iter().map(|offer| &*offer.method);
    let refused = quote.refused.iter().map(|refused| &*refused.method);
    offered.chain(refused).collect()
}

proptest! {
    #[test]
    fn monotone_tiers_stay_monotone(
        tiers in tiers(true), light in 0_i64..12_000, more in 0_i64..12_000,
    ) {
        let method = charging(Charge::WeightTiers { tiers: open(tiers.clone()) }, None);
        let of = |weight| total(&of_one_article(1, weight), &method).expect("offered");
        prop_assert!(of(light) <= of(light + more));
        // By the subtotal likewise.
        let method = charging(Charge::SubtotalTiers { tiers: open(tiers) }, None);
        let of = |amount| {
            let line = BasketLine { sku: id("A"), quantity: 1, amount, weight_grams: None };
            total(&super::basket_of(vec![line]), &method).expect("offered")
        };
        prop_assert!(of(light) <= of(light + more));
    }

    #[test]
    fn more_of_an_article_never_costs_less_in_any_number_of_parcels(
        tiers in tiers(true), weight in 0_i64..3_000, limit in 3_000_i64..9_000,
        units in 1_i64..50, more in 0_i64..50, flat in 0_i64..900,
    ) {
        for charge in [Charge::WeightTiers { tiers: open(tiers) }, Charge::Flat { amount: flat }] {
            let method = charging(charge, Some(limit));
            let of = |units| total(&of_one_article(units, weight), &method).expect("offered");
            prop_assert!(of(units) <= of(units + more));
        }
    }

    #[test]
    fn the_order_of_lines_zones_and_methods_changes_nothing(
        drawn in baskets(), place in places(),
        zones in zones().prop_flat_map(|z| (Just(z.clone()), Just(z).prop_shuffle())),
        methods in methods().prop_flat_map(|m| (Just(m.clone()), Just(m).prop_shuffle())),
        keys in vec(any::<u32>(), 6),
    ) {
        let mut keyed: Vec<(u32, BasketLine)> = keys.into_iter().zip(drawn.lines()).collect();
        keyed.sort_by_key(|(key, _)| *key);
        let shuffled = drawn.of(keyed.into_iter().map(|(_, line)| line).collect());
        prop_assert_eq!(
            quote(&drawn.basket(), &place, &zones.0, &methods.0),
            quote(&shuffled, &place, &zones.1, &methods.1)
        );
    }

    #[test]
    fn splitting_a_line_changes_nothing(
        drawn in baskets(), place in places(), zones in zones(), methods in methods(),
        at: prop::sample::Index, units in 0_i64..5, amount in 0_i64..4_000,
    ) {
        let mut lines = drawn.lines();
        split(&mut lines, at, units, amount);
        prop_assert_eq!(
            quote(&drawn.of(lines), &place, &zones, &methods),
            quote(&drawn.basket(), &place, &zones, &methods)
        );
    }

    #[test]
    fn a_subtotal_that_is_free_never_raises_a_price_nor_changes_who_ships(
        drawn in baskets(), place in places(), zones in zones(), methods in methods(),
        from in 0_i64..20_000,
    ) {
        let basket = drawn.basket();
        for method in methods {
            let mut content = method.content().clone();
            for rate in &mut content.rates {
                rate.free_above = Some(rate.free_above.map_or(from, |now| now.min(from)));
            }
            let free = Method::new(content).expect("valid").in_use(!method.is_archived());
            let before = quote(&basket, &place, &zones, &[method]);
            let after = quote(&basket, &place, &zones, &[free]);
            prop_assert_eq!(&before.refused, &after.refused);
            for (before, after) in before.offers.iter().zip(&after.offers) {
                prop_assert!(after.total <= before.total);
                let is_free = basket.subtotal() >= from;
                prop_assert!(!is_free || after.total == 0);
                prop_assert!(is_free || after == before);
            }
        }
    }

    #[test]
    fn every_method_is_offered_or_refused_once_and_offers_are_sorted(
        drawn in baskets(), place in places(), zones in zones(), methods in methods(),
    ) {
        let quote = quote(&drawn.basket(), &place, &zones, &methods);
        let mut ids = ids(&quote);
        ids.sort_unstable();
        prop_assert_eq!(ids, ["m", "n", "o"]);
        prop_assert!(quote.refused.iter().all(|refused| !refused.reasons.is_empty()));
        prop_assert!(quote.offers.is_sorted_by_key(|offer| offer.total));
        for offer in &quote.offers {
            let tax = if drawn.included { 0 } else { offer.tax };
            prop_assert_eq!(offer.total, offer.amount + tax);
            prop_assert!(0 <= offer.tax && offer.tax <= offer.amount && offer.parcels >= 1);
        }
    }

    #[test]
    fn what_is_published_reads_back(zones in zones(), methods in methods()) {
        for zone in zones {
            prop_assert_eq!(Zone::read(&zone.published()), Ok(zone));
        }
        for method in methods {
            let published = serde_json::to_string(&method.published()).expect("JSON");
            let published = serde_json::from_str(&published).expect("JSON");
            prop_assert_eq!(Method::read(&published), Ok(method));
        }
    }

    #[test]
    fn nothing_is_too_large(
        amounts in vec(0..=i64::MAX, 3), quantities in vec(1_i64..=1_000_000_000, 3),
        weights in vec(prop::option::of(0..=i64::MAX), 3), charge in huge(),
        limit in prop::option::of(1..=i64::MAX), included: bool,
        tax in prop::option::of("[1-9][0-9]?"),
    ) {
        let mut content = charging(charge, limit).content().clone();
        content.tax_rate = tax.map(|tax| tax.parse().expect("a percentage"));
        let method = Method::new(content).expect("valid");
        let drawn = Drawn {
            lines: (0..3).map(|n| (n, quantities[n], amounts[n])).collect(),
            weights: [weights, vec![None, None]].concat(),
            platform: "web",
            currency: "EUR",
            included,
        };
        let (web, euro) = ("web".try_into().expect("a slug"), "EUR".parse().expect("known"));
        // Three amounts may be too much for a basket, but never for the engine.
        if let Ok(basket) = Basket::new(web, euro, included, drawn.lines()) {
            let quote = quote(&basket, &place("DE"), &[zone("z", "DE")], &[method]);
            prop_assert_eq!(quote.offers.len() + quote.refused.len(), 1);
        }
    }

    #[test]
    fn any_text_is_a_place(code in "[A-Z]{2}", region: String, postal_code: String) {
        let zones = [zone("z", "DE GB:SW1 US-CA *")];
        let place = crate::shipping::Destination::new(
            super::country(&code), Some(&region), Some(&postal_code),
        );
        let method = method(&json!({}));
        let basket = of_one_article(1, 1);
        let quote = quote(&basket, &place, &zones, &[method]);
        prop_assert_eq!(quote.offers.len(), 1);
    }
}

fn huge() -> impl Strategy<Value = Charge> {
    let amount = || prop_oneof![Just(i64::MAX), Just(0), 0..=i64::MAX];
    let open = |amount| {
        vec![Tier {
            up_to: None,
            amount,
        }]
    };
    prop_oneof![
        amount().prop_map(|amount| Charge::Flat { amount }),
        amount().prop_map(|amount| Charge::PerItem { amount }),
        (amount(), amount())
            .prop_map(|(first, additional)| Charge::FirstAdditional { first, additional }),
        amount().prop_map(move |amount| Charge::WeightTiers {
            tiers: open(amount)
        }),
        amount().prop_map(move |amount| Charge::SubtotalTiers {
            tiers: open(amount)
        }),
        amount().prop_map(|amount| Charge::Percent {
            percent: "99.9999".parse().expect("a percentage"),
            min: Some(amount),
            max: None,
        }),
    ]
}
