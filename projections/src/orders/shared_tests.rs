//! What single orders count for, told as stories.

use super::{
    fold::{self, OrderChanges, OrderRow},
    random::happened,
    shared::{customers, funnel, statistics},
};
use contracts::order::{
    CustomerAssigned, Fact, FulfillmentCreated, FulfillmentDelivered, FulfillmentShipped,
    LineQuantity, OrderPlaced, OrderedLine, PaymentAuthorized, PaymentCaptured, RefundIssued,
    RefundPurpose, RefundTerms, Snapshot, Tracking, UnitPrice,
};
use time::{
    Date, Duration, OffsetDateTime,
    macros::{date, datetime},
};
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(1);
/// 12 January 2026, in the evening.
const MONDAY: OffsetDateTime = datetime!(2026-01-12 22:30 UTC);

fn placed() -> Fact {
    let line = OrderedLine {
        id: "l1".into(),
        sku: "LAMP".into(),
        name: "A lamp".into(),
        quantity: 2,
        unit_price: UnitPrice::Minor(50),
        amount: 100,
        discount: 0,
        tax: 0,
    };
    let order = Snapshot {
        order_id: ID,
        number: "1001".into(),
        platform: "web".into(),
        external_id: None,
        currency: "GBP".into(),
        prices_include_tax: false,
        customer_id: Some("ada".into()),
        country: "GB".into(),
        shipping_country: None,
        billing_country: None,
        lines: vec![line],
        shipping: None,
        tags: Vec::new(),
    };
    OrderPlaced {
        order,
        placed_at: MONDAY,
        exchange_of: None,
        personal: None,
    }
    .into()
}

fn authorized() -> Fact {
    PaymentAuthorized {
        payment_id: "p1".into(),
        amount: 100,
        provider: None,
        reference: None,
    }
    .into()
}

fn captured(after: Duration) -> Fact {
    PaymentCaptured {
        capture_id: "c1".into(),
        payment: "p1".into(),
        amount: 100,
        occurred_at: Some(MONDAY + after),
    }
    .into()
}

fn refunded(after: Duration) -> Fact {
    RefundIssued {
        refund_id: "rf1".into(),
        terms: RefundTerms {
            payment: "p1".into(),
            amount: 30,
            purpose: RefundPurpose::Goodwill,
            return_id: None,
        },
        occurred_at: Some(MONDAY + after),
        personal: None,
    }
    .into()
}

/// What comes of these facts, all in one batch.
fn told(facts: Vec<Fact>) -> OrderChanges {
    let (mut order, mut row, mut changes) = (None, None::<OrderRow>, OrderChanges::default());
    for fact in facts {
        let (then, event) = happened(order, ID, fact);
        order = Some(then);
        row = Some(fold::apply(row, &event, &mut changes).expect("a sound story"));
    }
    changes
}

/// (Day, orders, revenue, captured, refunded) by order date or by event date.
fn days(changes: &OrderChanges, by_event: bool) -> Vec<(Date, i64, i64, i64, i64)> {
    let rows = changes.shared.statistics.rows();
    let rows = rows.filter(|(key, _, _)| key.by_event == by_event);
    rows.map(|(key, _, sums): (_, _, &statistics::Sums)| {
        (
            key.hour.date(),
            sums.orders,
            sums.revenue,
            sums.captured,
            sums.refunded,
        )
    })
    .collect()
}

#[test]
fn a_refund_on_tuesday_counts_on_monday_by_order_and_on_tuesday_by_event() {
    let changes = told(vec![
        placed(),
        authorized(),
        captured(Duration::minutes(5)),
        refunded(Duration::hours(2)),
    ]);
    let (monday, tuesday) = (date!(2026 - 01 - 12), date!(2026 - 01 - 13));
    assert_eq!(days(&changes, false), [(monday, 1, 100, 100, 30)]);
    assert_eq!(
        days(&changes, true),
        [(monday, 1, 100, 100, 0), (tuesday, 0, 0, 0, 30)]
    );
    let moved: Vec<_> = changes.movements.made.keys().map(|id| id.1).collect();
    assert_eq!(moved, [1, 3, 4], "an authorisation moves nothing");
}

#[test]
fn the_funnel_counts_each_state_from_when_it_was_first_reached() {
    let pack = FulfillmentCreated {
        fulfillment_id: "f1".into(),
        lines: vec![LineQuantity {
            line: "l1".into(),
            quantity: 2,
        }],
    };
    let send = FulfillmentShipped {
        fulfillment_id: "f1".into(),
        tracking: Tracking::default(),
        forced: false,
        occurred_at: Some(MONDAY + Duration::hours(3)),
        personal: None,
    };
    let deliver = FulfillmentDelivered {
        fulfillment_id: "f1".into(),
        occurred_at: Some(MONDAY + Duration::hours(30)),
    };
    let changes = told(vec![
        placed(),
        authorized(),
        captured(Duration::minutes(5)),
        pack.into(),
        send.into(),
        deliver.into(),
        refunded(Duration::hours(40)),
    ]);
    let steps = changes.shared.funnel.rows();
    let steps: Vec<_> = steps
        .map(|(key, _, sums): (_, _, &funnel::Sums)| {
            (key.step.as_str(), key.bucket, sums.orders, sums.seconds)
        })
        .collect();
    assert_eq!(
        steps,
        [
            ("paid_shipped", 14, 1, 3 * 3_600 - 300),
            ("placed", 0, 1, 0),
            ("placed_delivered", 17, 1, 30 * 3_600),
            ("placed_paid", 9, 1, 300),
            ("placed_refunded", 18, 1, 40 * 3_600),
            ("placed_shipped", 14, 1, 3 * 3_600),
            ("shipped_delivered", 17, 1, 27 * 3_600),
        ]
    );
}

#[test]
fn an_order_counts_for_the_customer_that_it_has_now() {
    let assign = |id: Option<&str>| {
        Fact::from(CustomerAssigned {
            customer_id: id.map(str::to_owned),
            personal: None,
        })
    };
    let customers = |facts| {
        let changes = told(facts);
        let rows = changes.shared.customers.rows();
        let told = rows.map(|(key, _, sums): (&customers::Key, _, _)| {
            (key.customer.clone(), sums.orders, sums.revenue)
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(customers(vec![placed()]), [("ada".to_owned(), 1, 100)]);
    assert_eq!(
        customers(vec![placed(), assign(Some("bob"))]),
        [("bob".to_owned(), 1, 100)]
    );
    assert_eq!(customers(vec![placed(), assign(None)]), []);
}
