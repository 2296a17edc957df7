//! Imports with what already happened, as the model takes them.

use super::model::{Model, Phase, Verdict, index};
use crate::order::command::CreateFulfillment;
use crate::order::{
    OrderCommand,
    command::{ImportOrder, LineUnits, PastFulfillment, PastPayment, PastRefund},
    specification::commands::{authorize, cancel, capture, deliver, giving_back, ship},
};

/// The import in words, but for the number, which each attempt takes anew.
pub fn in_words(c: &ImportOrder) -> String {
    let mut c = c.clone();
    c.order.number.clear();
    format!("{c:?}")
}

impl Model {
    /// The order that the import makes; none where its history is impossible.
    pub fn imported_from(c: &ImportOrder) -> Option<Self> {
        let mut order = Self::default();
        order.begin(&c.order, Phase::Placed, c.kind);
        for payment in &c.history.payments {
            order.paid(payment)?;
        }
        for refund in &c.history.refunds {
            order.given_back(refund)?;
        }
        for fulfillment in &c.history.fulfillments {
            order.sent(fulfillment)?;
        }
        if c.history.cancellation.is_some() {
            order.happened(&cancel())?;
        }
        order.imported = Some(in_words(c));
        Some(order)
    }

    fn happened(&mut self, command: &OrderCommand) -> Option<()> {
        match self.verdict(command) {
            Verdict::Stored => self.take(command),
            Verdict::Unchanged | Verdict::Refused => return None,
        }
        Some(())
    }

    fn paid(&mut self, past: &PastPayment) -> Option<()> {
        self.happened(&authorize(past.amount))?;
        if past.captured == 0 && past.captured_at.is_none() {
            return Some(());
        }
        let newest = format!("p{}", self.payments.len());
        self.happened(&capture(&newest, past.captured))
    }

    /// Whatever it was for: only that it is not more than was captured.
    fn given_back(&mut self, past: &PastRefund) -> Option<()> {
        let newest = format!("p{}", self.payments.len());
        let payment = past.payment.as_deref().unwrap_or(&newest);
        let at = index(payment, "p", self.payments.len())?;
        if !(1..=self.payments[at].refundable()).contains(&past.amount) {
            return None;
        }
        let mut refund = giving_back(payment, past.amount);
        refund.purpose = Some(past.purpose);
        self.refund(&refund);
        Some(())
    }

    fn sent(&mut self, past: &PastFulfillment) -> Option<()> {
        let mut lines = past.lines.clone();
        if lines.is_empty() {
            let open = self.lines.iter().filter(|l| l.open() > 0);
            lines.extend(open.map(|l| LineUnits {
                line: crate::order::specification::commands::id(&l.id),
                quantity: l.open(),
            }));
        }
        self.happened(&CreateFulfillment { lines }.into())?;
        let newest = format!("f{}", self.fulfillments.len());
        if past.shipped_at.is_some() || past.delivered_at.is_some() {
            self.happened(&ship(&newest))?;
        }
        if past.delivered_at.is_some() {
            self.happened(&deliver(&newest))?;
        }
        Some(())
    }
}
