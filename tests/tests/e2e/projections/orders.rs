//! Histories of orders, as the log stores them here: the published data
//! itself.

use contracts::order::{
    After, CancelledPersonal, FulfillmentStatus, Kind, Line, NoteAdded, NotePersonal,
    OrderCancelled, OrderEvent, OrderPlaced, OrderStatus, PaymentStatus, Placement,
    PlacementPersonal, ReturnStatus, Totals, UnitPrice,
};
use contracts::topics;
use infra::{
    clock,
    log::{ContractMapping, MappingError, PublishedEvent, StoredEvent},
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// An event on its way into the log.
pub struct NewEvent {
    pub order: Uuid,
    pub sequence: i64,
    pub event: OrderEvent,
}

/// `count` new orders, each placed, noted on, and every third one cancelled.
pub fn orders(count: usize) -> Vec<NewEvent> {
    (0..count).flat_map(order).collect()
}

/// One new order with a history that depends on `n`.
pub fn order(n: usize) -> Vec<NewEvent> {
    let id = clock::new_id();
    let mut history = vec![placed(id, n), noted(id, 2)];
    if n.is_multiple_of(3) {
        history.push(cancelled(id, 3));
    }
    history
}

pub fn placed(order: Uuid, n: usize) -> NewEvent {
    let lines: Vec<Line> = (1..=1 + n % 4).map(line).collect();
    let total = lines.iter().map(|line| line.amount).sum();
    let totals = Totals {
        items: total,
        total,
        balance_due: total,
        ..Totals::default()
    };
    let hours = i64::try_from(n % 1_000).unwrap_or_default();
    let placement = Placement {
        order_id: order,
        number: format!("N-{order}"),
        platform: ["web", "pos", "market"][n % 3].into(),
        external_id: Some(format!("x-{order}")),
        kind: Kind::Order,
        currency: "GBP".into(),
        customer_id: None,
        country: ["GB", "FR"][n % 2].into(),
        lines,
        shipping: None,
        tags: Vec::new(),
        placed_at: OffsetDateTime::UNIX_EPOCH + Duration::hours(hours),
    };
    NewEvent {
        order,
        sequence: 1,
        event: OrderEvent::Placed(OrderPlaced {
            order: placement,
            personal: PlacementPersonal::default(),
            after: after(1, OrderStatus::Placed, totals),
        }),
    }
}

fn line(n: usize) -> Line {
    let quantity = i64::try_from(n).unwrap_or_default();
    Line {
        id: format!("l{n}"),
        sku: format!("SKU-{n}"),
        name: "A lamp".into(),
        quantity,
        cancelled_quantity: 0,
        unit_price: UnitPrice::Minor(250),
        amount: 250 * quantity,
        discount: 0,
        tax: 0,
    }
}

/// A note. The sums after it are said to be zero: what is tested is that they
/// are taken from the event.
pub fn noted(order: Uuid, sequence: i64) -> NewEvent {
    NewEvent {
        order,
        sequence,
        event: OrderEvent::NoteAdded(NoteAdded {
            note_id: format!("n{sequence}"),
            personal: NotePersonal {
                text: "Call back".into(),
            },
            after: after(sequence, OrderStatus::Placed, Totals::default()),
        }),
    }
}

pub fn cancelled(order: Uuid, sequence: i64) -> NewEvent {
    NewEvent {
        order,
        sequence,
        event: OrderEvent::Cancelled(OrderCancelled {
            personal: CancelledPersonal::default(),
            after: after(sequence, OrderStatus::Cancelled, Totals::default()),
        }),
    }
}

fn after(version: i64, status: OrderStatus, totals: Totals) -> After {
    After {
        version,
        status,
        payment_status: PaymentStatus::None,
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        return_status: ReturnStatus::None,
        totals,
    }
}

/// Publishes what is stored, as it is stored.
pub struct AsStored;

impl ContractMapping for AsStored {
    fn event(&self, stored: &StoredEvent) -> Result<PublishedEvent, MappingError> {
        let envelope = stored.envelope(&stored.event_type, &topics::ORDERS);
        let envelope = envelope.map_err(|source| MappingError {
            aggregate_type: stored.aggregate_type.clone(),
            aggregate_id: stored.aggregate_id.clone(),
            sequence: stored.sequence,
            source: source.into(),
        })?;
        Ok(PublishedEvent {
            topic: topics::ORDER_EVENTS,
            envelope,
            data: stored.payload.clone().into_bytes(),
        })
    }

    fn stream(&self, stored: &[StoredEvent]) -> Result<Vec<PublishedEvent>, MappingError> {
        stored.iter().map(|event| self.event(event)).collect()
    }
}
