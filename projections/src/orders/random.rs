//! Random histories, as the engine reads them.

use crate::engine::Event;
use contracts::order::{Fact, Order, OrderEvent};
use proptest::prelude::*;
use uuid::Uuid;

pub type OrderHistory = Vec<Event<OrderEvent>>;

/// One to six orders, each with a history of one to thirty events.
pub fn histories() -> impl Strategy<Value = Vec<OrderHistory>> {
    histories::histories(1).prop_map(|all| all.into_iter().map(read).collect())
}

/// The order after a fact, and the event with what came of it.
pub fn happened(order: Option<Order>, subject: Uuid, fact: Fact) -> (Order, Event<OrderEvent>) {
    let (then, event) = histories::happened(order, subject, fact);
    (then, as_read(event))
}

/// A history, as the engine reads it.
pub fn read(history: histories::OrderHistory) -> OrderHistory {
    history.into_iter().map(as_read).collect()
}

fn as_read(histories::Event { envelope, data }: histories::Event) -> Event<OrderEvent> {
    Event {
        envelope,
        raw: data.to_data().expect("events have a JSON form"),
        data,
    }
}
