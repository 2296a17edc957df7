//! The rules: what is to follow when something happens to an order. Pure: no
//! clock, no I/O, nothing remembered but the order's row.

mod money;
mod timers;

#[cfg(test)]
pub mod scene;
#[cfg(test)]
mod tests;

use super::{
    order::OrderRow,
    step::{Kind, Step, segment},
};
use contracts::{
    CloudEvent,
    order::{ExchangeOf, Fact, OrderEvent, OrderStatus},
};
use infra::platforms::PlatformSettings;
use serde_json::json;

/// An event, and what has to be known to react to it.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The order's row after the event.
    pub order: &'a OrderRow,
    /// Who, when.
    pub envelope: &'a CloudEvent,
    /// What happened, and what came of it.
    pub event: &'a OrderEvent,
    /// What the order's sales channel wants.
    pub settings: &'a PlatformSettings,
    /// Whether imported orders are treated like others.
    pub process_imports: bool,
}

/// What follows from an event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reaction {
    /// Steps of the order that are no longer wanted, by kind. Dropped before
    /// anything is scheduled.
    pub drop: Vec<Kind>,
    /// Steps that are.
    pub schedule: Vec<Step>,
}

/// What follows from an event. Nothing ever does on a draft that was not
/// placed, nor, unless asked for, on an imported order.
pub fn react(situation: &Situation<'_>) -> Reaction {
    let Situation { order, .. } = situation;
    if order.placed_at.is_none() || (order.imported && !situation.process_imports) {
        return Reaction::default();
    }
    let mut reaction = timers::react(situation);
    if situation.event.after.status == OrderStatus::Cancelled {
        reaction.drop.push(Kind::Confirm);
    }
    // What an import brings along has had its consequences elsewhere.
    if order.version > order.history_until {
        reaction.schedule.extend(at_once(situation));
    }
    reaction
}

fn at_once(situation: &Situation<'_>) -> Vec<Step> {
    match &situation.event.fact {
        Fact::OrderPlaced(placed) => {
            let exchange = placed.exchange_of.as_ref();
            let link = exchange.map(|of| link_exchange(situation.envelope, of));
            confirm(situation).into_iter().chain(link).collect()
        }
        _ => money::react(situation),
    }
}

fn confirm(situation: &Situation<'_>) -> Option<Step> {
    let wanted = situation.settings.auto_confirm;
    wanted.then(|| Step::new(situation.envelope, Kind::Confirm, "confirm", &json!({})))
}

/// The original does not know yet which order replaces its goods; saying it
/// twice changes nothing.
fn link_exchange(envelope: &CloudEvent, of: &ExchangeOf) -> Step {
    let body = json!({"exchange_order_id": envelope.subject});
    let mut step = Step::new(envelope, Kind::LinkExchange, "", &body);
    let (original, id) = (of.order_id, segment(&of.return_id));
    step.path = format!("/v1/orders/{original}/returns/{id}/exchange_link");
    step
}
