//! Goods back.

pub mod approve;
pub mod cancel;
pub mod close;
pub mod decline;
pub mod exchange;
pub mod receive;
pub mod request;

use super::{rejection::Rejection, state::ReturnState};
use contracts::order::ReturnState as Step;

fn wrong(returned: &ReturnState, needed: Step) -> Rejection {
    Rejection::ReturnNot {
        needed,
        status: returned.state,
    }
}

/// Units of a return that came back.
fn received(returned: &ReturnState) -> i64 {
    let received = returned.lines.iter().map(|l| l.received);
    received.fold(0, i64::saturating_add)
}
