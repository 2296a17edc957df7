//! What placing and importing share: which order it is, and its number.

use crate::{call::Call, request::Parts, state::CommandApi};
use domain::{
    ids,
    order::{NewOrder, Rejection},
};
use infra::{clock, command::ExecuteError};
use uuid::Uuid;

/// The order that a request leads to: named by its external id, else by the
/// key that it was sent under, else new.
pub fn order_id(parts: &Parts, call: &Call) -> Uuid {
    match (&parts.external_id, &call.key) {
        (Some(external_id), _) => ids::order_id_of_external(&parts.platform, external_id),
        (None, Some(key)) => ids::order_id_of_key(&call.principal, key),
        (None, None) => clock::new_id(),
    }
}

/// `new` with a number, unless the order exists already: then none is used up.
pub async fn numbered(
    api: &CommandApi,
    exists: bool,
    mut new: NewOrder,
) -> Result<NewOrder, ExecuteError<Rejection>> {
    if !exists {
        let number = api.numbers.next(&new.platform).await;
        let number = number.map_err(|error| ExecuteError::Unavailable {
            unknown: false,
            source: Box::new(error),
        })?;
        new.number = number.to_string();
    }
    Ok(new)
}
