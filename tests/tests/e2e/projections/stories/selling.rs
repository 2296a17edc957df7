//! A draft that becomes an order, which is paid and sent.

use super::{
    Story,
    values::{id, parcel, placed_at, sum, units, why},
};
use anyhow::Result;
use domain::order::command::{
    ArchiveOrder, AuthorizePayment, CancelFulfillment, CancelLines, CapturePayment, CompleteDraft,
    CreateDraft, CreateFulfillment, DeliverFulfillment, IssueInvoice, LineUnits, SettleCapture,
    Settled, ShipFulfillment, UnarchiveOrder, UpdateDraft, UpdateTracking,
};

impl Story {
    pub(super) fn capture(&mut self, payment: &str, amount: i64, pending: bool) -> Result<()> {
        self.then(CapturePayment {
            payment: id(payment)?,
            amount: Some(amount),
            currency: None,
            pending,
            occurred_at: None,
        })
    }

    fn settle_capture(&mut self, capture: &str, outcome: Settled) -> Result<()> {
        let reason = None;
        let capture = id(capture)?;
        self.then(SettleCapture {
            capture,
            outcome,
            reason,
        })
    }

    pub(super) fn authorize(&mut self, amount: i64) -> Result<()> {
        self.then(AuthorizePayment {
            sum: sum(amount),
            provider: Some(id("bank")?),
            reference: Some(id("ref-1")?),
        })
    }

    pub(super) fn pack(&mut self, lines: Vec<LineUnits>) -> Result<()> {
        self.then(CreateFulfillment { lines })
    }

    pub(super) fn ship(&mut self, fulfillment: &str) -> Result<()> {
        self.then(ShipFulfillment {
            fulfillment: id(fulfillment)?,
            tracking: parcel("T-1")?,
            allow_unpaid: false,
            force: false,
            reason: None,
            occurred_at: None,
        })
    }

    /// A draft that becomes an order, which is edited, paid and sent.
    pub(super) fn sold(&mut self, n: usize) -> Result<()> {
        self.then(CreateDraft(self.content(n)?))?;
        let tags = Some(vec![id("first")?]);
        let lines = Some(self.content(n)?.lines);
        self.then(UpdateDraft {
            lines,
            tags,
            shipping: Some(None),
            ..UpdateDraft::default()
        })?;
        self.then(CompleteDraft {
            placed_at: placed_at(n),
        })?;
        self.edit()?;
        self.authorize(10_000)?;
        self.capture("p1", 3_000, true)?;
        self.settle_capture("c1", Settled::Succeeded)?;
        self.capture("p1", 100, true)?;
        self.settle_capture("c2", Settled::Failed)?;
        self.capture("p1", 5_000, false)?;
        self.pack(vec![units("l1", 2)?, units("l3", 1)?])?;
        self.pack(vec![units("l4", 1)?])?;
        self.ship("f1")?;
        self.then(UpdateTracking {
            fulfillment: id("f1")?,
            tracking: parcel("T-2")?,
        })?;
        self.then(DeliverFulfillment {
            fulfillment: id("f1")?,
            occurred_at: None,
        })?;
        self.then(CancelFulfillment {
            fulfillment: id("f2")?,
            reason: None,
        })?;
        self.then(CancelLines {
            lines: vec![units("l4", 3)?],
            reason: why()?,
        })?;
        self.then(IssueInvoice { number: Some(1) })?;
        let reason = None;
        self.then(ArchiveOrder { reason })?;
        self.then(UnarchiveOrder { reason: why()? })
    }
}
