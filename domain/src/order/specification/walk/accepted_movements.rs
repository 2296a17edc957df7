//! What accepted commands change of money and goods.

use super::{
    model::{Model, Movement, Payment, Return, index},
    verdict_of_money::{credits, purpose_of},
};
use crate::order::{
    OrderCommand as C,
    command::{ReceiveReturn, RefundPayment, RequestReturn},
};
use contracts::order::{FulfillmentState, RefundPurpose, ReturnState};

impl Model {
    fn pay(&mut self, id: &str) -> (usize, &mut Payment) {
        let at = index(id, "p", self.payments.len()).expect("a payment");
        (at, &mut self.payments[at])
    }

    pub fn take_money(&mut self, command: &C) {
        match command {
            C::Authorize(c) => self.payments.push(Payment {
                authorized: c.sum.amount,
                ..Payment::default()
            }),
            C::Capture(c) => {
                let (payment, money) = self.pay(&c.payment);
                let amount = c.amount.unwrap_or(money.capturable());
                money.capturing += amount;
                self.captures.push(pending(payment, amount));
                if !c.pending {
                    self.settle_capture(self.captures.len() - 1, true);
                }
            }
            C::SettleCapture(c) => {
                let at = index(&c.capture, "c", self.captures.len()).expect("a capture");
                self.settle_capture(at, c.outcome.succeeded());
            }
            C::Void(c) => self.pay(&c.payment).1.voided = true,
            C::FailPayment(c) => self.pay(&c.payment).1.failed = true,
            C::Refund(c) => self.refund(c),
            C::SettleRefund(c) => {
                let at = index(&c.refund, "rf", self.refunds.len()).expect("a refund");
                self.settle_refund(at, c.outcome.succeeded());
            }
            C::GrantCredit(c) => {
                self.credited += c.sum.amount;
                self.credits += 1;
                if let Some(id) = c.return_id.as_deref() {
                    self.back(id).credited += c.sum.amount;
                }
            }
            C::RecordChargeback(c) => {
                self.pay(&c.payment).1.charged_back += c.sum.amount;
                self.chargebacks += 1;
            }
            other => self.take_goods(other),
        }
    }

    fn settle_capture(&mut self, at: usize, succeeded: bool) {
        let capture = &mut self.captures[at];
        capture.settle(succeeded);
        let money = &mut self.payments[capture.payment];
        money.capturing -= capture.amount;
        money.captured += if succeeded { capture.amount } else { 0 };
    }

    pub fn refund(&mut self, c: &RefundPayment) {
        let amount = c.sum.amount;
        let (payment, money) = self.pay(&c.payment);
        money.refunding += amount;
        let named = c.return_id.as_deref();
        self.refunds.push(Movement {
            purpose: purpose_of(c),
            for_return: named.and_then(|r| index(r, "r", self.returns.len())),
            ..pending(payment, amount)
        });
        if !c.pending {
            self.settle_refund(self.refunds.len() - 1, true);
        }
    }

    fn settle_refund(&mut self, at: usize, succeeded: bool) {
        let creditable = (self.totals().total - self.credited).max(0);
        let refund = &mut self.refunds[at];
        refund.settle(succeeded);
        let money = &mut self.payments[refund.payment];
        money.refunding -= refund.amount;
        if !succeeded {
            return;
        }
        money.refunded += refund.amount;
        if credits(refund.purpose) {
            self.credited += refund.amount.min(creditable);
        }
        if let Some(returned) = refund.for_return {
            let returned = &mut self.returns[returned];
            returned.refunded += refund.amount;
            if returned.is_open() {
                returned.state = ReturnState::Refunded;
            }
        }
    }

    fn take_goods(&mut self, command: &C) {
        match command {
            C::Fulfill(c) => {
                let lines = c.lines.iter();
                let lines: Vec<(String, i64)> =
                    lines.map(|u| (u.line.to_string(), u.quantity)).collect();
                for (line, quantity) in &lines {
                    self.line_mut(line).fulfilled += quantity;
                }
                self.fulfillments.push((lines, FulfillmentState::Open));
            }
            C::Ship(c) => self.move_on(&c.fulfillment, FulfillmentState::Shipped),
            C::Deliver(c) => self.move_on(&c.fulfillment, FulfillmentState::Delivered),
            C::CancelFulfillment(c) => self.move_on(&c.fulfillment, FulfillmentState::Cancelled),
            C::UpdateTracking(_) => {}
            other => self.take_return(other),
        }
    }

    fn move_on(&mut self, id: &str, to: FulfillmentState) {
        let at = index(id, "f", self.fulfillments.len()).expect("a fulfilment");
        self.fulfillments[at].1 = to;
        for (line, quantity) in self.fulfillments[at].0.clone() {
            let line = self.line_mut(&line);
            match to {
                FulfillmentState::Shipped => line.shipped += quantity,
                FulfillmentState::Delivered => line.delivered += quantity,
                FulfillmentState::Cancelled => line.fulfilled -= quantity,
                FulfillmentState::Open => panic!("nothing opens again"),
            }
        }
    }

    fn back(&mut self, id: &str) -> &mut Return {
        let at = index(id, "r", self.returns.len()).expect("a return");
        &mut self.returns[at]
    }

    fn take_return(&mut self, command: &C) {
        match command {
            C::RequestReturn(c) => self.ask_back(c),
            C::ApproveReturn(c) => self.back(&c.return_id).state = ReturnState::Approved,
            C::ReceiveReturn(c) => self.come_back(c),
            C::LinkExchange(c) => self.back(&c.return_id).exchange = Some(c.order_id),
            C::DeclineReturn(c) => self.end(&c.return_id, ReturnState::Declined),
            C::CloseReturn(c) => self.end(&c.return_id, ReturnState::Closed),
            C::CancelReturn(c) => self.end(&c.return_id, ReturnState::Cancelled),
            other => panic!("nothing is known of {other:?}"),
        }
    }

    fn ask_back(&mut self, c: &RequestReturn) {
        for (units, _) in &c.lines {
            self.line_mut(&units.line).asked_back += units.quantity;
        }
        let lines = c.lines.iter();
        self.returns.push(Return {
            lines: lines
                .map(|(u, _)| (u.line.to_string(), u.quantity, 0))
                .collect(),
            state: ReturnState::Requested,
            exchange: None,
            refunded: 0,
            credited: 0,
        });
    }

    fn come_back(&mut self, c: &ReceiveReturn) {
        for (units, _) in &c.lines {
            self.line_mut(&units.line).came_back += units.quantity;
            let returned = self.back(&c.return_id);
            returned.state = ReturnState::Received;
            let mut lines = returned.lines.iter_mut();
            let line = lines.find(|(line, ..)| *line == *units.line);
            line.expect("a line of the return").2 += units.quantity;
        }
    }

    /// What did not come back can be asked back again.
    fn end(&mut self, id: &str, state: ReturnState) {
        let returned = self.back(id);
        returned.state = state;
        for (line, asked, received) in returned.lines.clone() {
            self.line_mut(&line).asked_back -= asked - received;
        }
    }
}

const fn pending(payment: usize, amount: i64) -> Movement {
    Movement {
        payment,
        amount,
        purpose: RefundPurpose::Goodwill,
        for_return: None,
        pending: true,
        succeeded: false,
    }
}

impl Movement {
    const fn settle(&mut self, succeeded: bool) {
        self.pending = false;
        self.succeeded = succeeded;
    }
}
