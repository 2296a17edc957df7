use super::{
    cached::{Asked, Computed},
    goods::{self, Goods, Products, Unsaved},
    refused::{not_for_platform, platform_not_found, prices_unknown, refused},
    request::QuoteRequest,
    snapshot::{ShippingState, Snapshot},
};
use crate::problems::PROBLEM_TYPES;
use contracts::platform::Platform;
use domain::{
    platform::{PlatformRules, RulesRefusal},
    shipping::{Consignment, Promise, PromisedFrom, ShippingRejection, check_count},
};
use infra::{
    clock,
    config::Config,
    http::Problem,
    platforms::UnknownPlatform::{self, Create, Refuse},
    quotes::{MAX_LENGTH, sign, verify},
    redis::Version,
    shared_secret::SECRET_LEN,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

const SECRET: [u8; SECRET_LEN] = [7; SECRET_LEN];

fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("of this shape")
}

/// A request for these lines, in euros, from `web` to Germany.
fn asked(lines: &Value) -> QuoteRequest {
    let place = json!({"country": "de", "region": "BY", "postal_code": "80 331"});
    read(json!({
        "platform": "web", "currency": "EUR", "lines": lines, "destination": place,
    }))
}

/// What is in the catalogue.
fn catalogue() -> Products {
    let everywhere = json!([
        {"currency": "EUR", "unit_price": 1000},
        {"currency": "JPY", "unit_price": 1500},
        {"platform": "web", "currency": "EUR", "unit_price": "9.995"},
    ]);
    let products = [
        ("LAMP", Some(1_200), true, everywhere, false),
        ("DESK", Some(30_000), true, json!([]), false),
        (
            "GIFT",
            None,
            false,
            json!([{"currency": "EUR", "unit_price": 5000}]),
            false,
        ),
        (
            "GONE",
            Some(10),
            true,
            json!([{"currency": "EUR", "unit_price": 1}]),
            true,
        ),
    ];
    let product =
        |(sku, weight, ships, prices, archived): (&str, Option<i64>, bool, Value, bool)| {
            let product = json!({
                "sku": sku, "title": "A product", "weight_grams": weight,
                "requires_shipping": ships, "prices": prices, "archived": archived,
            });
            (sku.to_owned(), read(product))
        };
    products.into_iter().map(product).collect()
}

fn rules_of_web() -> PlatformRules {
    PlatformRules::unknown("web".try_into().expect("a slug"))
}

fn goods_of(lines: &Value) -> Result<Goods, Problem> {
    Goods::of(&asked(lines), &rules_of_web(), &catalogue())
}

/// Code of a refusal, and where in the body its cause is.
fn told<T>(result: Result<T, Problem>) -> (u16, String, Vec<String>) {
    let document = result.err().expect("refused").document(None, None);
    let pointers = document
        .errors
        .into_iter()
        .filter_map(|error| error.pointer);
    (document.status, document.code, pointers.collect())
}

/// A zone and two methods, one of them for baskets of less than 10 kg; as of a
/// state of this number.
fn shipping(number: u64) -> Arc<Snapshot> {
    let zone = json!({"id": "de", "name": "Germany", "countries": ["DE"], "rest_of_world": false,
        "archived": false});
    let method = |id: &str, most: Value| {
        json!({"id": id, "name": id, "zones": ["de"], "max_weight_grams": most, "tax_rate": "19",
            "rates": [{"currency": "EUR", "charge": {"kind": "flat", "amount": 500}}],
            "archived": false})
    };
    let methods = [
        method("freight", Value::Null),
        method("parcel", json!(10_000)),
    ];
    let version = Version { build: 1, number };
    let state = ShippingState {
        zones: version,
        methods: version,
    };
    let methods = methods.map(|method| (7, read(method)));
    Arc::new(Snapshot::of(state, [(3, read(zone))], methods).expect("readable"))
}

fn all_of(lines: &Value, state: u64, platform_version: i64) -> Asked {
    let place = asked(&json!([])).destination.place();
    let goods = goods_of(lines).unwrap_or_else(|problem| panic!("{problem}"));
    Asked {
        basket: goods.basket.expect("goods"),
        place,
        platform_version,
        shipping: shipping(state),
    }
}

#[test]
fn a_price_is_that_of_the_request_else_that_of_the_catalogue() {
    let goods = goods_of(&json!([
        {"sku": "LAMP", "quantity": 2},
        {"sku": "LAMP", "quantity": 2, "unit_price": "1.5", "discount": 50},
        {"sku": "DESK", "quantity": 1, "unit_price": 20_000},
        {"sku": "GONE", "quantity": 1, "unit_price": 7},
        {"sku": "OTHER", "quantity": 1, "unit_price": 3},
    ]));
    let goods = goods.unwrap_or_else(|problem| panic!("{problem}"));
    let prices = goods.lines.iter().map(|line| line.unit_price.to_string());
    let prices: Vec<String> = prices.collect();
    assert_eq!(prices, ["9.995", "1.5", "20000", "7", "3"]);
    let basket = goods.basket.expect("goods");
    let lines = basket.lines().iter();
    let lines: Vec<_> = lines
        .map(|line| (&*line.sku, line.quantity, line.amount, line.weight_grams))
        .collect();
    let expected = [
        ("DESK", 1, 20_000, Some(30_000)),
        ("GONE", 1, 7, Some(10)),
        // 2 × 9.995 and 2 × 1.50 − 0.50.
        ("LAMP", 4, 1_999 + 250, Some(1_200)),
        ("OTHER", 1, 3, None),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_line_without_a_price_is_pointed_at() {
    let goods = goods_of(&json!([
        {"sku": "LAMP", "quantity": 1},
        {"sku": "DESK", "quantity": 1},
        {"sku": "GONE", "quantity": 1},
        {"sku": "OTHER", "quantity": 1},
    ]));
    let pointers = [1, 2, 3].map(|line| format!("/lines/{line}/unit_price"));
    let expected = (422, "price_unknown".to_owned(), pointers.to_vec());
    assert_eq!(told(goods), expected);
}

#[test]
fn what_goes_into_no_parcel_is_not_shipped_and_its_line_is_checked_all_the_same() {
    let gift = json!({"sku": "GIFT", "quantity": 1});
    let alone = goods_of(&json!([gift])).unwrap_or_else(|problem| panic!("{problem}"));
    assert!(alone.basket.is_none() && alone.lines.len() == 1);
    let lamp = json!({"sku": "LAMP", "quantity": 1});
    let beside = goods_of(&json!([gift, lamp])).unwrap_or_else(|problem| panic!("{problem}"));
    let basket = beside.basket.expect("a lamp");
    assert_eq!(
        (basket.subtotal(), basket.units(), beside.lines.len()),
        (1_000, 1, 2)
    );
    let none = json!({"sku": "LAMP", "quantity": 0});
    let (status, code, pointers) = told(goods_of(&json!([gift, gift, none])));
    assert_eq!((status, code.as_str()), (422, "quantity_out_of_range"));
    assert_eq!(pointers, ["/lines/2/quantity"]);
}

#[test]
fn a_platform_says_whether_it_takes_such_orders() {
    let lamp = json!([{"sku": "LAMP", "quantity": 1}]);
    let platform = |change: Value| -> Platform {
        let mut platform = json!({
            "slug": "web", "name": "Web", "active": true, "archived": false,
            "prices_include_tax": true, "auto_confirm": false, "allow_unpaid_shipping": false,
            "on_cancellation": "nothing", "client_prices": "must_match",
        });
        for (name, value) in change.as_object().into_iter().flatten() {
            platform[name] = value.clone();
        }
        read(platform)
    };
    let ruled = |platform: Option<Platform>, configured: Value, unknown: UnknownPlatform| {
        let known = platform.as_ref().map(|platform| (9, platform));
        let config = Config {
            platforms: read(configured),
            unknown_platform: unknown,
            ..Config::default()
        };
        goods::rules(&asked(&lamp), known, &Unsaved::new(&config))
    };
    let unnamed = |platform, unknown| ruled(platform, json!({}), unknown);
    let known = unnamed(Some(platform(json!({"currency": "EUR"}))), Refuse);
    let known = known.unwrap_or_else(|problem| panic!("{problem}"));
    assert!(known.version == 9 && known.prices_include_tax);
    let made = unnamed(None, Create).unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!(made, rules_of_web());
    for (name, unknown) in [("web", Refuse), ("default", Refuse), ("web", Create)] {
        let configured = json!({name: {"prices_include_tax": true}});
        let configured = ruled(None, configured, unknown);
        let configured = configured.unwrap_or_else(|problem| panic!("{problem}"));
        assert!(
            configured.version == 0 && configured.prices_include_tax,
            "{name}"
        );
    }
    for (change, status, code, pointers) in [
        (None, 422, "platform_not_found", vec!["/platform"]),
        (
            Some(json!({"active": false})),
            409,
            "platform_inactive",
            vec![],
        ),
        (
            Some(json!({"active": false, "archived": true})),
            409,
            "platform_archived",
            vec![],
        ),
        (
            Some(json!({"currency": "GBP"})),
            422,
            "platform_currency",
            vec!["/currency"],
        ),
    ] {
        let refused = told(unnamed(change.map(platform), Refuse));
        let pointers: Vec<String> = pointers.into_iter().map(str::to_owned).collect();
        assert_eq!(refused, (status, code.to_owned(), pointers));
    }
}

#[test]
fn what_comes_to_the_same_has_one_key_as_long_as_all_of_it_is_the_same() {
    let lamp = json!({"sku": "LAMP", "quantity": 2, "unit_price": 100});
    let half = json!({"sku": "LAMP", "quantity": 1, "unit_price": 100});
    let desk = json!({"sku": "DESK", "quantity": 1, "unit_price": 900});
    let key = |lines: &Value, state, version| all_of(lines, state, version).key();
    let one = key(&json!([lamp, desk]), 1, 1);
    assert!(one.starts_with("web:"), "{one}");
    assert_eq!(one, key(&json!([desk, lamp]), 1, 1));
    assert_eq!(one, key(&json!([half, desk, half]), 1, 1));
    for other in [
        key(&json!([lamp, lamp, desk]), 1, 1),
        key(&json!([lamp]), 1, 1),
        key(&json!([lamp, desk]), 2, 1),
        key(&json!([lamp, desk]), 1, 2),
    ] {
        assert_ne!(one, other);
    }
}

#[test]
fn what_is_kept_is_what_was_computed() {
    let lines = json!([{"sku": "DESK", "quantity": 1, "unit_price": 900}]);
    let asked = all_of(&lines, 1, 1);
    let computed = Computed::of(&asked);
    assert_eq!((computed.offers.len(), computed.refused.len()), (1, 1));
    let kept = serde_json::to_vec(&computed).expect("JSON");
    let found: Computed = serde_json::from_slice(&kept).expect("what was kept");
    assert_eq!(found, computed);
    let told = serde_json::to_value(&found.refused).expect("JSON");
    let expected = json!([{"method": "parcel", "name": "parcel", "reasons": [{
        "code": "above_max_weight", "detail": "the basket weighs more than 10000 g", "max": 10_000,
    }]}]);
    assert_eq!(told, expected);
}

#[test]
fn an_offer_is_promised_in_a_text_of_limited_length() {
    let asked = asked(&json!([{"sku": "LAMP", "quantity": 2}]));
    let goods = Goods::of(&asked, &rules_of_web(), &catalogue());
    let goods = goods.unwrap_or_else(|problem| panic!("{problem}"));
    let all = all_of(&json!([{"sku": "LAMP", "quantity": 2}]), 1, 1);
    let mut offer = Computed::of(&all).offers.remove(0);
    let from = PromisedFrom {
        method: i64::MAX,
        zone: i64::MAX,
        platform: i64::MAX,
    };
    let slug = "w".repeat(64);
    for name in ["\"".repeat(64), "é".repeat(2_000)] {
        offer.name = name.try_into().expect("a name");
        offer.method = "\\".repeat(64).try_into().expect("an id");
        offer.amount = i64::MAX;
        offer.tax = i64::MAX;
        let place = asked.destination.place();
        let consignment = Consignment::new(&slug, asked.currency, &goods.lines, place);
        let promise = Promise::new(&offer, consignment.clone(), from);
        let now = clock::now();
        let text = sign(&SECRET, &promise, now + time::Duration::days(1)).expect("JSON");
        assert!(text.len() <= MAX_LENGTH, "{}", text.len());
        let verified: Promise = verify(&SECRET, &text, now).expect("ours");
        assert_eq!(verified.covers(&consignment), Ok(()));
        assert_eq!(verified, promise);
    }
}

#[test]
fn every_refusal_has_a_page() {
    let currency = "EUR".parse().expect("known");
    let closed = [
        RulesRefusal::PlatformInactive,
        RulesRefusal::PlatformArchived,
        RulesRefusal::PlatformCurrency {
            expected: "EUR".to_owned(),
            given: "GBP".to_owned(),
        },
    ];
    let (line, amount) = (0, 1);
    let baskets = [
        check_count(0).expect_err("none"),
        check_count(usize::MAX).expect_err("too many"),
        ShippingRejection::QuantityOutOfRange {
            line,
            quantity: 0,
            limit: 1,
        },
        ShippingRejection::PriceNegative { line },
        ShippingRejection::DiscountOutOfRange {
            line,
            discount: 2,
            amount,
        },
        ShippingRejection::AmountOverflow,
    ];
    let problems = [
        platform_not_found("web"),
        prices_unknown(&[0], "web", currency),
    ]
    .into_iter()
    .chain(closed.iter().map(not_for_platform))
    .chain(baskets.iter().map(refused));
    for problem in problems {
        let code = problem.code();
        assert!(PROBLEM_TYPES.iter().any(|kind| kind.code == code), "{code}");
    }
}
