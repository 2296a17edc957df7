//! Random histories of orders, for tests: walks through the lifecycle, in
//! which each step is taken where the document allows it; and random deliveries
//! of them.

mod content;
mod deliveries;
mod goods;
mod money;
mod steps;

pub use deliveries::{Batch, Delivery, deliveries, interleaved, seeded};

use contracts::{
    CloudEvent, LogPosition, PositionToken,
    cloudevents::event_id,
    order::{
        self, After, DraftCreated, Fact, FulfillmentStatus, Kind, Order, OrderEvent, OrderImported,
        OrderPlaced, OrderStatus, OrderedLine, PaymentStatus, RefundPurpose, ReturnStatus,
        Shipping, Snapshot, Totals, UnitPrice,
    },
    topics,
};
use proptest::{collection::vec, prelude::*};
use steps::Step;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// One event of an order.
#[derive(Debug, Clone)]
pub struct Event {
    /// Who, when, which version of what.
    pub envelope: CloudEvent,
    /// The data, typed.
    pub data: OrderEvent,
}

/// What happened to one order, from its first event on.
pub type OrderHistory = Vec<Event>;

/// How a history begins.
#[derive(Debug, Clone, Copy)]
enum Begin {
    Draft,
    Placed,
    Imported(Kind),
}

/// One to six orders, each with a history of one to thirty events; their ids
/// are `first_id` and the numbers after it.
pub fn histories(first_id: u128) -> impl Strategy<Value = Vec<OrderHistory>> {
    let begin = prop_oneof![
        2 => Just(Begin::Draft),
        4 => Just(Begin::Placed),
        1 => Just(Begin::Imported(Kind::Order)),
        1 => Just(Begin::Imported(Kind::Credit)),
    ];
    let order = (begin, snapshot(), placed_at(), vec(steps::steps(), 0..30));
    vec(order, 1..7).prop_map(move |orders| {
        let numbered = (first_id..).zip(orders);
        numbered
            .map(|(n, (begin, mut snapshot, placed_at, steps))| {
                snapshot.order_id = Uuid::from_u128(n);
                history(first(begin, snapshot, placed_at), &steps)
            })
            .collect()
    })
}

/// Around a midnight, where a day is easily got wrong.
fn placed_at() -> impl Strategy<Value = OffsetDateTime> {
    (-3_i64..3).prop_map(|h| OffsetDateTime::UNIX_EPOCH + Duration::hours(h))
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    (
        prop_oneof![Just("web"), Just("pos")],
        prop_oneof![Just("GB"), Just("ZZ")],
        prop_oneof![Just(None), Just(Some("c1")), Just(Some("c2"))],
        vec((1_i64..9, -500_i64..500), 1..4),
    )
        .prop_map(|(platform, country, customer, lines)| Snapshot {
            order_id: Uuid::nil(),
            number: "1001".into(),
            platform: platform.into(),
            external_id: None,
            currency: "GBP".into(),
            prices_include_tax: false,
            customer_id: customer.map(str::to_owned),
            country: country.into(),
            shipping_country: None,
            billing_country: None,
            lines: (1..).zip(lines).map(line).collect(),
            shipping: Some(Shipping {
                method: "std".into(),
                name: "Standard".into(),
                amount: 399,
                tax: 80,
                quote: None,
            }),
            tags: Vec::new(),
        })
}

fn line((n, (quantity, price)): (u32, (i64, i64))) -> OrderedLine {
    let amount = quantity * price;
    OrderedLine {
        id: format!("l{n}"),
        sku: format!("sku{n}"),
        name: "A thing".into(),
        quantity,
        unit_price: UnitPrice::Minor(price),
        amount,
        discount: amount % 7,
        tax: amount / 5,
    }
}

fn first(begin: Begin, order: Snapshot, placed_at: OffsetDateTime) -> Fact {
    let personal = None;
    match begin {
        Begin::Draft => DraftCreated { order, personal }.into(),
        Begin::Placed => OrderPlaced {
            order,
            placed_at,
            exchange_of: None,
            personal,
        }
        .into(),
        Begin::Imported(kind) => OrderImported {
            order,
            kind,
            placed_at,
            history: 0,
            personal,
        }
        .into(),
    }
}

fn history(first: Fact, steps: &[Step]) -> OrderHistory {
    let subject = match &first {
        Fact::DraftCreated(e) => e.order.order_id,
        Fact::OrderPlaced(e) => e.order.order_id,
        Fact::OrderImported(e) => e.order.order_id,
        other => panic!("{other:?} begins no order"),
    };
    let (mut order, event) = happened(None, subject, first);
    let mut history = vec![event];
    for step in steps {
        let Some(fact) = step.fact(&order) else {
            continue;
        };
        let (then, event) = happened(Some(order), subject, fact);
        order = then;
        history.push(event);
    }
    history
}

/// The order after a fact, and the event with what came of it.
///
/// # Panics
/// Where the fact makes no sense after what happened before.
pub fn happened(order: Option<Order>, subject: Uuid, fact: Fact) -> (Order, Event) {
    let sequence = order.as_ref().map_or(0, |order| order.version) + 1;
    // What comes of the fact is read off the document that it leads to.
    let unknown = OrderEvent {
        fact: fact.clone(),
        after: After {
            version: sequence,
            status: OrderStatus::Draft,
            payment_status: PaymentStatus::None,
            fulfillment_status: FulfillmentStatus::Unfulfilled,
            return_status: ReturnStatus::None,
            totals: Totals::default(),
        },
    };
    let envelope = envelope(subject, sequence, unknown.event_type());
    let then = order::apply(order.clone(), &envelope, unknown).expect("a sound step");
    let after = after(&then);
    let data = OrderEvent { fact, after };
    let then = order::apply(order, &envelope, data.clone()).expect("a sound step");
    (then, Event { envelope, data })
}

/// Statuses and sums, roughly: what is tested is that nobody derives them.
fn after(order: &Order) -> After {
    let totals = totals(order);
    After {
        version: order.version,
        status: match (&order.cancellation, order.placed_at) {
            (Some(_), _) => OrderStatus::Cancelled,
            (None, Some(_)) => OrderStatus::Placed,
            (None, None) => OrderStatus::Draft,
        },
        payment_status: match totals.captured {
            0 => PaymentStatus::None,
            captured if captured < totals.total => PaymentStatus::PartiallyPaid,
            _ => PaymentStatus::Paid,
        },
        fulfillment_status: if order.fulfillments.iter().any(|f| f.delivered_at.is_some()) {
            FulfillmentStatus::Delivered
        } else {
            FulfillmentStatus::Unfulfilled
        },
        return_status: match order.returns.len() {
            0 => ReturnStatus::None,
            _ => ReturnStatus::Requested,
        },
        totals,
    }
}

fn totals(order: &Order) -> Totals {
    let lines = |of: fn(&order::Line) -> i64| order.lines.iter().map(of).sum::<i64>();
    let payments = |of: fn(&order::Payment) -> i64| order.payments.iter().map(of).sum::<i64>();
    let shipping = order
        .shipping
        .as_ref()
        .filter(|_| order.cancellation.is_none());
    let (shipping, shipping_tax) = shipping.map_or((0, 0), |s| (s.amount, s.tax));
    let discounts = order.discounts.iter().map(|d| d.amount).sum::<i64>();
    let (items, tax) = (lines(|l| l.amount), lines(|l| l.tax) + shipping_tax);
    let discounts = lines(|l| l.discount) + discounts;
    let total = items - discounts + shipping + tax;
    let goodwill = order.refunds.iter().filter(|r| {
        r.purpose == RefundPurpose::Goodwill && r.status == order::MovementState::Succeeded
    });
    let credited = order.credits.iter().map(|c| c.amount).sum::<i64>()
        + goodwill.map(|r| r.amount).sum::<i64>();
    let (captured, refunded) = (payments(|p| p.captured), payments(|p| p.refunded));
    let charged_back = payments(|p| p.charged_back);
    Totals {
        items,
        discounts,
        shipping,
        tax,
        included_tax: 0,
        total,
        credited,
        captured,
        refunded,
        charged_back,
        balance_due: total - credited - captured + refunded + charged_back,
    }
}

fn envelope(subject: Uuid, sequence: i64, event_type: &str) -> CloudEvent {
    CloudEvent {
        id: event_id(1, subject, sequence),
        event_type: event_type.into(),
        time: OffsetDateTime::UNIX_EPOCH + Duration::seconds(sequence),
        subject,
        sequence,
        actor: "key_1".into(),
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        platform_version: None,
        position: PositionToken {
            topic: topics::ORDER_EVENTS.into(),
            partition: i32::from(subject.as_bytes()[15] % 2),
            at: LogPosition {
                epoch: 1,
                xid: 7,
                position: sequence,
            },
        },
    }
}
