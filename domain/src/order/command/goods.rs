//! Goods out and goods back.

use super::values::{LineUnits, NewTracking};
use crate::text::{Id, Words};
use time::OffsetDateTime;
use uuid::Uuid;

/// Pack goods.
#[derive(Debug, Clone)]
pub struct CreateFulfillment {
    /// What is in it.
    pub lines: Vec<LineUnits>,
}

/// Send a fulfilment off.
#[derive(Debug, Clone)]
pub struct ShipFulfillment {
    /// Which one.
    pub fulfillment: Id,
    /// Where the parcel is.
    pub tracking: NewTracking,
    /// Whether the platform ships what is neither paid nor authorised.
    pub allow_unpaid: bool,
    /// Ship it all the same; needs a reason.
    pub force: bool,
    /// Why.
    pub reason: Option<Words>,
    /// Business time, where it is not now.
    pub occurred_at: Option<OffsetDateTime>,
}

/// Correct where a parcel is.
#[derive(Debug, Clone)]
pub struct UpdateTracking {
    /// Which fulfilment.
    pub fulfillment: Id,
    /// Where.
    pub tracking: NewTracking,
}

/// Record that a fulfilment arrived.
#[derive(Debug, Clone)]
pub struct DeliverFulfillment {
    /// Which one.
    pub fulfillment: Id,
    /// Business time, where it is not now.
    pub occurred_at: Option<OffsetDateTime>,
}

/// Unpack a fulfilment.
#[derive(Debug, Clone)]
pub struct CancelFulfillment {
    /// Which one.
    pub fulfillment: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Ask for goods to come back.
#[derive(Debug, Clone)]
pub struct RequestReturn {
    /// Which, and why.
    pub lines: Vec<(LineUnits, Option<Words>)>,
    /// Why, for the return as a whole.
    pub reason: Option<Words>,
}

/// Allow a return.
#[derive(Debug, Clone)]
pub struct ApproveReturn {
    /// Which one.
    pub return_id: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Refuse a return.
#[derive(Debug, Clone)]
pub struct DeclineReturn {
    /// Which one.
    pub return_id: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Record goods that came back.
#[derive(Debug, Clone)]
pub struct ReceiveReturn {
    /// Which return.
    pub return_id: Id,
    /// What came, and whether it can be sold again.
    pub lines: Vec<(LineUnits, bool)>,
}

/// Say which order replaces the goods of a return.
#[derive(Debug, Clone)]
pub struct LinkExchange {
    /// Which return.
    pub return_id: Id,
    /// That order.
    pub order_id: Uuid,
}

/// Expect nothing more of a return.
#[derive(Debug, Clone)]
pub struct CloseReturn {
    /// Which one.
    pub return_id: Id,
    /// Why.
    pub reason: Option<Words>,
}

/// Call a return off.
#[derive(Debug, Clone)]
pub struct CancelReturn {
    /// Which one.
    pub return_id: Id,
    /// Why.
    pub reason: Option<Words>,
}
