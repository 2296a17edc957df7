//! Verdicts on goods out and goods back.

use super::{
    model::{Model, Return, Verdict, index},
    verdict::{only_if, unless},
    verdict_of_edits::each_once,
};
use crate::order::{
    OrderCommand as C,
    command::{LineUnits, ReceiveReturn, RequestReturn, ShipFulfillment},
};
use contracts::order::{FulfillmentState, ReturnState};

impl Model {
    pub fn verdict_of_goods(&self, command: &C) -> Verdict {
        match command {
            C::Fulfill(c) => {
                let open = |u: &LineUnits| self.line(&u.line).map_or(0, super::model::Line::open);
                let fits = c.lines.iter().all(|u| (1..=open(u)).contains(&u.quantity));
                only_if(&[self.is_live_sale(), each_once(&c.lines), fits])
            }
            C::Ship(c) => self.verdict_of_shipping(c),
            C::UpdateTracking(c) => {
                let state = self.fulfillment(&c.fulfillment);
                let sent = matches!(
                    state,
                    Some(FulfillmentState::Shipped | FulfillmentState::Delivered)
                );
                only_if(&[self.is_sale(), sent])
            }
            C::Deliver(c) => self.moves(
                &c.fulfillment,
                FulfillmentState::Shipped,
                FulfillmentState::Delivered,
            ),
            C::CancelFulfillment(c) => self.moves(
                &c.fulfillment,
                FulfillmentState::Open,
                FulfillmentState::Cancelled,
            ),
            other => self.verdict_of_return(other),
        }
    }

    fn fulfillment(&self, id: &str) -> Option<FulfillmentState> {
        let at = index(id, "f", self.fulfillments.len())?;
        Some(self.fulfillments[at].1)
    }

    fn moves(&self, id: &str, from: FulfillmentState, to: FulfillmentState) -> Verdict {
        let state = self.fulfillment(id);
        let can = state == Some(from) || state == Some(to);
        unless(state == Some(to), self.is_sale() && can)
    }

    fn verdict_of_shipping(&self, c: &ShipFulfillment) -> Verdict {
        let totals = self.totals();
        let payments = self.payments.iter();
        let promised: i64 = payments.map(|p| p.capturable() + p.capturing).sum();
        let kept = totals.captured - totals.refunded - totals.charged_back;
        let paid = kept + promised >= totals.total - totals.credited;
        only_if(&[
            self.is_live_sale(),
            self.fulfillment(&c.fulfillment) == Some(FulfillmentState::Open),
            !self.holds.iter().any(|h| h.on),
            !c.force || c.reason.is_some(),
            paid || c.allow_unpaid || c.force,
        ])
    }

    fn verdict_of_return(&self, command: &C) -> Verdict {
        use ReturnState::{Approved, Cancelled, Closed, Declined, Received, Refunded, Requested};
        match command {
            C::RequestReturn(c) => self.verdict_of_request(c),
            C::ApproveReturn(c) => self.steps(&c.return_id, &[Requested], Approved),
            C::DeclineReturn(c) => self.steps(&c.return_id, &[Requested], Declined),
            C::ReceiveReturn(c) => self.verdict_of_receipt(c),
            C::LinkExchange(c) => {
                let Some(returned) = self.returned(&c.return_id).filter(|_| self.is_sale()) else {
                    return Verdict::Refused;
                };
                let off = matches!(returned.state, Declined | Cancelled);
                match returned.exchange {
                    Some(other) => unless(true, other == c.order_id),
                    None => only_if(&[!off]),
                }
            }
            C::CloseReturn(c) => self.steps(&c.return_id, &[Received, Refunded], Closed),
            C::CancelReturn(c) => self.steps(&c.return_id, &[Requested, Approved], Cancelled),
            other => panic!("no verdict on {other:?}"),
        }
    }

    pub fn returned(&self, id: &str) -> Option<&Return> {
        index(id, "r", self.returns.len()).map(|at| &self.returns[at])
    }

    fn steps(&self, id: &str, from: &[ReturnState], to: ReturnState) -> Verdict {
        let state = self.returned(id).map(|r| r.state);
        let can = state.is_some_and(|s| s == to || from.contains(&s));
        unless(state == Some(to), self.is_sale() && can)
    }

    fn verdict_of_request(&self, c: &RequestReturn) -> Verdict {
        let units: Vec<LineUnits> = c.lines.iter().map(|(u, _)| u.clone()).collect();
        let most = |u: &LineUnits| self.line(&u.line).map_or(0, |l| l.shipped - l.asked_back);
        let fits = units.iter().all(|u| (1..=most(u)).contains(&u.quantity));
        only_if(&[self.is_live_sale(), each_once(&units), fits])
    }

    fn verdict_of_receipt(&self, c: &ReceiveReturn) -> Verdict {
        let units: Vec<LineUnits> = c.lines.iter().map(|(u, _)| u.clone()).collect();
        let Some(returned) = self.returned(&c.return_id) else {
            return Verdict::Refused;
        };
        let allowed = matches!(
            returned.state,
            ReturnState::Approved | ReturnState::Received | ReturnState::Refunded
        );
        let most = |u: &LineUnits| {
            let line = returned.lines.iter().find(|(line, ..)| *line == *u.line);
            line.map_or(0, |(_, asked, received)| asked - received)
        };
        let fits = units.iter().all(|u| (1..=most(u)).contains(&u.quantity));
        only_if(&[self.is_sale(), allowed, each_once(&units), fits])
    }
}
