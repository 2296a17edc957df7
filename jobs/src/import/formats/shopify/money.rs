//! What was paid and what was given back.

use super::{convert::Amounts, order::Order, returns::Returns};
use crate::import::{
    body::{PaymentBody, RefundBody},
    item::{Reason, shape},
};
use contracts::order::RefundPurpose;
use std::collections::HashMap;

/// Payments, and by which transaction each is known.
pub struct Money {
    pub payments: Vec<PaymentBody>,
    /// Number of the payment that a transaction belongs to.
    of: HashMap<u64, usize>,
}

impl Money {
    /// By the transactions where the file has them, else by what the order says
    /// of itself.
    pub fn of(order: &Order, total: i64, amounts: &Amounts) -> Result<Self, Reason> {
        if order.transactions.is_empty() {
            let payments = told(order, total, amounts)?;
            return Ok(Self {
                payments: payments.into_iter().collect(),
                of: HashMap::new(),
            });
        }
        let mut money = Self {
            payments: Vec::new(),
            of: HashMap::new(),
        };
        for transaction in &order.transactions {
            let amount = amounts.of(&transaction.amount)?;
            if amount == 0 {
                continue;
            }
            let is_sale = transaction.is_done("sale");
            if is_sale || transaction.is_done("authorization") {
                money.of.insert(transaction.id, money.payments.len());
                money.payments.push(PaymentBody {
                    amount,
                    captured: if is_sale { amount } else { 0 },
                    provider: transaction.gateway.clone(),
                    reference: Some(transaction.id.to_string()),
                    captured_at: transaction.processed_at.filter(|_| is_sale),
                });
            } else if transaction.is_done("capture") {
                let parent = transaction
                    .parent_id
                    .and_then(|id| money.of.get(&id).copied());
                let Some(at) = parent else {
                    let detail = format!("the transaction {} captures none", transaction.id);
                    return Err(Reason::new("unknown_transaction", detail));
                };
                let payment = &mut money.payments[at];
                payment.captured = payment.captured.saturating_add(amount);
                payment.captured_at = transaction.processed_at.or(payment.captured_at);
                money.of.insert(transaction.id, at);
            }
        }
        // What was authorised and never taken has come to nothing.
        let is_over = matches!(
            order.financial_status.as_deref(),
            Some("voided" | "expired")
        );
        if is_over && money.payments.iter().all(|payment| payment.captured == 0) {
            money.payments.clear();
        }
        Ok(money)
    }

    /// What was given back, in the order of time.
    pub fn refunds(
        &self,
        order: &Order,
        returns: &Returns,
        amounts: &Amounts,
    ) -> Result<Vec<RefundBody>, Reason> {
        // What is called off costs nothing any more: no credit beside it.
        let purpose = match order.cancelled_at {
            Some(_) => RefundPurpose::Cancellation,
            None => RefundPurpose::Goodwill,
        };
        let mut refunds = Vec::new();
        for (place, refund) in order.refunds.iter().enumerate() {
            let returned = returns.with(place);
            for transaction in refund.transactions.iter().filter(|t| t.is_done("refund")) {
                let amount = amounts.of(&transaction.amount)?;
                if amount == 0 {
                    continue;
                }
                let payment = transaction
                    .parent_id
                    .and_then(|id| self.of.get(&id).copied());
                refunds.push(RefundBody {
                    payment: format!("p{}", payment.unwrap_or_default() + 1),
                    amount,
                    purpose: returned.map_or(purpose, |_| RefundPurpose::Return),
                    return_id: returned.cloned(),
                    reason: refund.reason(),
                    refunded_at: Some(transaction.processed_at.unwrap_or_else(|| refund.at())),
                });
            }
        }
        refunds.sort_by_key(|refund| refund.refunded_at);
        Ok(refunds)
    }
}

/// The one payment that `financial_status` tells of.
fn told(order: &Order, total: i64, amounts: &Amounts) -> Result<Option<PaymentBody>, Reason> {
    let status = order.financial_status.as_deref().unwrap_or_default();
    let captured = match status {
        "paid" | "refunded" | "partially_refunded" => total,
        "authorized" => 0,
        "partially_paid" => {
            let open = order.total_outstanding.as_deref().ok_or_else(|| {
                Reason::new(
                    "unknown_payment",
                    "partially paid, and nothing says how much",
                )
            })?;
            total.saturating_sub(amounts.of(open)?)
        }
        "" | "pending" | "voided" | "expired" => return Ok(None),
        other => {
            let detail = format!("financial_status: {:?} is not known", shape(other));
            return Err(Reason::new("unknown_payment", detail));
        }
    };
    let amount = if status == "authorized" {
        total
    } else {
        captured
    };
    let at = order.processed_at.unwrap_or(order.created_at);
    Ok((amount > 0).then(|| PaymentBody {
        amount,
        captured,
        provider: order.payment_gateway_names.first().cloned(),
        reference: None,
        captured_at: (captured > 0).then_some(at),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::convert::{Channel, convert};
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_was_authorised_and_never_taken_is_no_payment_once_it_is_over() {
        let channel = Channel {
            platform: "tees".into(),
            prices_include_tax: false,
        };
        for (status, expected) in [("authorized", Some(1)), ("voided", None), ("expired", None)] {
            let order: Order = serde_json::from_value(json!({
                "id": 1, "created_at": "2025-03-14T10:15:30-04:00", "currency": "USD",
                "financial_status": status, "total_price": "10.00",
                "line_items": [{"id": 2, "sku": "PEN", "name": "Pen", "quantity": 1, "price": "10.00"}],
                "transactions": [
                    {"id": 3, "kind": "authorization", "status": "success", "amount": "10.00"},
                ],
            }))
            .expect("an order");
            let converted = convert(&order, &channel).ok().expect("an import");
            let body: Value = serde_json::from_slice(&converted.body).expect("JSON");
            let payments = body["payments"].as_array().map(Vec::len);
            assert_eq!(payments, expected, "{status}: {body}");
        }
    }
}
