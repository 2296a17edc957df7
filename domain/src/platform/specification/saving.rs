//! What commands store.

use super::{bare, given, gone, history, seller, web};
use crate::platform::{
    ChangePlatform, Platform, PlatformCommand, PlatformEvent, SavePlatform, decide,
};
use contracts::platform::{ClientPrices, OnCancellation};

/// Name of the event that the command leads to, and what it says has changed.
fn stored(platform: &Platform, command: impl Into<PlatformCommand>) -> (String, Vec<String>) {
    match decide(platform, command.into()).as_deref() {
        Ok([event]) => (event.name().to_owned(), event.change().changed.clone()),
        other => panic!("one event expected: {other:?}"),
    }
}

fn nothing(platform: &Platform, command: impl Into<PlatformCommand>) {
    assert_eq!(decide(platform, command.into()), Ok(Vec::new()));
}

#[test]
fn a_platform_of_which_nothing_is_said_does_nothing_by_itself() {
    let platform = given([bare("web").into()]);
    let now = platform.there().expect("there");
    assert!(now.active && !now.archived && now.name == "web");
    assert!(!now.auto_confirm && !now.allow_unpaid_shipping && !now.prices_include_tax);
    assert_eq!(now.expire_unpaid_after_seconds, None);
    assert_eq!(now.on_cancellation, OnCancellation::Request);
    assert_eq!(now.client_prices, ClientPrices::MustMatch);
}

#[test]
fn one_that_is_made_because_an_order_names_it_takes_prices_as_they_are() {
    let slug = "web".try_into().expect("a slug");
    let platform = given([SavePlatform::unknown(slug).into()]);
    let now = platform.there().expect("there");
    assert_eq!(now.client_prices, ClientPrices::Accepted);
}

#[test]
fn the_first_event_has_changed_nothing_and_the_next_ones_say_what() {
    let (_, events) = history([web().into()]);
    assert!(events[0].change().changed.is_empty());
    let named = SavePlatform {
        name: "Shop".try_into().expect("valid"),
        seller: None,
        ..web()
    };
    let (name, changed) = stored(&given([web().into()]), named);
    assert_eq!(name, "PlatformSaved");
    assert_eq!(changed, ["name", "seller"]);
}

#[test]
fn saving_replaces_all_of_it() {
    let platform = given([web().into(), bare("web").into()]);
    assert_eq!(platform, given([bare("web").into()]));
}

#[test]
fn what_is_there_already_stores_nothing() {
    let platform = given([web().into()]);
    nothing(&platform, web());
    nothing(&platform, ChangePlatform::default());
    nothing(&platform, PlatformCommand::Activate);
    nothing(&platform, PlatformCommand::Restore);
    let same = ChangePlatform {
        currency: Some(web().currency),
        number_prefix: Some(web().number_prefix),
        seller: Some(Some(seller())),
        ..ChangePlatform::default()
    };
    nothing(&platform, same);
    nothing(&gone(), PlatformCommand::Archive);
}

#[test]
fn a_change_takes_away_what_it_names_as_none_and_keeps_what_it_does_not_name() {
    let platform = given([web().into()]);
    let change = ChangePlatform {
        expire_unpaid_after_seconds: Some(None),
        country: Some(None),
        ..ChangePlatform::default()
    };
    let (name, changed) = stored(&platform, change.clone());
    assert_eq!(name, "PlatformSaved");
    assert_eq!(changed, ["country", "expire_unpaid_after_seconds"]);
    let expected = SavePlatform {
        expire_unpaid_after_seconds: None,
        country: None,
        ..web()
    };
    let changed = given([web().into(), change.into()]);
    assert_eq!(changed, given([expected.into()]));
}

#[test]
fn whether_it_is_active_is_one_of_its_members() {
    let platform = given([web().into()]);
    let (name, changed) = stored(&platform, PlatformCommand::Deactivate);
    assert_eq!(
        (name.as_str(), changed),
        ("PlatformSaved", vec!["active".to_owned()])
    );
    let closed = given([web().into(), PlatformCommand::Deactivate]);
    let saved = SavePlatform {
        active: false,
        ..web()
    };
    assert_eq!(closed, given([saved.into()]));
    nothing(&closed, PlatformCommand::Deactivate);
}

#[test]
fn an_archived_platform_comes_back_as_it_was() {
    let closed = [web().into(), PlatformCommand::Deactivate];
    let (name, changed) = stored(&given(closed.clone()), PlatformCommand::Archive);
    assert_eq!(
        (name.as_str(), changed),
        ("PlatformArchived", vec!["archived".to_owned()])
    );
    let archived = closed.clone().into_iter().chain([PlatformCommand::Archive]);
    let (back, events) = history(archived.chain([PlatformCommand::Restore]));
    assert_eq!(back, given(closed));
    assert!(matches!(
        events.last(),
        Some(PlatformEvent::PlatformRestored(_))
    ));
}

/// A currency of its own decides nothing about orders that exist, as each has
/// its own: see docs/DECISIONS.md, 166.
#[test]
fn currency_tax_mode_and_prefix_may_change() {
    let change = ChangePlatform {
        currency: Some(Some("USD".parse().expect("known"))),
        prices_include_tax: Some(false),
        number_prefix: Some(Some("WEB-".to_owned())),
        ..ChangePlatform::default()
    };
    let (_, changed) = stored(&given([web().into()]), change);
    assert_eq!(changed, ["currency", "prices_include_tax", "number_prefix"]);
}
