//! What already happened to an imported order: the same decisions as for
//! one of our own, but for the rules of what may be shipped when.

use super::cancel;
use crate::order::{
    command::{
        AuthorizePayment, CancelOrder, CapturePayment, CreateFulfillment, DeliverFulfillment,
        History, LineUnits, NewTracking, PastCancellation, PastFulfillment, PastPayment,
        PastRefund, RefundPayment, ShipFulfillment, Sum,
    },
    event::OrderEvent,
    fulfillment::{create, deliver, ship},
    payment::{authorize, capture, refund},
    rejection::{Part, Rejection},
    state::{Order, evolve},
};
use crate::text::Id;
use contracts::order::FulfillmentState;

/// Payments, refunds and fulfilments that are imported with an order.
pub const MAX_HISTORY: usize = 500;

/// The events of `history` on `order`. A refusal says where in the history.
pub fn happened(order: Order, history: History) -> Result<Vec<OrderEvent>, Rejection> {
    let parts = history.payments.len() + history.refunds.len() + history.fulfillments.len();
    if parts > MAX_HISTORY {
        let limit = MAX_HISTORY;
        return Err(Rejection::HistoryTooLong { parts, limit });
    }
    let mut past = Past {
        order,
        events: Vec::new(),
    };
    for (index, payment) in history.payments.into_iter().enumerate() {
        let at = format!("/payments/{index}");
        past.paid(payment).map_err(|e| within(at, e))?;
    }
    for (index, refund) in history.refunds.into_iter().enumerate() {
        let at = format!("/refunds/{index}");
        past.refunded(refund).map_err(|e| within(at, e))?;
    }
    for (index, fulfillment) in history.fulfillments.into_iter().enumerate() {
        let at = format!("/fulfillments/{index}");
        past.fulfilled(fulfillment).map_err(|e| within(at, e))?;
    }
    if let Some(cancellation) = history.cancellation {
        let cancelled = past.cancelled(cancellation);
        cancelled.map_err(|e| within("/cancellation".to_owned(), e))?;
    }
    Ok(past.events)
}

fn within(at: String, source: Rejection) -> Rejection {
    let source = Box::new(source);
    Rejection::History { at, source }
}

/// A parcel that was not sent is nowhere.
fn nowhere(tracking: &NewTracking) -> Result<(), Rejection> {
    if *tracking == NewTracking::default() {
        return Ok(());
    }
    Err(Rejection::FulfillmentNot {
        needed: FulfillmentState::Shipped,
        status: FulfillmentState::Open,
    })
}

struct Past {
    order: Order,
    events: Vec<OrderEvent>,
}

impl Past {
    fn take(&mut self, events: Vec<OrderEvent>) {
        for event in events {
            self.order = evolve(std::mem::take(&mut self.order), &event);
            self.events.push(event);
        }
    }

    fn paid(&mut self, payment: PastPayment) -> Result<(), Rejection> {
        let sum = Sum {
            amount: payment.amount,
            currency: None,
        };
        let authorized = AuthorizePayment {
            sum,
            provider: payment.provider,
            reference: payment.reference,
        };
        self.take(authorize::decide(&self.order, authorized)?);
        if payment.captured == 0 && payment.captured_at.is_none() {
            return Ok(());
        }
        let captured = CapturePayment {
            payment: self.newest_payment()?,
            amount: Some(payment.captured),
            currency: None,
            pending: false,
            occurred_at: payment.captured_at,
        };
        self.take(capture::decide(&self.order, &captured)?);
        Ok(())
    }

    fn newest_payment(&self) -> Result<Id, Rejection> {
        let newest = self.order.payments.last().map(|p| p.id.as_str());
        let id = newest.and_then(|id| Id::try_from(id).ok());
        id.ok_or_else(|| Rejection::no_such(Part::Payment, "", Some("/payment".to_owned())))
    }

    fn refunded(&mut self, refund: PastRefund) -> Result<(), Rejection> {
        let payment = match refund.payment {
            Some(payment) => payment,
            None => self.newest_payment()?,
        };
        self.order.payment(&payment, Some("/payment".to_owned()))?;
        let command = RefundPayment {
            payment,
            sum: Sum {
                amount: refund.amount,
                currency: None,
            },
            purpose: Some(refund.purpose),
            return_id: None,
            pending: false,
            reason: refund.reason,
            occurred_at: refund.refunded_at,
        };
        self.take(refund::recorded(&self.order, command)?);
        Ok(())
    }

    fn fulfilled(&mut self, past: PastFulfillment) -> Result<(), Rejection> {
        let lines = if past.lines.is_empty() {
            self.everything_open()
        } else {
            past.lines
        };
        self.take(create::decide(&self.order, &CreateFulfillment { lines })?);
        let newest = self.order.fulfillments.last().map(|f| f.id.as_str());
        let Some(fulfillment) = newest.and_then(|id| Id::try_from(id).ok()) else {
            return Err(Rejection::NothingToFulfill);
        };
        if past.shipped_at.is_none() && past.delivered_at.is_none() {
            return nowhere(&past.tracking);
        }
        let shipped = ShipFulfillment {
            fulfillment: fulfillment.clone(),
            tracking: past.tracking,
            allow_unpaid: true,
            force: false,
            reason: None,
            occurred_at: past.shipped_at.or(past.delivered_at),
        };
        self.take(ship::decide(&self.order, shipped)?);
        if past.delivered_at.is_some() {
            let delivered = DeliverFulfillment {
                fulfillment,
                occurred_at: past.delivered_at,
            };
            self.take(deliver::decide(&self.order, &delivered)?);
        }
        Ok(())
    }

    fn everything_open(&self) -> Vec<LineUnits> {
        let open = self.order.lines.iter().filter(|l| l.open() > 0);
        open.filter_map(|l| {
            Some(LineUnits {
                line: Id::try_from(l.line.id.as_str()).ok()?,
                quantity: l.open(),
            })
        })
        .collect()
    }

    fn cancelled(&mut self, past: PastCancellation) -> Result<(), Rejection> {
        let command = CancelOrder {
            reason: past.reason,
            occurred_at: past.cancelled_at,
        };
        self.take(cancel::decide(&self.order, command)?);
        Ok(())
    }
}
