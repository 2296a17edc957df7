//! Verdicts on edits of lines, discounts, shipping.

use super::{
    model::{Model, Phase, Verdict},
    verdict::{only_if, unless},
};
use crate::order::{
    OrderCommand as C,
    command::{ApplyDiscount, CancelLines, ChangeLine, DiscountValue, LineUnits},
};
use std::collections::BTreeSet;

impl Model {
    pub fn verdict_of_edit(&self, command: &C) -> Verdict {
        match command {
            C::AddLine(c) => only_if(&[self.is_live_sale(), self.line_fits(&c.line)]),
            C::ChangeLine(c) => self.verdict_of_change(c),
            C::RemoveLine(c) => {
                let line = self.line(&c.line);
                let others = self.lines.iter().filter(|l| l.id != *c.line);
                let something = others.map(super::model::Line::live).sum::<i64>() > 0;
                only_if(&[self.is_editable(), line.is_some(), something])
            }
            C::ChangeShipping(c) => {
                let fits = self.shipping_fits(&c.shipping);
                let same = self.shipping == Some((c.shipping.amount, c.shipping.tax));
                unless(same, self.is_editable() && fits)
            }
            C::ApplyDiscount(c) => self.verdict_of_discount(c),
            C::RemoveDiscount(c) => {
                let known = self.discounts.iter().any(|d| d.id == *c.discount);
                only_if(&[self.is_editable(), known])
            }
            C::ChangeAddress(_) | C::AssignCustomer(_) => only_if(&[self.is_editable()]),
            C::LinkCustomer(c) => {
                let bound = matches!(self.phase, Phase::Placed | Phase::Cancelled);
                let same = self.customer.as_deref() == Some(&*c.customer_id);
                unless(same, bound && (same || self.customer.is_none()))
            }
            other => self.verdict_of_money(other),
        }
    }

    fn verdict_of_discount(&self, c: &ApplyDiscount) -> Verdict {
        let line = c.line.as_deref();
        let known = line.is_none_or(|id| self.line(id).is_some());
        let fits = match c.value {
            DiscountValue::Fixed(amount) => {
                known && (1..=self.discountable(line)).contains(&amount)
            }
            DiscountValue::Percent(_) => true,
        };
        only_if(&[self.is_editable(), known, fits])
    }

    fn verdict_of_change(&self, c: &ChangeLine) -> Verdict {
        let Some(line) = self.line(&c.line).filter(|_| self.is_live_sale()) else {
            return Verdict::Refused;
        };
        let quantity = c.quantity.unwrap_or(line.ordered);
        let only_more = quantity >= line.ordered && c.discount.is_none() && c.tax.is_none();
        let others = self.lines.iter().filter(|l| l.id != line.id);
        let left = others.map(super::model::Line::live).sum::<i64>() + quantity - line.cancelled;
        let enough = quantity >= (line.fulfilled + line.cancelled).max(1) && left > 0;
        if !(enough && (only_more || self.is_editable())) {
            return Verdict::Refused;
        }
        let then = self.changed(c);
        let amount = then.amount(self.exponent);
        let discount = c.discount.is_none_or(|d| (0..=amount).contains(&d));
        let tax = c.tax.is_none_or(|t| {
            self.tax_fits(t, amount - then.discount) && (t == 0 || then.live() > 0)
        });
        if !(discount && tax) {
            return Verdict::Refused;
        }
        let same = then.ordered == line.ordered
            && amount == line.amount(self.exponent)
            && (then.discount, then.tax) == (line.discount, line.tax);
        unless(same, true)
    }

    /// The line as the command leaves it.
    pub fn changed(&self, c: &ChangeLine) -> super::model::Line {
        let mut line = self.line(&c.line).expect("checked").clone();
        line.ordered = c.quantity.unwrap_or(line.ordered);
        line.rescale(self.exponent, self.included);
        line.discount = c.discount.unwrap_or(line.discount);
        let net = line.amount(self.exponent) - line.discount;
        line.tax = match c.tax {
            Some(tax) => tax,
            None if self.included => line.tax.min(net),
            None => line.tax,
        };
        line
    }

    pub fn verdict_of_line_cancel(&self, c: &CancelLines) -> Verdict {
        let open = |u: &LineUnits| self.line(&u.line).map_or(0, super::model::Line::open);
        only_if(&[
            self.is_live_sale(),
            each_once(&c.lines),
            c.lines.iter().all(|u| (1..=open(u)).contains(&u.quantity)),
        ])
    }
}

/// At least one line, none twice.
pub fn each_once(units: &[LineUnits]) -> bool {
    let lines: BTreeSet<&str> = units.iter().map(|u| &*u.line).collect();
    !units.is_empty() && lines.len() == units.len()
}
