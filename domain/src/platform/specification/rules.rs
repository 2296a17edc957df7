//! What orders see of a platform.

use super::{bare, given, web};
use crate::platform::{
    ChangePlatform, Origin, Platform, PlatformCommand, PlatformRules, RulesRefusal, SavePlatform,
};
use contracts::platform::{ClientPrices, ClientShipping, OnCancellation, RateLimit};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn rules(platform: &Platform) -> PlatformRules {
    PlatformRules::of(platform.there().expect("there"), 7)
}

#[test]
fn rules_are_the_platform_s_own_under_its_version() {
    let limit = RateLimit {
        requests: 100,
        window_seconds: 60,
    };
    let expected = PlatformRules {
        slug: "web".to_owned(),
        version: 7,
        active: true,
        archived: false,
        currency: Some("EUR".parse().expect("known")),
        country: Some("DE".to_owned().try_into().expect("known")),
        prices_include_tax: true,
        auto_confirm: true,
        allow_unpaid_shipping: false,
        expire_unpaid_after_seconds: Some(3_600),
        archive_settled_after_seconds: Some(86_400),
        on_cancellation: OnCancellation::Record,
        number_prefix: Some("W-".to_owned()),
        client_prices: ClientPrices::MustMatch,
        client_shipping: ClientShipping::Any,
        rate_limit: Some(limit),
    };
    assert_eq!(rules(&given([web().into()])), expected);
}

#[test]
fn a_platform_that_nobody_has_saved_takes_what_comes() {
    let slug = "web".try_into().expect("a slug");
    let rules = PlatformRules::unknown(slug);
    let (eur, jpy) = ("EUR".parse(), "JPY".parse());
    assert_eq!((rules.slug.as_str(), rules.version), ("web", 0));
    assert_eq!(rules.takes(Origin::Here), Ok(()));
    for currency in [eur, jpy] {
        let currency = currency.expect("known");
        assert_eq!(rules.takes_currency(currency, Origin::Here), Ok(()));
    }
    assert!(!rules.prices_include_tax && rules.may_set_prices(false));
}

/// Rows of: commands after the first one, for an order of its own, for one from
/// elsewhere.
#[test]
fn a_closed_platform_records_only_what_was_placed_elsewhere_and_an_archived_one_nothing() {
    use PlatformCommand::{Activate, Archive, Deactivate, Restore};
    let (inactive, archived) = (
        Err(RulesRefusal::PlatformInactive),
        Err(RulesRefusal::PlatformArchived),
    );
    for (commands, here, elsewhere) in [
        (vec![], Ok(()), Ok(())),
        (vec![Deactivate], inactive.clone(), Ok(())),
        (vec![Deactivate, Activate], Ok(()), Ok(())),
        (vec![Archive], archived.clone(), archived.clone()),
        (
            vec![Deactivate, Archive],
            archived.clone(),
            archived.clone(),
        ),
        (vec![Deactivate, Archive, Restore], inactive, Ok(())),
    ] {
        let name = format!("{commands:?}");
        let commands = [web().into()].into_iter().chain(commands);
        let rules = rules(&given(commands));
        assert_eq!(rules.takes(Origin::Here), here, "{name}");
        assert_eq!(rules.takes(Origin::Elsewhere), elsewhere, "{name}");
    }
}

#[test]
fn orders_of_its_own_are_in_its_currency() {
    let (eur, gbp) = ("EUR".parse().expect("known"), "GBP".parse().expect("known"));
    let one = rules(&given([web().into()]));
    assert_eq!(one.takes_currency(eur, Origin::Here), Ok(()));
    let refused = RulesRefusal::PlatformCurrency {
        expected: "EUR".to_owned(),
        given: "GBP".to_owned(),
    };
    assert_eq!(refused.code(), "platform_currency");
    assert_eq!(one.takes_currency(gbp, Origin::Here), Err(refused));
    assert_eq!(one.takes_currency(gbp, Origin::Elsewhere), Ok(()));
    let any = rules(&given([bare("web").into()]));
    assert_eq!(any.takes_currency(gbp, Origin::Here), Ok(()));
}

#[test]
fn an_order_that_names_no_country_is_from_the_platform_s() {
    let german = rules(&given([web().into()]));
    assert_eq!(german.country_of(Some("FR")), "FR");
    assert_eq!(german.country_of(None), "DE");
    let nowhere = rules(&given([bare("web").into()]));
    assert_eq!(nowhere.country_of(None), "ZZ");
}

#[test]
fn who_may_set_prices() {
    let checked = rules(&given([web().into()]));
    assert!(!checked.may_set_prices(false) && checked.may_set_prices(true));
    let accepting = ChangePlatform {
        client_prices: Some(ClientPrices::Accepted),
        ..ChangePlatform::default()
    };
    let accepting = rules(&given([web().into(), accepting.into()]));
    assert!(accepting.may_set_prices(false));
}

#[test]
fn who_may_say_what_shipping_costs() {
    let any = rules(&given([web().into()]));
    assert!(any.may_set_shipping(false) && any.may_set_shipping(true));
    let quoted = ChangePlatform {
        client_shipping: Some(ClientShipping::Quoted),
        ..ChangePlatform::default()
    };
    let quoted = rules(&given([web().into(), quoted.into()]));
    assert!(!quoted.may_set_shipping(false) && quoted.may_set_shipping(true));
}

#[test]
fn a_number_is_the_prefix_and_the_number() {
    assert_eq!(rules(&given([web().into()])).number(1_001), "W-1001");
    assert_eq!(rules(&given([bare("web").into()])).number(1_001), "1001");
}

proptest! {
    /// Numbers are taken in blocks and used beside each other by several
    /// processes, which hear of another prefix one after the other; so prefixes
    /// come and go in any order while numbers are given.
    #[test]
    fn no_two_orders_have_one_number_however_often_the_prefix_changes(
        prefixes in prop::collection::vec(prop::option::of("[A-Z0-9]{0,3}[A-Z/-]"), 1..8),
        order in prop::collection::vec(0_usize..8, 1..200),
    ) {
        let made: BTreeSet<String> = (990..).zip(&order).map(|(number, at)| {
            let save = SavePlatform {
                number_prefix: prefixes[at % prefixes.len()].clone(),
                ..bare("web")
            };
            rules(&given([save.into()])).number(number)
        }).collect();
        prop_assert_eq!(made.len(), order.len());
    }
}
