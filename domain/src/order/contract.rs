//! From stored events to the published contract.

use super::{
    event::OrderEvent,
    state::{Order, evolve},
    status,
    upcast::{self, UpcastError},
};
use crate::money::Overflow;
use contracts::order as published;

/// A stored event that cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// It is of a version that today's code does not know.
    #[error(transparent)]
    Version(#[from] UpcastError),
    /// The payload is not an event of this domain.
    #[error("the payload is not a known event")]
    Payload(#[source] serde_json::Error),
    /// The stored `after` cannot be read.
    #[error("the stored state after the event cannot be read")]
    After(#[source] serde_json::Error),
    /// The order's sums do not fit.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// A stored event: its name, the version of its format, its payload.
pub type Stored<'a> = (&'a str, &'a str, &'a str);

/// Reads a stored event, whatever version it is of.
pub fn decode((name, version, payload): Stored<'_>) -> Result<OrderEvent, ContractError> {
    let payload = upcast::current(name, version, payload)?;
    serde_json::from_str(&payload).map_err(ContractError::Payload)
}

/// One event as it is published, with `after` as it was stored (JSON text).
pub fn contract_event(
    stored: Stored<'_>,
    after: &str,
) -> Result<published::OrderEvent, ContractError> {
    let after = serde_json::from_str(after).map_err(ContractError::After)?;
    let fact = decode(stored)?.into();
    Ok(published::OrderEvent { fact, after })
}

/// All events of one order, from the first on, with `after` derived again.
pub fn contract_stream<'a>(
    stream: impl IntoIterator<Item = Stored<'a>>,
) -> Result<Vec<published::OrderEvent>, ContractError> {
    let mut order = Order::default();
    let mut events = Vec::new();
    for (version, stored) in (1..).zip(stream) {
        let event = decode(stored)?;
        order = evolve(order, &event);
        let after = status::after(&order, version)?;
        let fact = event.into();
        events.push(published::OrderEvent { fact, after });
    }
    Ok(events)
}
