//! What already happened to an imported order: the same decisions as for
//! one of our own, but for the rules of what may be shipped when.

use super::cancel;
use crate::order::{
    command::{
        ApproveReturn, AuthorizePayment, CancelOrder, CapturePayment, CloseReturn,
        CreateFulfillment, DeliverFulfillment, History, LineUnits, NewTracking, PastCancellation,
        PastFulfillment, PastPayment, PastRefund, PastReturn, ReceiveReturn, RefundPayment,
        RequestReturn, ShipFulfillment, Sum,
    },
    event::OrderEvent,
    fulfillment::{create, deliver, ship},
    payment::{authorize, capture, refund},
    rejection::{Part, Rejection},
    returns::{approve, close, receive, request},
    state::{Order, evolve},
};
use crate::text::Id;
use contracts::order::{FulfillmentState, RefundPurpose};

/// Payments, refunds, fulfilments and returns that are imported with an order.
pub const MAX_HISTORY: usize = 500;

/// The events of `history` on `order`. A refusal says where in the history.
pub fn happened(order: Order, history: History) -> Result<Vec<OrderEvent>, Rejection> {
    let parts = history.payments.len()
        + history.refunds.len()
        + history.fulfillments.len()
        + history.returns.len();
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
    let refunds = history.refunds.into_iter().enumerate();
    let (for_goods, others) = refunds.partition(|(_, refund)| refund.return_id.is_some());
    past.all_refunded(others)?;
    for (index, fulfillment) in history.fulfillments.into_iter().enumerate() {
        let at = format!("/fulfillments/{index}");
        past.fulfilled(fulfillment).map_err(|e| within(at, e))?;
    }
    // What came back was shipped before, and is there before the money for it.
    for (index, returned) in history.returns.into_iter().enumerate() {
        let at = format!("/returns/{index}");
        past.returned(returned).map_err(|e| within(at, e))?;
    }
    past.all_refunded(for_goods)?;
    past.all_closed()?;
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

    /// Each with its place in the history.
    fn all_refunded(&mut self, refunds: Vec<(usize, PastRefund)>) -> Result<(), Rejection> {
        for (index, refund) in refunds {
            let at = format!("/refunds/{index}");
            self.refunded(refund).map_err(|e| within(at, e))?;
        }
        Ok(())
    }

    fn refunded(&mut self, refund: PastRefund) -> Result<(), Rejection> {
        if let Some(id) = &refund.return_id {
            if refund.purpose != RefundPurpose::Return {
                return Err(Rejection::PurposeNeedsReturn);
            }
            refund::came_back(&self.order, id)?;
        }
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
            return_id: refund.return_id,
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

    fn returned(&mut self, past: PastReturn) -> Result<(), Rejection> {
        let asked = past.lines.iter().map(|(units, _)| (units.clone(), None));
        let asked = RequestReturn {
            lines: asked.collect(),
            reason: past.reason,
        };
        self.take(request::recorded(&self.order, asked, past.returned_at)?);
        let newest = self.order.returns.last().map(|r| r.id.as_str());
        let Some(return_id) = newest.and_then(|id| Id::try_from(id).ok()) else {
            return Err(Rejection::NoLines);
        };
        let approved = ApproveReturn {
            return_id: return_id.clone(),
            reason: None,
        };
        self.take(approve::decide(&self.order, approved)?);
        let received = ReceiveReturn {
            return_id,
            lines: past.lines,
        };
        self.take(receive::decide(&self.order, received)?);
        Ok(())
    }

    /// Whatever was given for them has been given: nothing more is expected of
    /// any. An imported order has no returns but those of its history.
    fn all_closed(&mut self) -> Result<(), Rejection> {
        let ids = self.order.returns.iter().map(|r| r.id.clone());
        let ids: Vec<String> = ids.collect();
        for (index, id) in ids.iter().enumerate() {
            let at = format!("/returns/{index}");
            self.closed(id).map_err(|e| within(at, e))?;
        }
        Ok(())
    }

    fn closed(&mut self, id: &str) -> Result<(), Rejection> {
        let Ok(return_id) = Id::try_from(id) else {
            return Err(Rejection::no_such(Part::Return, id, None));
        };
        let command = CloseReturn {
            return_id,
            reason: None,
        };
        self.take(close::decide(&self.order, command)?);
        Ok(())
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
