//! Imports with what already happened, as the model takes them.

use super::model::{Model, Phase, Verdict, index};
use crate::order::command::CreateFulfillment;
use crate::order::{
    OrderCommand,
    command::{
        ImportOrder, LineUnits, PastFulfillment, PastPayment, PastRefund, PastReturn,
        ReceiveReturn, RequestReturn,
    },
    specification::commands::{
        approve, authorize, cancel, capture, close, deliver, giving_back, id, ship,
    },
};
use contracts::order::{RefundPurpose, ReturnState};

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
        let refunds = c.history.refunds.iter();
        let (for_goods, others): (Vec<_>, Vec<_>) =
            refunds.partition(|refund| refund.return_id.is_some());
        for refund in others {
            order.given_back(refund)?;
        }
        for fulfillment in &c.history.fulfillments {
            order.sent(fulfillment)?;
        }
        for returned in &c.history.returns {
            order.came_back(returned)?;
        }
        for refund in for_goods {
            order.given_back(refund)?;
        }
        for number in 1..=order.returns.len() {
            order.happened(&close(&format!("r{number}")))?;
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

    /// Whatever it was for: only that it is not more than was captured, and that
    /// goods came back with the return that it names.
    fn given_back(&mut self, past: &PastRefund) -> Option<()> {
        let newest = format!("p{}", self.payments.len());
        let payment = past.payment.as_deref().unwrap_or(&newest);
        let at = index(payment, "p", self.payments.len())?;
        if !(1..=self.payments[at].refundable()).contains(&past.amount) {
            return None;
        }
        if let Some(returned) = past.return_id.as_deref() {
            let returned = index(returned, "r", self.returns.len())?;
            let state = self.returns[returned].state;
            let is_back = matches!(state, ReturnState::Received | ReturnState::Refunded);
            if past.purpose != RefundPurpose::Return || !is_back {
                return None;
            }
        }
        let mut refund = giving_back(payment, past.amount);
        refund.purpose = Some(past.purpose);
        refund.return_id.clone_from(&past.return_id);
        self.refund(&refund);
        Some(())
    }

    fn sent(&mut self, past: &PastFulfillment) -> Option<()> {
        let mut lines = past.lines.clone();
        if lines.is_empty() {
            let open = self.lines.iter().filter(|l| l.open() > 0);
            lines.extend(open.map(|l| LineUnits {
                line: id(&l.id),
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

    fn came_back(&mut self, past: &PastReturn) -> Option<()> {
        let asked = past.lines.iter().map(|(units, _)| (units.clone(), None));
        let asked = RequestReturn {
            lines: asked.collect(),
            reason: None,
        };
        self.happened(&asked.into())?;
        let newest = format!("r{}", self.returns.len());
        self.happened(&approve(&newest))?;
        let received = ReceiveReturn {
            return_id: id(&newest),
            lines: past.lines.clone(),
        };
        self.happened(&received.into())
    }
}
