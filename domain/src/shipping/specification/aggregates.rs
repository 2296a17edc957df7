//! Zones and methods as aggregates: what is stored, and what is not.

use super::{country, id, method, new_zone, zone as saved_zone};
use crate::{
    order::RejectionKind,
    shipping::{
        Method, ShippingRejection, Zone,
        method::{self, ChangeMethod, ShippingMethod, ShippingMethodCommand, ShippingMethodEvent},
        zone::{self, ChangeZone, ShippingZone, ShippingZoneCommand, ShippingZoneEvent},
    },
};
use serde_json::{Value, json};

pub fn save(rules: &str) -> ShippingZoneCommand {
    ShippingZoneCommand::Save(Box::new(new_zone("z", rules)))
}

pub fn save_method(change: &Value) -> ShippingMethodCommand {
    ShippingMethodCommand::Save(Box::new(method(change).content().clone()))
}

/// A zone to which these commands were given, all of them accepted, and all of
/// its events.
pub fn zone_after(commands: &[ShippingZoneCommand]) -> (ShippingZone, Vec<ShippingZoneEvent>) {
    let (mut zone, mut all) = (ShippingZone::default(), Vec::new());
    for command in commands {
        let events = zone::decide(&zone, command.clone()).expect("accepted");
        zone = events.iter().fold(zone, zone::evolve);
        all.extend(events);
    }
    (zone, all)
}

/// The same of a method.
pub fn method_after(
    commands: &[ShippingMethodCommand],
) -> (ShippingMethod, Vec<ShippingMethodEvent>) {
    let (mut method, mut all) = (ShippingMethod::default(), Vec::new());
    for command in commands {
        let events = method::decide(&method, command.clone()).expect("accepted");
        method = events.iter().fold(method, method::evolve);
        all.extend(events);
    }
    (method, all)
}

#[test]
fn a_zone_is_saved_changed_archived_and_restored() {
    let change = ChangeZone {
        countries: Some(vec![country("IT")]),
        ..ChangeZone::default()
    };
    let (zone, events) = zone_after(&[
        save("DE FR GB:SW1A"),
        save("DE *"),
        ShippingZoneCommand::Change(Box::new(change)),
        ShippingZoneCommand::Archive,
        ShippingZoneCommand::Restore,
    ]);
    let told: Vec<(&str, Vec<&str>)> = events
        .iter()
        .map(|event| {
            let changed = event.change().changed.iter().map(String::as_str);
            (event.name(), changed.collect())
        })
        .collect();
    let expected = [
        ("ShippingZoneSaved", vec![]),
        (
            "ShippingZoneSaved",
            vec!["countries", "postal_codes", "rest_of_world"],
        ),
        ("ShippingZoneSaved", vec!["countries"]),
        ("ShippingZoneArchived", vec!["archived"]),
        ("ShippingZoneRestored", vec!["archived"]),
    ];
    assert_eq!(told, expected);
    let now = Zone::read(zone.there().expect("saved")).expect("readable");
    assert_eq!(now, saved_zone("z", "IT *"));
}

#[test]
fn a_method_is_saved_changed_archived_and_restored() {
    let change = ChangeMethod {
        zones: Some(vec![id("c"), id("b")]),
        max_weight_grams: Some(None),
        ..ChangeMethod::default()
    };
    let (now, events) = method_after(&[
        save_method(&json!({"zones": ["b", "a"], "max_weight_grams": 5, "min_days": 2})),
        ShippingMethodCommand::Change(Box::new(change)),
        ShippingMethodCommand::Archive,
        ShippingMethodCommand::Restore,
    ]);
    let told: Vec<(&str, Vec<&str>)> = events
        .iter()
        .map(|event| {
            let changed = event.change().changed.iter().map(String::as_str);
            (event.name(), changed.collect())
        })
        .collect();
    let expected = [
        ("ShippingMethodSaved", vec![]),
        ("ShippingMethodSaved", vec!["zones", "max_weight_grams"]),
        ("ShippingMethodArchived", vec!["archived"]),
        ("ShippingMethodRestored", vec!["archived"]),
    ];
    assert_eq!(told, expected);
    let now = Method::read(now.there().expect("saved")).expect("readable");
    assert_eq!(now, method(&json!({"zones": ["b", "c"], "min_days": 2})));
}

#[test]
fn what_changes_nothing_is_not_stored() {
    use ShippingMethodCommand as OfMethod;
    use ShippingZoneCommand as OfZone;
    let (zone, _) = zone_after(&[save("DE FR GB:SW1A_1 PL:00-950")]);
    for command in [
        save("FR PL:00950 GB:sw1a1 DE DE PL:00950..00950"),
        OfZone::Change(Box::default()),
        OfZone::Restore,
    ] {
        assert_eq!(
            zone::decide(&zone, command.clone()),
            Ok(vec![]),
            "{command:?}"
        );
    }
    let (archived, _) = zone_after(&[save("DE"), OfZone::Archive]);
    assert_eq!(zone::decide(&archived, OfZone::Archive), Ok(vec![]));

    let (method, _) = method_after(&[save_method(
        &json!({"zones": ["b", "a"], "tax_rate": "19.0"}),
    )]);
    for command in [
        save_method(&json!({"zones": ["a", "b", "a"], "tax_rate": "19"})),
        OfMethod::Change(Box::default()),
        OfMethod::Restore,
    ] {
        let outcome = method::decide(&method, command.clone());
        assert_eq!(outcome, Ok(vec![]), "{command:?}");
    }
    let (archived, _) = method_after(&[save_method(&json!({})), OfMethod::Archive]);
    assert_eq!(method::decide(&archived, OfMethod::Archive), Ok(vec![]));
}

#[test]
fn what_is_archived_is_restored_before_it_is_saved_or_changed() {
    use ShippingMethodCommand as OfMethod;
    use ShippingZoneCommand as OfZone;
    let (zone, _) = zone_after(&[save("DE"), OfZone::Archive]);
    for command in [save("DE"), save("FR"), OfZone::Change(Box::default())] {
        let refused = zone::decide(&zone, command).expect_err("archived");
        assert_eq!(refused, ShippingRejection::ZoneArchived);
        assert_eq!(refused.kind(), RejectionKind::Conflict);
    }
    let (method, _) = method_after(&[save_method(&json!({})), OfMethod::Archive]);
    for command in [save_method(&json!({})), OfMethod::Change(Box::default())] {
        let refused = method::decide(&method, command).expect_err("archived");
        assert_eq!(refused, ShippingRejection::MethodArchived);
        assert_eq!(refused.kind(), RejectionKind::Conflict);
    }
}

#[test]
fn what_is_not_there_is_only_made_by_saving_it() {
    use ShippingMethodCommand as OfMethod;
    use ShippingZoneCommand as OfZone;
    let (no_zone, no_method) = (ShippingZone::default(), ShippingMethod::default());
    for command in [
        OfZone::Archive,
        OfZone::Restore,
        OfZone::Change(Box::default()),
    ] {
        let refused = zone::decide(&no_zone, command).expect_err("absent");
        assert_eq!(refused, ShippingRejection::ZoneNotFound);
        assert_eq!(refused.kind(), RejectionKind::NotFound);
    }
    for command in [
        OfMethod::Archive,
        OfMethod::Restore,
        OfMethod::Change(Box::default()),
    ] {
        let refused = method::decide(&no_method, command).expect_err("absent");
        assert_eq!(refused, ShippingRejection::MethodNotFound);
        assert_eq!(refused.kind(), RejectionKind::NotFound);
    }
}

#[test]
fn what_cannot_be_a_zone_or_a_method_is_refused_however_it_comes_about() {
    let (zone, _) = zone_after(&[save("DE")]);
    let nothing = ChangeZone {
        countries: Some(Vec::new()),
        ..ChangeZone::default()
    };
    for command in [save(""), ShippingZoneCommand::Change(Box::new(nothing))] {
        let refused = zone::decide(&zone, command).expect_err("refused");
        assert_eq!(refused, ShippingRejection::ZoneEmpty);
        assert_eq!(refused.kind(), RejectionKind::Invalid);
    }
    let (method, _) = method_after(&[save_method(&json!({"max_days": 3}))]);
    let reversed = ChangeMethod {
        min_days: Some(Some(4)),
        ..ChangeMethod::default()
    };
    let command = ShippingMethodCommand::Change(Box::new(reversed));
    let refused = method::decide(&method, command).expect_err("refused");
    assert_eq!(refused.code(), "bounds_reversed");
}

#[test]
fn what_an_older_release_saved_and_this_one_cannot_read_is_saved_anew() {
    let (mut zone, _) = zone_after(&[save("DE")]);
    zone.now.as_mut().expect("saved").countries = vec!["Germany".to_owned()];
    let change = ShippingZoneCommand::Change(Box::default());
    let refused = zone::decide(&zone, change).expect_err("refused");
    assert_eq!(refused, ShippingRejection::ContentOutdated);
    assert_eq!(zone::decide(&zone, save("DE")).expect("accepted").len(), 1);
}
