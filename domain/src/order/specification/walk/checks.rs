//! Every invariant of the specification, after every step: the model's
//! accounts, the order's state, what is derived from it and the published
//! document agree.

use super::model::{Model, Payment};
use crate::order::{Order, Stage, state::PaymentEnd};
use contracts::order::{self as published, After, Kind, MovementState, PaymentState};

impl Model {
    pub fn agrees(&self, order: &Order, after: &After, document: Option<&published::Order>) {
        let totals = self.totals();
        assert_eq!(after.totals, totals, "the sums");
        assert_eq!(order.stage == Stage::Cancelled, self.is_cancelled());
        let parts = totals.items - totals.discounts + totals.shipping + totals.tax;
        assert_eq!(totals.total, parts, "the parts add up");
        if self.is_cancelled() {
            assert_eq!(totals.total, 0, "a cancelled order costs nothing");
        }
        self.agrees_on_lines(order);
        self.agrees_on_money(order);
        self.agrees_on_goods(order);
        self.agrees_on_the_rest(order);
        assert_eq!(after.payment_status, self.payment_status());
        assert_eq!(after.fulfillment_status, self.fulfillment_status());
        assert_eq!(after.return_status, self.return_status());
        if let Some(document) = document {
            assert_eq!(document.totals, totals);
            self.documented_lines(document);
            self.documented_money(document);
            self.documented_goods(document);
            self.documented_rest(document);
        }
    }

    fn agrees_on_lines(&self, order: &Order) {
        assert_eq!(order.lines.len(), self.lines.len());
        for (state, line) in order.lines.iter().zip(&self.lines) {
            assert_eq!(state.line.id, line.id);
            assert_eq!(state.line.amount, line.amount(self.exponent), "{}", line.id);
            assert_eq!(
                (state.line.discount, state.line.tax),
                (line.discount, line.tax)
            );
            assert_eq!(
                (state.line.quantity, state.cancelled),
                (line.ordered, line.cancelled)
            );
            assert_eq!(
                (state.fulfilled, state.shipped),
                (line.fulfilled, line.shipped)
            );
            assert_eq!(state.delivered, line.delivered);
            assert_eq!(state.return_requested, line.asked_back);
            assert_eq!(state.returned, line.came_back);
            if self.kind == Some(Kind::Order) {
                let out = [
                    0,
                    state.delivered,
                    state.shipped,
                    state.fulfilled,
                    state.live(),
                ];
                assert!(out.is_sorted(), "{out:?}");
                let back = [0, state.returned, state.return_requested, state.shipped];
                assert!(back.is_sorted(), "{back:?}");
                let money = [0, state.line.discount, state.line.amount];
                assert!(money.is_sorted(), "{money:?}");
            }
        }
        assert_eq!(order.discounts.len(), self.discounts.len());
        for (state, discount) in order.discounts.iter().zip(&self.discounts) {
            assert_eq!((&state.id, state.amount), (&discount.id, discount.amount));
            let shares = state.allocations.iter();
            let shares: Vec<(String, i64)> = shares.map(|a| (a.line.clone(), a.amount)).collect();
            assert_eq!(shares, discount.shares, "{}", discount.id);
            assert_eq!(shares.iter().map(|(_, s)| s).sum::<i64>(), state.amount);
        }
    }

    fn agrees_on_money(&self, order: &Order) {
        assert_eq!(order.payments.len(), self.payments.len());
        for ((n, state), money) in (1..).zip(&order.payments).zip(&self.payments) {
            assert_eq!(state.id, format!("p{n}"));
            assert_eq!(state.authorized, money.authorized);
            assert_eq!(
                (state.captured, state.capturing),
                (money.captured, money.capturing)
            );
            assert_eq!(
                (state.refunded, state.refunding),
                (money.refunded, money.refunding)
            );
            assert_eq!(state.charged_back, money.charged_back);
            assert_eq!(state.ended == Some(PaymentEnd::Voided), money.voided);
            assert_eq!(state.ended == Some(PaymentEnd::Failed), money.failed);
            assert!(state.captured + state.capturing <= state.authorized);
            assert!(state.refunded + state.refunding <= state.captured);
            assert!(state.ended.is_none() || state.captured + state.capturing == 0);
        }
        let waiting = self.captures.iter().filter(|c| c.pending).count();
        assert_eq!(order.captures.len(), waiting);
        let waiting = self.refunds.iter().filter(|r| r.pending).count();
        assert_eq!(order.refunds.len(), waiting);
    }

    fn agrees_on_goods(&self, order: &Order) {
        assert_eq!(order.fulfillments.len(), self.fulfillments.len());
        for ((n, state), (lines, stands)) in (1..).zip(&order.fulfillments).zip(&self.fulfillments)
        {
            assert_eq!((&state.id, state.state), (&format!("f{n}"), *stands));
            let packed = state.lines.iter().map(|l| (l.line.clone(), l.quantity));
            assert!(packed.eq(lines.iter().cloned()));
        }
        assert_eq!(order.returns.len(), self.returns.len());
        for ((n, state), returned) in (1..).zip(&order.returns).zip(&self.returns) {
            assert_eq!((&state.id, state.state), (&format!("r{n}"), returned.state));
            assert_eq!(state.exchange, returned.exchange);
            let lines = state.lines.iter();
            let lines = lines.map(|l| (l.line.clone(), l.quantity, l.received));
            assert!(lines.eq(returned.lines.iter().cloned()));
        }
    }

    fn agrees_on_the_rest(&self, order: &Order) {
        assert_eq!(
            (order.confirmed, order.archived),
            (self.confirmed, self.archived)
        );
        assert_eq!(
            (&order.tags, order.invoice_number),
            (&self.tags, self.invoice)
        );
        let on = (1..).zip(&self.holds).filter(|(_, h)| h.on);
        let on = on.map(|(n, h)| (format!("h{n}"), h.handle.clone()));
        assert!(on.eq(order.holds.iter().map(|h| (h.id.clone(), h.handle.clone()))));
    }

    fn documented_lines(&self, document: &published::Order) {
        assert_eq!(document.lines.len(), self.lines.len());
        for (shown, line) in document.lines.iter().zip(&self.lines) {
            assert_eq!((&shown.id, shown.quantity), (&line.id, line.ordered));
            assert_eq!(shown.cancelled_quantity, line.cancelled);
            assert_eq!(shown.fulfilled_quantity, line.fulfilled);
            assert_eq!(shown.shipped_quantity, line.shipped);
            assert_eq!(shown.delivered_quantity, line.delivered);
            assert_eq!(shown.return_requested_quantity, line.asked_back);
            assert_eq!(shown.returned_quantity, line.came_back);
            assert_eq!(shown.amount, line.amount(self.exponent));
            assert_eq!((shown.discount, shown.tax), (line.discount, line.tax));
            let all = self.discounts.iter().flat_map(|d| &d.shares);
            let shares = all.filter(|(on, _)| *on == line.id).map(|(_, s)| s);
            assert_eq!(shown.allocated_discount, shares.sum::<i64>());
        }
        let on_lines: i64 = document
            .lines
            .iter()
            .map(|l| l.discount + l.allocated_discount)
            .sum();
        assert_eq!(on_lines, document.totals.discounts);
    }

    fn documented_money(&self, document: &published::Order) {
        assert_eq!(document.payments.len(), self.payments.len());
        for ((n, shown), money) in (1..).zip(&document.payments).zip(&self.payments) {
            assert_eq!((&shown.id, shown.status), (&format!("p{n}"), money.state()));
            assert_eq!(
                (shown.amount, shown.captured),
                (money.authorized, money.captured)
            );
            assert_eq!(
                (shown.refunded, shown.charged_back),
                (money.refunded, money.charged_back)
            );
        }
        let mut captures: Vec<_> = document.payments.iter().flat_map(|p| &p.captures).collect();
        captures.sort_by_key(|c| c.id[1..].parse::<u32>().expect("c and a number"));
        let shown = captures.iter().map(|c| (c.id.clone(), c.amount, c.status));
        let kept = (1..).zip(&self.captures);
        assert!(shown.eq(kept.map(|(n, c)| (format!("c{n}"), c.amount, c.state()))));
        let shown = document.refunds.iter();
        let shown = shown.map(|r| (r.id.clone(), r.amount, r.status, r.purpose));
        let kept = (1..).zip(&self.refunds);
        assert!(shown.eq(kept.map(|(n, r)| (format!("rf{n}"), r.amount, r.state(), r.purpose))));
        assert_eq!(document.credits.len(), self.credits);
        assert_eq!(document.chargebacks.len(), self.chargebacks);
    }

    fn documented_goods(&self, document: &published::Order) {
        let shown = document
            .fulfillments
            .iter()
            .map(|f| (f.id.clone(), f.status));
        let kept = (1..).zip(&self.fulfillments);
        assert!(shown.eq(kept.map(|(n, (_, state))| (format!("f{n}"), *state))));
        assert_eq!(document.returns.len(), self.returns.len());
        for (shown, returned) in document.returns.iter().zip(&self.returns) {
            assert_eq!(
                (shown.status, shown.exchange_order_id),
                (returned.state, returned.exchange)
            );
            assert_eq!(
                (shown.refunded, shown.credited),
                (returned.refunded, returned.credited)
            );
            let lines = shown.lines.iter();
            let lines = lines.map(|l| (l.line.clone(), l.quantity, l.received));
            assert!(lines.eq(returned.lines.iter().cloned()));
            assert!(
                shown
                    .lines
                    .iter()
                    .all(|l| (0..=l.received).contains(&l.resellable))
            );
        }
    }

    fn documented_rest(&self, document: &published::Order) {
        assert_eq!(
            (document.confirmed, document.archived),
            (self.confirmed, self.archived)
        );
        assert!(document.tags.iter().eq(&self.tags), "{:?}", document.tags);
        assert_eq!(document.invoice_number, self.invoice);
        assert_eq!(document.notes.len(), self.notes);
        assert_eq!(
            document.holds.len(),
            self.holds.iter().filter(|h| h.on).count()
        );
        assert_eq!(document.discounts.len(), self.discounts.len());
        assert_eq!(document.cancellation.is_some(), self.is_cancelled());
    }
}

impl Payment {
    const fn state(&self) -> PaymentState {
        match (self.voided, self.failed, self.captured) {
            (true, ..) => PaymentState::Voided,
            (_, true, _) => PaymentState::Failed,
            (.., 0) => PaymentState::Authorized,
            (.., captured) if captured < self.authorized => PaymentState::PartiallyCaptured,
            _ => PaymentState::Captured,
        }
    }
}

impl super::model::Movement {
    const fn state(&self) -> MovementState {
        match (self.pending, self.succeeded) {
            (true, _) => MovementState::Pending,
            (false, true) => MovementState::Succeeded,
            (false, false) => MovementState::Failed,
        }
    }
}
