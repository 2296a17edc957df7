//! Verdicts on money.

use super::{
    model::{Model, Movement, Verdict, index},
    verdict::{only_if, unless},
};
use crate::order::{
    OrderCommand as C,
    command::{CapturePayment, RefundPayment, Settled},
};
use contracts::order::{RefundPurpose, ReturnState};

impl Model {
    pub fn verdict_of_money(&self, command: &C) -> Verdict {
        match command {
            C::Authorize(c) => only_if(&[self.is_live_sale(), c.sum.amount > 0]),
            C::Capture(c) => self.verdict_of_capture(c),
            C::SettleCapture(c) => self.verdict_of_settling(&self.captures, &c.capture, "c"),
            C::Void(c) => {
                let payment =
                    index(&c.payment, "p", self.payments.len()).map(|p| &self.payments[p]);
                let known = self.is_sale() && payment.is_some();
                let voided = payment.is_some_and(|p| p.voided);
                let untouched = payment.is_some_and(super::model::Payment::untouched);
                unless(voided, known && (voided || untouched))
            }
            C::FailPayment(c) => {
                let payment =
                    index(&c.payment, "p", self.payments.len()).map(|p| &self.payments[p]);
                let known = self.is_sale() && payment.is_some();
                let failed = payment.is_some_and(|p| p.failed);
                let untouched = payment.is_some_and(super::model::Payment::untouched);
                unless(failed, known && (failed || untouched))
            }
            C::Refund(c) => self.verdict_of_refund(c),
            C::SettleRefund(c) => self.verdict_of_settling(&self.refunds, &c.refund, "rf"),
            C::GrantCredit(c) => {
                let costs = self.totals().total - self.credited;
                let named = c.return_id.as_deref();
                let known = named.is_none_or(|r| index(r, "r", self.returns.len()).is_some());
                let fits = (1..=costs).contains(&c.sum.amount);
                only_if(&[self.is_live_sale(), known, fits])
            }
            C::RecordChargeback(c) => {
                let payment = index(&c.payment, "p", self.payments.len());
                let most = payment.map_or(0, |p| {
                    self.payments[p].captured - self.payments[p].charged_back
                });
                only_if(&[self.is_sale(), (1..=most).contains(&c.sum.amount)])
            }
            other => self.verdict_of_goods(other),
        }
    }

    fn verdict_of_capture(&self, c: &CapturePayment) -> Verdict {
        let payment = index(&c.payment, "p", self.payments.len());
        let most = payment.map_or(0, |p| self.payments[p].capturable());
        let amount = c.amount.unwrap_or(most);
        only_if(&[self.is_live_sale(), (1..=most).contains(&amount)])
    }

    fn verdict_of_settling(&self, movements: &[Movement], id: &str, prefix: &str) -> Verdict {
        let movement = index(id, prefix, movements.len()).map(|at| &movements[at]);
        only_if(&[self.is_sale(), movement.is_some_and(|m| m.pending)])
    }

    fn verdict_of_refund(&self, c: &RefundPayment) -> Verdict {
        let payment = index(&c.payment, "p", self.payments.len());
        let most = payment.map_or(0, |p| self.payments[p].refundable());
        let purpose = purpose_of(c);
        let named = c.return_id.as_deref();
        let returned = named.map(|r| index(r, "r", self.returns.len()));
        let came_back = returned.is_none_or(|at| {
            let state = at.map(|at| self.returns[at].state);
            matches!(state, Some(ReturnState::Received | ReturnState::Refunded))
        });
        let agrees = named.is_some() == (purpose == RefundPurpose::Return);
        let within = credits(purpose) || c.sum.amount <= self.overpaid();
        let fits = (1..=most).contains(&c.sum.amount);
        only_if(&[self.is_sale(), agrees, came_back, fits, within])
    }

    /// Paid too much, and not on its way back.
    pub fn overpaid(&self) -> i64 {
        let pending = self
            .refunds
            .iter()
            .filter(|r| r.pending && !credits(r.purpose));
        -self.totals().balance_due - pending.map(|r| r.amount).sum::<i64>()
    }
}

/// Whether a refund for it makes the order cost less.
pub const fn credits(purpose: RefundPurpose) -> bool {
    matches!(purpose, RefundPurpose::Return | RefundPurpose::Goodwill)
}

/// For a return where one is named, else goodwill.
pub fn purpose_of(c: &RefundPayment) -> RefundPurpose {
    let default = match c.return_id {
        Some(_) => RefundPurpose::Return,
        None => RefundPurpose::Goodwill,
    };
    c.purpose.unwrap_or(default)
}

impl Settled {
    /// The money moved.
    pub const fn succeeded(self) -> bool {
        matches!(self, Self::Succeeded)
    }
}
