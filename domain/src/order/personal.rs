//! Personal parts of events.

use crate::text::Words;
use contracts::{
    order::{OrderPersonal, Reason},
    personal::Personal,
};

/// A reason, where a person gave one.
pub fn reason(words: Option<Words>) -> Option<Personal<Reason>> {
    words.map(|words| {
        let reason = Some(words.into());
        Personal::Open(Reason { reason })
    })
}

/// The personal part of an order, if anything is in it.
pub fn order(personal: OrderPersonal) -> Option<Personal<OrderPersonal>> {
    (personal != OrderPersonal::default()).then_some(Personal::Open(personal))
}
