//! What concerns an order as a whole.

use super::values::LineUnits;
use crate::text::{Id, Words};
use time::OffsetDateTime;
use uuid::Uuid;

/// Accept an order.
#[derive(Debug, Clone)]
pub struct ConfirmOrder {
    /// Why.
    pub reason: Option<Words>,
}

/// Let nothing be shipped for now.
#[derive(Debug, Clone)]
pub struct PlaceHold {
    /// Why.
    pub reason: Words,
    /// The caller's own name for it.
    pub handle: Option<Id>,
}

/// Lift a hold, or all of them.
#[derive(Debug, Clone)]
pub struct ReleaseHold {
    /// Id or handle; all, if absent.
    pub hold: Option<Id>,
    /// Why.
    pub reason: Option<Words>,
}

/// Call the whole order off.
#[derive(Debug, Clone)]
pub struct CancelOrder {
    /// Why.
    pub reason: Option<Words>,
    /// Business time, where it is not now.
    pub occurred_at: Option<OffsetDateTime>,
}

/// Call units of lines off.
#[derive(Debug, Clone)]
pub struct CancelLines {
    /// Which.
    pub lines: Vec<LineUnits>,
    /// Why.
    pub reason: Option<Words>,
}

/// Write something down on the order.
#[derive(Debug, Clone)]
pub struct AddNote {
    /// What.
    pub text: Words,
}

/// Label an order.
#[derive(Debug, Clone)]
pub struct TagOrder {
    /// Label.
    pub tag: Id,
}

/// Take a label off.
#[derive(Debug, Clone)]
pub struct UntagOrder {
    /// Label.
    pub tag: Id,
}

/// Put an order out of the way.
#[derive(Debug, Clone)]
pub struct ArchiveOrder {
    /// Why.
    pub reason: Option<Words>,
}

/// Bring an order back.
#[derive(Debug, Clone)]
pub struct UnarchiveOrder {
    /// Why.
    pub reason: Option<Words>,
}

/// Record that personal data of the order was erased.
#[derive(Debug, Clone)]
pub struct RecordErasure {
    /// Which erasure.
    pub erasure_id: Uuid,
    /// Whose keys were deleted.
    pub subjects: Vec<Uuid>,
    /// Who asked for it.
    pub requested_by: Id,
    /// The requester's own name for the case.
    pub reference: Option<Id>,
}

/// Record the number of the order's invoice.
#[derive(Debug, Clone)]
pub struct IssueInvoice {
    /// As the platform's register gave it out; none: none was given out.
    pub number: Option<i64>,
}
