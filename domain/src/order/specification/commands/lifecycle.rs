//! From hold to invoice.

use super::{goods::units, id, why, words};
use crate::order::{OrderCommand, command::*};
use uuid::Uuid;

pub fn hold(handle: Option<&str>) -> OrderCommand {
    let handle = handle.map(id);
    let reason = words("address check");
    PlaceHold { reason, handle }.into()
}

pub fn release(hold: Option<&str>) -> OrderCommand {
    let hold = hold.map(id);
    ReleaseHold { hold, reason: None }.into()
}

pub fn cancel() -> OrderCommand {
    CancelOrder {
        reason: Some(why()),
        occurred_at: None,
    }
    .into()
}

pub fn cancel_lines(lines: &[(&str, i64)]) -> OrderCommand {
    let lines = units(lines);
    CancelLines {
        lines,
        reason: Some(why()),
    }
    .into()
}

pub fn note() -> OrderCommand {
    let text = words("call back");
    AddNote { text }.into()
}

pub fn erasure() -> OrderCommand {
    RecordErasure {
        erasure_id: Uuid::from_u128(7),
        subjects: vec![Uuid::from_u128(8)],
        requested_by: id("key_1"),
        reference: Some(id("case 12")),
    }
    .into()
}

pub fn tag(tag: &str) -> OrderCommand {
    TagOrder { tag: id(tag) }.into()
}

pub fn untag(tag: &str) -> OrderCommand {
    UntagOrder { tag: id(tag) }.into()
}

pub fn archive() -> OrderCommand {
    ArchiveOrder { reason: None }.into()
}

pub fn unarchive() -> OrderCommand {
    UnarchiveOrder { reason: None }.into()
}

pub fn invoice(number: i64) -> OrderCommand {
    let number = Some(number);
    IssueInvoice { number }.into()
}
