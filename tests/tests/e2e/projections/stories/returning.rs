//! An order of which much comes back.

use super::{
    Story,
    values::{id, sum, units, why},
};
use anyhow::Result;
use contracts::order::RefundPurpose;
use domain::order::command::{
    ApproveReturn, CancelReturn, CloseReturn, DeclineReturn, GrantCredit, LinkExchange,
    ReceiveReturn, RecordChargeback, RefundPayment, RequestReturn, SettleRefund, Settled,
};
use uuid::Uuid;

impl Story {
    fn ask_back(&mut self, quantity: i64) -> Result<()> {
        self.then(RequestReturn {
            lines: vec![(units("l1", quantity)?, why()?)],
            reason: why()?,
        })
    }

    fn refund(&mut self, amount: i64, return_id: Option<&str>, pending: bool) -> Result<()> {
        let return_id = return_id.map(id).transpose()?;
        self.then(RefundPayment {
            payment: id("p1")?,
            sum: sum(amount),
            purpose: return_id.is_none().then_some(RefundPurpose::Goodwill),
            return_id,
            pending,
            reason: why()?,
            occurred_at: None,
        })
    }

    fn settle_refund(&mut self, refund: &str, outcome: Settled) -> Result<()> {
        let reason = None;
        let refund = id(refund)?;
        self.then(SettleRefund {
            refund,
            outcome,
            reason,
        })
    }

    /// An order of which much comes back.
    pub(super) fn sent_back(&mut self, n: usize) -> Result<()> {
        self.place(n)?;
        self.authorize(6_000)?;
        self.capture("p1", 5_500, false)?;
        self.pack(vec![units("l1", 3)?, units("l2", 2)?])?;
        self.ship("f1")?;
        for quantity in [1, 1] {
            self.ask_back(quantity)?;
        }
        let (r1, r2) = (id("r1")?, id("r2")?);
        self.then(DeclineReturn {
            return_id: r2,
            reason: why()?,
        })?;
        self.then(ApproveReturn {
            return_id: r1.clone(),
            reason: None,
        })?;
        self.ask_back(2)?;
        self.then(CancelReturn {
            return_id: id("r3")?,
            reason: None,
        })?;
        self.then(ReceiveReturn {
            return_id: r1.clone(),
            lines: vec![(units("l1", 1)?, true)],
        })?;
        self.refund(100, Some("r1"), true)?;
        self.settle_refund("rf1", Settled::Succeeded)?;
        self.refund(50, None, true)?;
        self.settle_refund("rf2", Settled::Failed)?;
        self.refund(40, None, false)?;
        self.then(GrantCredit {
            sum: sum(30),
            return_id: Some(r1.clone()),
            reason: why()?,
        })?;
        self.then(LinkExchange {
            return_id: r1.clone(),
            order_id: Uuid::from_u128(7),
        })?;
        self.then(CloseReturn {
            return_id: r1,
            reason: None,
        })?;
        self.then(RecordChargeback {
            payment: id("p1")?,
            sum: sum(20),
            reason: None,
        })
    }
}
