//! Random histories of orders, for tests.

use crate::engine::Event;
use contracts::{
    CloudEvent, LogPosition, PositionToken,
    cloudevents::event_id,
    order::{
        After, CancelledPersonal, FulfillmentStatus, Kind, Line, NoteAdded, NotePersonal,
        OrderCancelled, OrderEvent, OrderImported, OrderPlaced, OrderStatus, PaymentStatus,
        Placement, PlacementPersonal, ReturnStatus, Totals, UnitPrice,
    },
    topics,
};
use proptest::{collection::vec, prelude::*};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

pub type OrderHistory = Vec<Event<OrderEvent>>;

/// What happens to an order after it was placed.
#[derive(Debug, Clone, Copy)]
enum Then {
    Note,
    Cancel,
}

/// One to six orders, each with a history of one to six events.
pub fn histories() -> impl Strategy<Value = Vec<OrderHistory>> {
    let then = prop_oneof![4 => Just(Then::Note), 1 => Just(Then::Cancel)];
    let order = (placement(), any::<bool>(), vec(then, 0..6));
    vec(order, 1..7).prop_map(|orders| {
        let numbered = (1..).zip(orders);
        numbered
            .map(|(n, (placement, imported, then))| {
                history(Uuid::from_u128(n), placement, imported, &then)
            })
            .collect()
    })
}

fn placement() -> impl Strategy<Value = Placement> {
    (
        prop_oneof![Just("web"), Just("pos")],
        prop_oneof![Just("GB"), Just("ZZ")],
        prop_oneof![Just(Kind::Order), Just(Kind::Credit)],
        // Around a midnight, where a day is easily got wrong.
        (-3_i64..3).prop_map(|h| OffsetDateTime::UNIX_EPOCH + Duration::hours(h)),
        vec((1_i64..9, -500_i64..500), 1..4),
    )
        .prop_map(|(platform, country, kind, placed_at, lines)| Placement {
            order_id: Uuid::nil(),
            number: String::new(),
            platform: platform.into(),
            external_id: None,
            kind,
            currency: "GBP".into(),
            customer_id: None,
            country: country.into(),
            lines: (1..).zip(lines).map(line).collect(),
            shipping: None,
            tags: Vec::new(),
            placed_at,
        })
}

fn line((n, (quantity, amount)): (u32, (i64, i64))) -> Line {
    Line {
        id: format!("l{n}"),
        sku: format!("sku{n}"),
        name: "A thing".into(),
        quantity,
        cancelled_quantity: 0,
        unit_price: UnitPrice::Minor(amount),
        amount,
        discount: amount % 7,
        tax: amount / 5,
    }
}

fn history(id: Uuid, mut order: Placement, imported: bool, then: &[Then]) -> OrderHistory {
    order.order_id = id;
    order.number = format!("N{id}");
    let mut after = placed(&order);
    let personal = PlacementPersonal::default();
    let first = if imported {
        OrderEvent::Imported(OrderImported {
            order,
            personal,
            after: after.clone(),
        })
    } else {
        OrderEvent::Placed(OrderPlaced {
            order,
            personal,
            after: after.clone(),
        })
    };
    let mut events = vec![first];
    for then in then {
        after.version += 1;
        if matches!(then, Then::Cancel) {
            after.status = OrderStatus::Cancelled;
            after.totals = Totals::default();
        }
        events.push(event(*then, after.clone()));
    }
    (1..)
        .zip(events)
        .map(|(n, e)| enveloped(id, n, e))
        .collect()
}

fn placed(order: &Placement) -> After {
    let sum = |of: fn(&Line) -> i64| order.lines.iter().map(of).sum::<i64>();
    let (items, discounts, tax) = (sum(|l| l.amount), sum(|l| l.discount), sum(|l| l.tax));
    After {
        version: 1,
        status: OrderStatus::Placed,
        payment_status: PaymentStatus::None,
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        return_status: ReturnStatus::None,
        totals: Totals {
            items,
            discounts,
            tax,
            total: items - discounts + tax,
            ..Totals::default()
        },
    }
}

fn event(then: Then, after: After) -> OrderEvent {
    match then {
        Then::Note => OrderEvent::NoteAdded(NoteAdded {
            note_id: format!("n{}", after.version),
            personal: NotePersonal {
                text: "Rang the bell".into(),
            },
            after,
        }),
        Then::Cancel => OrderEvent::Cancelled(OrderCancelled {
            personal: CancelledPersonal::default(),
            after,
        }),
    }
}

fn enveloped(subject: Uuid, sequence: i64, data: OrderEvent) -> Event<OrderEvent> {
    let at = LogPosition {
        epoch: 1,
        xid: 7,
        position: sequence,
    };
    Event {
        envelope: CloudEvent {
            id: event_id(1, subject, sequence),
            event_type: data.event_type().into(),
            time: OffsetDateTime::UNIX_EPOCH + Duration::seconds(sequence),
            subject,
            sequence,
            actor: "key_1".into(),
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            position: PositionToken {
                topic: topics::ORDER_EVENTS.into(),
                partition: i32::from(subject.as_bytes()[15] % 2),
                at,
            },
        },
        raw: data.to_data().expect("events have a JSON form"),
        data,
    }
}
