//! What holds of any commands.

use super::seller;
use crate::platform::{
    ChangePlatform, Platform, PlatformCommand, PlatformEvent, SavePlatform, decide, evolve,
};
use contracts::platform::{ClientPrices, ClientShipping, OnCancellation, RateLimit, Seller};
use proptest::prelude::*;
use serde_json::{Value, json};

/// One of the right ones; seldom one of the wrong ones, so that most commands
/// are taken.
fn mostly<T: Clone + std::fmt::Debug + 'static>(
    right: &[T],
    wrong: &[T],
) -> impl Strategy<Value = T> + Clone + use<T> {
    prop_oneof![
        30 => prop::sample::select(right.to_vec()),
        1 => prop::sample::select(wrong.to_vec()),
    ]
}

fn seconds() -> impl Strategy<Value = Option<u64>> + Clone {
    prop::option::of(mostly(&[1, 60, 3_600], &[u64::MAX]))
}

fn rate_limit() -> impl Strategy<Value = Option<RateLimit>> + Clone {
    let parts = (mostly(&[1_u32, 2], &[0]), mostly(&[1_u32, 60], &[0]));
    let limit = |(requests, window_seconds)| RateLimit {
        requests,
        window_seconds,
    };
    prop::option::of(parts.prop_map(limit))
}

fn any_seller() -> impl Strategy<Value = Option<Seller>> + Clone {
    let parts = (
        mostly(&["A", "B"], &["", "a\nb"]),
        mostly(&[1, 2], &[0, 9]),
        mostly(&["en-GB", "de-DE"], &["tlh"]),
        prop::option::of(mostly(&["a.png", "b.png"], &["../a.png"])),
    );
    let of = |(name, lines, locale, logo): (&str, usize, &str, Option<&str>)| Seller {
        name: name.to_owned(),
        address: vec!["x".to_owned(); lines],
        locale: locale.to_owned(),
        logo: logo.map(str::to_owned),
        ..seller()
    };
    prop::option::of(parts.prop_map(of))
}

fn on_cancellation() -> impl Strategy<Value = OnCancellation> + Clone {
    use OnCancellation::{Nothing, Record, Request};
    prop::sample::select(vec![Request, Record, Nothing])
}

fn client_prices() -> impl Strategy<Value = ClientPrices> + Clone {
    prop::sample::select(vec![ClientPrices::MustMatch, ClientPrices::Accepted])
}

fn client_shipping() -> impl Strategy<Value = ClientShipping> + Clone {
    prop::sample::select(vec![ClientShipping::Any, ClientShipping::Quoted])
}

/// A platform named `web`, seldom `shop`; some of its members may be wrong.
fn save() -> impl Strategy<Value = SavePlatform> {
    let head = (
        mostly(&["web"], &["shop"]),
        "[a-c]{1,2}",
        prop::option::of(prop::sample::select(vec!["EUR", "JPY"])),
        prop::option::of(mostly(&["DE", "FR"], &["QQ"])),
    );
    let flags = prop::array::uniform4(any::<bool>());
    let rest = (
        seconds(),
        seconds(),
        on_cancellation(),
        prop::option::of(mostly(&["W-", "X/"], &["W1", ""])),
        client_prices(),
        rate_limit(),
        any_seller(),
        client_shipping(),
    );
    (head, flags, rest).prop_map(|(head, flags, rest)| SavePlatform {
        slug: head.0.try_into().expect("a slug"),
        name: head.1.try_into().expect("valid"),
        currency: head.2.map(|code| code.parse().expect("known")),
        country: head
            .3
            .map(|code| code.to_owned().try_into().expect("letters")),
        active: flags[0],
        prices_include_tax: flags[1],
        auto_confirm: flags[2],
        allow_unpaid_shipping: flags[3],
        expire_unpaid_after_seconds: rest.0,
        archive_settled_after_seconds: rest.1,
        on_cancellation: rest.2,
        number_prefix: rest.3.map(str::to_owned),
        client_prices: rest.4,
        client_shipping: rest.7,
        rate_limit: rest.5,
        seller: rest.6,
    })
}

/// Some members of such a platform.
fn change() -> impl Strategy<Value = ChangePlatform> {
    (save(), any::<u16>()).prop_map(|(all, named)| {
        let named = |bit: u32| named & (1 << bit) != 0;
        ChangePlatform {
            name: named(0).then_some(all.name),
            currency: named(1).then_some(all.currency),
            country: named(2).then_some(all.country),
            active: named(3).then_some(all.active),
            prices_include_tax: named(4).then_some(all.prices_include_tax),
            auto_confirm: named(5).then_some(all.auto_confirm),
            allow_unpaid_shipping: named(6).then_some(all.allow_unpaid_shipping),
            expire_unpaid_after_seconds: named(7).then_some(all.expire_unpaid_after_seconds),
            archive_settled_after_seconds: named(8).then_some(all.archive_settled_after_seconds),
            on_cancellation: named(9).then_some(all.on_cancellation),
            number_prefix: named(10).then_some(all.number_prefix),
            client_prices: named(11).then_some(all.client_prices),
            client_shipping: named(14).then_some(all.client_shipping),
            rate_limit: named(12).then_some(all.rate_limit),
            seller: named(13).then_some(all.seller),
        }
    })
}

fn command() -> impl Strategy<Value = PlatformCommand> {
    use PlatformCommand::{Activate, Archive, Deactivate, Restore};
    prop_oneof![
        3 => save().prop_map(Into::into),
        4 => change().prop_map(Into::into),
        2 => prop::sample::select(vec![Activate, Deactivate]),
        1 => prop::sample::select(vec![Archive, Restore]),
    ]
}

/// What a change is as JSON: a merge patch (RFC 7396), but that the seller and
/// the limit are replaced as a whole.
fn as_patch(change: &ChangePlatform) -> Value {
    let all = json!({
        "name": change.name, "currency": change.currency, "country": change.country,
        "active": change.active, "prices_include_tax": change.prices_include_tax,
        "auto_confirm": change.auto_confirm,
        "allow_unpaid_shipping": change.allow_unpaid_shipping,
        "expire_unpaid_after_seconds": change.expire_unpaid_after_seconds,
        "archive_settled_after_seconds": change.archive_settled_after_seconds,
        "on_cancellation": change.on_cancellation, "number_prefix": change.number_prefix,
        "client_shipping": change.client_shipping.filter(|shipping| !shipping.is_any()),
        "client_prices": change.client_prices, "rate_limit": change.rate_limit,
        "seller": change.seller,
    });
    let taken_away = [
        ("currency", matches!(change.currency, Some(None))),
        ("country", matches!(change.country, Some(None))),
        (
            "client_shipping",
            change.client_shipping == Some(ClientShipping::Any),
        ),
        ("number_prefix", matches!(change.number_prefix, Some(None))),
        ("rate_limit", matches!(change.rate_limit, Some(None))),
        ("seller", matches!(change.seller, Some(None))),
        (
            "expire_unpaid_after_seconds",
            matches!(change.expire_unpaid_after_seconds, Some(None)),
        ),
        (
            "archive_settled_after_seconds",
            matches!(change.archive_settled_after_seconds, Some(None)),
        ),
    ];
    let Value::Object(mut patch) = all else {
        unreachable!("an object")
    };
    let goes = |name: &str| taken_away.iter().any(|(gone, goes)| *gone == name && *goes);
    patch.retain(|name, value| !value.is_null() || goes(name));
    Value::Object(patch)
}

fn merged(document: &Value, patch: &Value) -> Value {
    let mut merged = document.clone();
    let members = merged.as_object_mut().expect("an object");
    for (name, value) in patch.as_object().expect("an object") {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    merged
}

/// The platform after a command, and its event; as it was, where the command is
/// refused.
fn step(platform: &Platform, command: PlatformCommand) -> (Platform, Option<PlatformEvent>) {
    let events = decide(platform, command).unwrap_or_default();
    assert!(events.len() <= 1, "its last event could not say all");
    let event = events.into_iter().next();
    let next = event.iter().fold(platform.clone(), evolve);
    (next, event)
}

proptest! {
    #[test]
    fn a_command_given_twice_is_given_once(
        commands in prop::collection::vec(command(), 0..12),
        last in command(),
    ) {
        let platform = commands.into_iter().fold(Platform::default(), |p, c| step(&p, c).0);
        let first = decide(&platform, last.clone());
        let (next, _) = step(&platform, last.clone());
        let second = decide(&next, last);
        match first {
            Ok(_) => prop_assert_eq!(second, Ok(Vec::new())),
            Err(refused) => prop_assert_eq!(second, Err(refused)),
        }
    }

    #[test]
    fn the_last_event_says_all_and_what_is_stored_reads_back(
        commands in prop::collection::vec(command(), 0..12),
    ) {
        let mut platform = Platform::default();
        for command in commands {
            let before = platform.clone();
            let (next, event) = step(&platform, command);
            platform = next;
            let Some(event) = event else {
                prop_assert_eq!(&platform, &before);
                continue;
            };
            prop_assert_ne!(&platform, &before, "an event is a change");
            prop_assert_eq!(&evolve(Platform::default(), &event), &platform);
            let stored = serde_json::to_string(&event).expect("JSON");
            let read = PlatformEvent::decode((event.name(), "1", &stored));
            prop_assert_eq!(read.expect("readable"), event);
            let kept = serde_json::to_string(&platform).expect("JSON");
            prop_assert_eq!(&serde_json::from_str::<Platform>(&kept).expect("readable"), &platform);
        }
    }

    #[test]
    fn a_changed_platform_reads_as_its_patch_merged_into_it(save in save(), change in change()) {
        let (platform, _) = step(&Platform::default(), save.into());
        prop_assume!(platform.now.is_some());
        let (next, event) = step(&platform, change.clone().into());
        prop_assume!(decide(&platform, change.clone().into()).is_ok());
        let before = serde_json::to_value(platform.now).expect("JSON");
        let now = serde_json::to_value(next.now).expect("JSON");
        prop_assert_eq!(&now, &merged(&before, &as_patch(&change)));
        let names = before.as_object().expect("an object").keys();
        let names = names.chain(now.as_object().expect("an object").keys());
        let mut differ: Vec<String> = names.filter(|n| before[*n] != now[*n]).cloned().collect();
        differ.sort();
        differ.dedup();
        let mut told = event.map_or_else(Vec::new, |event| event.change().changed.clone());
        told.sort();
        prop_assert_eq!(told, differ, "what has changed is told by name");
    }
}
