//! Histories of orders, as the log stores them here: the published data
//! itself.

use super::stories::story;
use contracts::order::{
    After, Fact, FulfillmentStatus, NoteAdded, NoteText, OrderCancelled, OrderEvent, OrderPlaced,
    OrderStatus, OrderedLine, PaymentStatus, ReturnStatus, Settlement, Snapshot, Totals, UnitPrice,
};
use contracts::personal::Personal;
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

/// `count` new orders, each with a history of its own.
pub fn orders(count: usize) -> Vec<NewEvent> {
    (0..count).flat_map(order).collect()
}

/// One new order with a history that depends on `n`: a whole story, or placed,
/// noted on, and perhaps cancelled.
pub fn order(n: usize) -> Vec<NewEvent> {
    if n.is_multiple_of(2) {
        return story(n / 2).expect("the domain allows every story");
    }
    let id = clock::new_id();
    let mut history = vec![placed(id, n), noted(id, 2)];
    if n.is_multiple_of(3) {
        history.push(cancelled(id, 3));
    }
    history
}

pub fn placed(order: Uuid, n: usize) -> NewEvent {
    let lines: Vec<OrderedLine> = (1..=1 + n % 4).map(line).collect();
    let total = lines.iter().map(|line| line.amount).sum();
    let totals = Totals {
        items: total,
        total,
        balance_due: total,
        ..Totals::default()
    };
    let hours = i64::try_from(n % 1_000).unwrap_or_default();
    let snapshot = Snapshot {
        order_id: order,
        number: format!("N-{order}"),
        platform: ["web", "pos", "market"][n % 3].into(),
        external_id: Some(format!("x-{order}")),
        currency: "GBP".into(),
        prices_include_tax: false,
        customer_id: None,
        country: ["GB", "FR"][n % 2].into(),
        shipping_country: None,
        billing_country: None,
        lines,
        shipping: None,
        tags: Vec::new(),
    };
    let placed = OrderPlaced {
        order: snapshot,
        placed_at: OffsetDateTime::UNIX_EPOCH + Duration::hours(hours),
        exchange_of: None,
        personal: None,
    };
    event(order, 1, placed, OrderStatus::Placed, totals)
}

fn line(n: usize) -> OrderedLine {
    let quantity = i64::try_from(n).unwrap_or_default();
    OrderedLine {
        id: format!("l{n}"),
        sku: format!("SKU-{n}"),
        name: "A lamp".into(),
        quantity,
        unit_price: UnitPrice::Minor(250),
        amount: 250 * quantity,
        discount: 0,
        tax: 0,
    }
}

/// A note. The sums after it are said to be zero: what is tested is that they
/// are taken from the event.
pub fn noted(order: Uuid, sequence: i64) -> NewEvent {
    let text = "Call back".to_owned();
    let noted = NoteAdded {
        note_id: format!("n{sequence}"),
        personal: Personal::Open(NoteText { text }),
    };
    let totals = Totals::default();
    event(order, sequence, noted, OrderStatus::Placed, totals)
}

pub fn cancelled(order: Uuid, sequence: i64) -> NewEvent {
    let cancelled = OrderCancelled {
        settlement: Settlement::default(),
        occurred_at: None,
        personal: None,
    };
    let totals = Totals::default();
    event(order, sequence, cancelled, OrderStatus::Cancelled, totals)
}

fn event(
    order: Uuid,
    sequence: i64,
    fact: impl Into<Fact>,
    status: OrderStatus,
    totals: Totals,
) -> NewEvent {
    let after = After {
        version: sequence,
        status,
        payment_status: PaymentStatus::None,
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        return_status: ReturnStatus::None,
        totals,
    };
    let fact = fact.into();
    NewEvent {
        order,
        sequence,
        event: OrderEvent { fact, after },
    }
}

/// Publishes what is stored, as it is stored.
pub struct AsStored;

impl ContractMapping for AsStored {
    fn event(&self, stored: &StoredEvent) -> Result<Option<PublishedEvent>, MappingError> {
        let envelope = stored.envelope(&stored.event_type, &topics::ORDERS);
        let envelope = envelope.map_err(|source| MappingError {
            aggregate_type: stored.aggregate_type.clone(),
            aggregate_id: stored.aggregate_id.clone(),
            sequence: stored.sequence,
            source: source.into(),
        })?;
        Ok(Some(PublishedEvent {
            topic: topics::ORDER_EVENTS,
            envelope,
            data: stored.payload.clone().into_bytes(),
        }))
    }

    fn stream(&self, stored: &[StoredEvent]) -> Result<Vec<PublishedEvent>, MappingError> {
        let events = stored.iter().map(|event| self.event(event));
        events.filter_map(Result::transpose).collect()
    }
}
