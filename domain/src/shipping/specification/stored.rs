//! The stored form of the events, and what is published of it.

use super::aggregates::{method_after, save, save_method, zone_after};
use crate::{
    order::ContractError,
    shipping::{
        method::{
            ShippingMethod, ShippingMethodCommand, ShippingMethodEvent, evolve as next_method,
        },
        zone::{ShippingZone, ShippingZoneCommand, ShippingZoneEvent, evolve as next_zone},
    },
};
use contracts::{
    shipping::{method as published_method, zone as published_zone},
    whole::AfterVersion,
};
use serde_json::json;

/// Events as this release began to write them: what every later one reads.
const ZONES: &str = include_str!("../../../fixtures/shipping-zone-events-1.ndjson");
/// The same of methods.
const METHODS: &str = include_str!("../../../fixtures/shipping-method-events-1.ndjson");

fn zones() -> (ShippingZone, Vec<ShippingZoneEvent>) {
    zone_after(&[
        save("DE"),
        ShippingZoneCommand::Archive,
        ShippingZoneCommand::Restore,
        save("FR US-CA GB:SW1A_1 DE:01000..01999 *"),
    ])
}

fn methods() -> (ShippingMethod, Vec<ShippingMethodEvent>) {
    let flat = json!({"kind": "flat", "amount": 500});
    let charges = [
        ("EUR", flat),
        ("USD", json!({"kind": "per_item", "amount": 100})),
        (
            "GBP",
            json!({"kind": "first_additional", "first": 400, "additional": 50}),
        ),
        (
            "JPY",
            json!({"kind": "percent", "percent": "12.5", "min": 100, "max": 900}),
        ),
        (
            "PLN",
            json!({"kind": "weight_tiers", "tiers": [
                {"up_to": 1000, "amount": 1}, {"amount": 2},
            ]}),
        ),
        (
            "CHF",
            json!({"kind": "subtotal_tiers", "tiers": [{"up_to": 9, "amount": 3}]}),
        ),
    ];
    let rate = |(currency, charge)| {
        json!({
            "currency": currency, "charge": charge,
            "free_above": 90000, "min_subtotal": 1, "max_subtotal": 99999,
        })
    };
    method_after(&[
        save_method(&json!({})),
        ShippingMethodCommand::Archive,
        ShippingMethodCommand::Restore,
        save_method(&json!({
            "zones": ["a", "b"], "platforms": ["web"], "min_weight_grams": 1,
            "max_weight_grams": 30000, "max_parcel_weight_grams": 10000,
            "excluded_skus": ["X"], "min_days": 1, "max_days": 3, "tax_rate": "19",
            "rates": charges.map(rate),
        })),
    ])
}

fn lines<T: serde::Serialize>(events: &[T]) -> String {
    let lines = events
        .iter()
        .map(|event| serde_json::to_string(event).expect("JSON") + "\n");
    lines.collect()
}

/// Where this fails, an event is stored in another form than before. Add a
/// version with an upcaster; never change the files but by lines at their ends.
#[test]
fn events_are_stored_as_they_were_when_the_format_began() {
    let (zone, events) = zones();
    let text = lines(&events);
    assert_eq!(text, ZONES, "{text}");
    let stored = events
        .iter()
        .map(ShippingZoneEvent::name)
        .zip(ZONES.lines());
    let read = stored.map(|(name, line)| ShippingZoneEvent::decode((name, "1", line)));
    let read: Vec<ShippingZoneEvent> = read.collect::<Result<_, _>>().expect("readable");
    assert_eq!(read.iter().fold(ShippingZone::default(), next_zone), zone);

    let (method, events) = methods();
    let text = lines(&events);
    assert_eq!(text, METHODS, "{text}");
    let stored = events
        .iter()
        .map(ShippingMethodEvent::name)
        .zip(METHODS.lines());
    let read = stored.map(|(name, line)| ShippingMethodEvent::decode((name, "1", line)));
    let read: Vec<ShippingMethodEvent> = read.collect::<Result<_, _>>().expect("readable");
    assert_eq!(
        read.iter().fold(ShippingMethod::default(), next_method),
        method
    );
}

#[test]
fn moved_and_written_anew_are_the_same() {
    let (_, events) = zones();
    for (version, event) in (1..).zip(events) {
        let payload = serde_json::to_string(&event).expect("JSON");
        let after = AfterVersion { version };
        let after_text = serde_json::to_string(&after).expect("JSON");
        let moved = ShippingZoneEvent::contract_data((event.name(), "1", &payload), &after_text);
        let fact = event.into();
        let told = published_zone::ShippingZoneEvent { fact, after };
        let data = told.to_data().expect("JSON");
        assert_eq!(
            moved.expect("publishable"),
            (told.event_type(), data.clone())
        );
        let read = published_zone::ShippingZoneEvent::from_data(told.event_type(), &data);
        assert_eq!(read.expect("readable"), told);
    }
    let (_, events) = methods();
    for (version, event) in (1..).zip(events) {
        let payload = serde_json::to_string(&event).expect("JSON");
        let after = AfterVersion { version };
        let after_text = serde_json::to_string(&after).expect("JSON");
        let moved = ShippingMethodEvent::contract_data((event.name(), "1", &payload), &after_text);
        let fact = event.into();
        let told = published_method::ShippingMethodEvent { fact, after };
        let data = told.to_data().expect("JSON");
        assert_eq!(
            moved.expect("publishable"),
            (told.event_type(), data.clone())
        );
        let read = published_method::ShippingMethodEvent::from_data(told.event_type(), &data);
        assert_eq!(read.expect("readable"), told);
    }
}

#[test]
fn versions_are_counted_again_where_a_stream_is_published_anew() {
    let names = zones().1;
    let stored = names.iter().map(ShippingZoneEvent::name).zip(ZONES.lines());
    let stream = stored.map(|(name, line)| (name, "1", line));
    let stream = ShippingZoneEvent::contract_stream(stream).expect("readable");
    let told = stream
        .iter()
        .map(|event| (event.event_type(), event.after.version));
    let expected = [
        ("shipping_zone.saved", 1),
        ("shipping_zone.archived", 2),
        ("shipping_zone.restored", 3),
        ("shipping_zone.saved", 4),
    ];
    assert!(told.eq(expected));
}

#[test]
fn what_is_no_event_of_theirs_is_not_published() {
    let newer = ShippingZoneEvent::contract_data(("ShippingZoneSaved", "2", "{}"), "{}");
    assert!(matches!(newer, Err(ContractError::Version(_))));
    let unknown = ShippingMethodEvent::contract_data(("ShippingMethodMoved", "1", "{}"), "{}");
    assert!(matches!(unknown, Err(ContractError::Version(_))));
    let damaged = ShippingMethodEvent::contract_data(("ShippingMethodSaved", "1", "{}"), "{}");
    assert!(matches!(damaged, Err(ContractError::Payload(_))));
    let refused = published_zone::ShippingZoneEvent::from_data("shipping_zone.moved", b"{}");
    assert!(refused.is_err());
}
