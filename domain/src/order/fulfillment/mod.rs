//! Goods out.

pub mod cancel;
pub mod create;
pub mod deliver;
pub mod ship;
pub mod tracking;

use super::{command::NewTracking, rejection::Rejection, state::Delivery};
use contracts::order::{FulfillmentState, Tracking};

fn tracking_of(new: NewTracking) -> Tracking {
    Tracking {
        carrier: new.carrier.map(Into::into),
        tracking_number: new.tracking_number.map(Into::into),
        tracking_url: new.tracking_url.map(Into::into),
    }
}

/// Refuses a fulfilment that does not stand where it has to.
fn must_be(fulfillment: &Delivery, needed: FulfillmentState) -> Result<(), Rejection> {
    if fulfillment.state == needed {
        return Ok(());
    }
    Err(Rejection::FulfillmentNot {
        needed,
        status: fulfillment.state,
    })
}
