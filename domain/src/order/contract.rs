//! From stored events to the published contract.

use super::{
    event::OrderEvent,
    state::{Order, evolve},
    status,
    upcast::{self, UpcastError},
};
use crate::money::Overflow;
use contracts::order as published;
use std::mem;

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

/// One event as it is published: its type and its data. An event's payload is
/// the same in the log and in the contract, so its text is moved, not read and
/// written anew; only a text that has not the outer shape of an event is read
/// as one, for the error that names what is wrong.
pub fn contract_data(
    (name, version, payload): Stored<'_>,
    after: &str,
) -> Result<(&'static str, Vec<u8>), ContractError> {
    let current = upcast::current(name, version, payload)?;
    let event_type = published::OrderEvent::type_of(name);
    if let (Some(event_type), Some(data)) = (event_type, moved(name, &current, after)) {
        return Ok((event_type, data));
    }
    let event = contract_event((name, version, payload), after)?;
    let data = event.to_data().map_err(ContractError::Payload)?;
    Ok((event.event_type(), data))
}

/// The data of an event, its text moved; none where payload or `after` has not
/// the outer shape.
pub(crate) fn moved(name: &str, payload: &str, after: &str) -> Option<Vec<u8>> {
    let fields = inner(name, payload).filter(|_| after.starts_with('{'))?;
    let separator = if fields.is_empty() { "" } else { "," };
    let data = ["{", fields, separator, "\"after\":", after, "}"].concat();
    Some(data.into_bytes())
}

/// The fields of `{"name":{fields}}`, if it is written just so: as every
/// release has written it.
fn inner<'a>(name: &str, payload: &'a str) -> Option<&'a str> {
    let rest = payload.strip_prefix("{\"")?.strip_prefix(name)?;
    rest.strip_prefix("\":{")?.strip_suffix("}}")
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

/// All events of one order, from the first on, as they are published: type and data,
/// with `after` derived again. Their text is moved, as [`contract_data`] does it.
pub fn contract_stream<'a>(
    stream: impl IntoIterator<Item = Stored<'a>>,
) -> Result<Vec<(&'static str, Vec<u8>)>, ContractError> {
    let mut refold = Refold::default();
    let mut all = Vec::new();
    for (name, version, payload) in stream {
        let current = upcast::current(name, version, payload)?;
        let event = serde_json::from_str(&current).map_err(ContractError::Payload)?;
        let event = refold.then(event)?;
        let after = serde_json::to_string(event.after()).map_err(ContractError::Payload)?;
        let data = match moved(name, &current, &after) {
            Some(data) => data,
            None => event.to_data().map_err(ContractError::Payload)?,
        };
        all.push((event.event_type(), data));
    }
    Ok(all)
}

/// An order on its way from its first event on: what [`contract_stream`] does, event
/// by event and not as text, for streams that are too long to be held as a whole.
#[derive(Debug, Clone, Default)]
pub struct Refold {
    order: Order,
    version: i64,
}

impl Refold {
    /// The next event, with `after` derived again.
    ///
    /// # Errors
    /// As [`contract_stream`]; nothing follows an event that could not be read.
    pub fn next(&mut self, stored: Stored<'_>) -> Result<published::OrderEvent, ContractError> {
        self.then(decode(stored)?)
    }

    fn then(&mut self, event: OrderEvent) -> Result<published::OrderEvent, ContractError> {
        self.order = evolve(mem::take(&mut self.order), &event);
        self.version += 1;
        let after = status::after(&self.order, self.version)?;
        let fact = event.into();
        Ok(published::OrderEvent { fact, after })
    }
}
