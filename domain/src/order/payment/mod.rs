//! Money: what was authorised, captured, given back. Amounts in minor units.

pub mod authorize;
pub mod capture;
pub mod chargeback;
pub mod credit;
pub mod fail;
pub mod refund;
pub mod settle_capture;
pub mod settle_refund;
pub mod void;

use super::{
    command::Sum,
    rejection::{Part, Rejection},
    state::Head,
};
use crate::money::Currency;

/// More than nothing, in the order's currency.
fn amount(head: &Head, sum: Sum) -> Result<i64, Rejection> {
    same_currency(head, sum.currency)?;
    if sum.amount <= 0 {
        let amount = sum.amount;
        return Err(Rejection::AmountNotPositive { amount });
    }
    Ok(sum.amount)
}

/// Why nothing is to be settled: ids count up, so every one up to the newest
/// was there once.
fn not_pending(part: Part, prefix: &str, id: &str, made: u32) -> Rejection {
    let number = id.strip_prefix(prefix).and_then(|n| n.parse::<u32>().ok());
    let known = number.is_some_and(|n| (1..=made).contains(&n) && id == format!("{prefix}{n}"));
    if known {
        let id = id.to_owned();
        return Rejection::AlreadySettled { id };
    }
    Rejection::no_such(part, id, None)
}

fn same_currency(head: &Head, given: Option<Currency>) -> Result<(), Rejection> {
    match given {
        Some(given) if given != head.currency => Err(Rejection::CurrencyMismatch {
            expected: head.currency.to_string(),
            given: given.to_string(),
        }),
        _ => Ok(()),
    }
}
