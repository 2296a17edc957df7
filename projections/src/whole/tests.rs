//! What an event leaves.

use super::{Carried, Left, Platforms, Products, Row, ShippingZones, Whole, store};
use crate::engine::{Event, Fold, Projection, Step};
use contracts::{
    CloudEvent, LogPosition, PositionToken,
    product::{Fact, Product, ProductChange, ProductEvent},
    shipping::zone::ShippingZone,
    topics,
    whole::{AfterVersion, Versioned},
};
use serde_json::{Value, json};
use std::collections::HashMap;
use time::macros::datetime;
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(7);

fn product(title: &str, archived: bool) -> Product {
    let product = json!({
        "sku": "LAMP-01/é", "title": title, "requires_shipping": true, "archived": archived,
        "prices": [{"currency": "EUR", "unit_price": 1250}],
    });
    serde_json::from_value(product).expect("a product")
}

fn event(version: i64, title: &str, archived: bool) -> Event<ProductEvent> {
    let data = ProductEvent {
        fact: Fact::ProductSaved(Box::new(ProductChange {
            product: product(title, archived),
            changed: Vec::new(),
        })),
        after: AfterVersion { version },
    };
    Event {
        envelope: CloudEvent {
            id: Uuid::from_u128(2),
            event_type: data.event_type().to_owned(),
            time: datetime!(2026-01-31 10:00:00.000250 UTC),
            subject: ID,
            sequence: version,
            actor: "key_1".to_owned(),
            position: PositionToken {
                topic: topics::CATALOG_EVENTS.to_owned(),
                partition: 5,
                at: LogPosition::START,
            },
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            platform_version: None,
        },
        raw: data.to_data().expect("JSON"),
        data,
    }
}

fn left(row: Row) -> Left {
    match row {
        Row::Left(left) => *left,
        Row::Stored(version) => panic!("version {version} as it is stored"),
    }
}

#[test]
fn the_last_event_says_all_whatever_was_stored_before() {
    let mut fold = Fold::<Whole<Products>>::over(HashMap::from([(ID, Row::Stored(2))]));
    let skipped = fold.step(&event(2, "An old name", false)).expect("applied");
    assert_eq!(skipped, Step::Skipped);
    fold.step(&event(3, "Lamp", false)).expect("applied");
    fold.step(&event(4, "Lamp, red", true)).expect("applied");
    let rows = fold.finish().rows;
    let left = left(rows.into_values().next().expect("a row"));
    let updated_at = datetime!(2026-01-31 10:00:00.000250 UTC);
    let expected = Versioned {
        document: product("Lamp, red", true),
        subject: ID,
        version: 4,
        updated_at,
    };
    let document = serde_json::to_string(&expected).expect("JSON");
    assert_eq!(
        left,
        Left {
            version: 4,
            partition: 5,
            key: "LAMP-01/é".to_owned(),
            title: "Lamp, red".to_owned(),
            archived: true,
            updated_at,
            document,
        }
    );
}

#[test]
fn what_the_log_has_left_out_is_a_gap() {
    let mut fold = Fold::<Whole<Products>>::over(HashMap::new());
    let gap = fold.step(&event(2, "Lamp", false)).expect("no fault");
    assert_eq!(gap, Step::Gap, "the log is asked");
}

/// The members of each document and what is known about it have names of their
/// own.
#[test]
fn no_member_of_a_document_is_there_twice() {
    let zone = json!({
        "id": "eu", "name": "Europe", "rest_of_world": false, "archived": false,
    });
    let document: ShippingZone = serde_json::from_value(zone).expect("a zone");
    let versioned = Versioned {
        document,
        subject: ID,
        version: 1,
        updated_at: datetime!(2026-01-31 10:00 UTC),
    };
    let text = serde_json::to_string(&versioned).expect("JSON");
    assert_eq!(text.matches("\"id\":").count(), 1, "{text}");
    let read: Versioned<ShippingZone> = serde_json::from_str(&text).expect("itself");
    assert_eq!(read, versioned);
    let value: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["id"], "eu");
}

#[test]
fn only_what_is_searched_has_words() {
    for (tables, indexes, searched) in [
        (
            store::tables::<Products>(),
            store::indexes::<Products>(),
            Products::SEARCHED,
        ),
        (
            store::tables::<Platforms>(),
            store::indexes::<Platforms>(),
            Platforms::SEARCHED,
        ),
        (
            store::tables::<ShippingZones>(),
            store::indexes::<ShippingZones>(),
            ShippingZones::SEARCHED,
        ),
    ] {
        assert_eq!(tables.contains("words"), searched, "{tables}");
        assert_eq!(indexes.contains("words"), searched, "{indexes}");
    }
}

#[test]
fn each_kind_reads_its_own_events_only() {
    let event = event(1, "Lamp", false);
    let decode = Whole::<Products>::decode(&event.envelope.event_type, &event.raw);
    assert_eq!(decode.expect("its own"), event.data);
    assert!(Whole::<Platforms>::decode(&event.envelope.event_type, &event.raw).is_err());
    assert!(Whole::<Products>::concerns("product.archived"));
    assert!(!Whole::<Products>::concerns("product_group.saved"));
}
