//! Recording the number of an order's invoice.

use crate::order::{command::IssueInvoice, event::OrderEvent, rejection::Rejection, state::Order};
use contracts::order::InvoiceIssued;

/// One invoice per order: once it has a number, nothing changes. A number
/// that was given out is recorded even if the order was cancelled meanwhile:
/// numbers have no gaps.
pub fn decide(order: &Order, command: &IssueInvoice) -> Result<Vec<OrderEvent>, Rejection> {
    order.sale()?;
    if order.invoice_number.is_some() {
        return Ok(Vec::new());
    }
    let Some(invoice_number) = command.number else {
        order.live_sale()?;
        return Ok(Vec::new());
    };
    Ok(vec![InvoiceIssued { invoice_number }.into()])
}
