//! What an accepted command changes in the accounts.

use super::model::{Discount, Hold, Line, Model, Phase};
use crate::order::{
    OrderCommand as C,
    command::{CancelLines, NewLine, NewOrder, UpdateDraft},
};
use contracts::order::Kind;

impl Model {
    /// Takes a command whose verdict was that it is stored.
    pub fn take(&mut self, command: &C) {
        match command {
            C::CreateDraft(c) => self.begin(&c.0, Phase::Draft, Kind::Order),
            C::Place(c) => self.begin(&c.order, Phase::Placed, Kind::Order),
            C::Import(c) => *self = Self::imported_from(c).expect("its verdict"),
            C::UpdateDraft(c) => self.update(c),
            C::CompleteDraft(_) => self.phase = Phase::Placed,
            C::Confirm(_) => self.confirmed = true,
            C::PlaceHold(c) => self.holds.push(Hold {
                handle: c.handle.as_deref().map(str::to_owned),
                on: true,
            }),
            C::ReleaseHold(c) => self.release(c.hold.as_deref()),
            C::Cancel(_) => self.cancel(),
            C::CancelLines(c) => self.cancel_lines(c),
            C::AddNote(_) => self.notes += 1,
            C::RecordErasure(_) => {}
            C::Tag(c) => drop(self.tags.insert(c.tag.to_string())),
            C::Untag(c) => drop(self.tags.remove(&*c.tag)),
            C::Archive(_) => self.archived = true,
            C::Unarchive(_) => self.archived = false,
            C::IssueInvoice(c) => self.invoice = c.number,
            other => self.take_edit(other),
        }
    }

    pub fn begin(&mut self, new: &NewOrder, phase: Phase, kind: Kind) {
        self.phase = phase;
        self.kind = Some(kind);
        self.exponent = u32::from(new.currency.exponent());
        self.included = new.prices_include_tax;
        self.put_lines(&new.lines);
        self.shipping = new.shipping.as_ref().map(|s| (s.amount, s.tax));
        self.tags = new.tags.iter().map(ToString::to_string).collect();
        self.customer = new.customer.as_ref().and_then(|c| c.id.clone());
    }

    fn put_lines(&mut self, lines: &[NewLine]) {
        let numbered = (1..).zip(lines);
        self.lines = numbered
            .map(|(n, line)| Line::new(format!("l{n}"), line))
            .collect();
        self.numbered = lines.len();
    }

    pub fn update(&mut self, c: &UpdateDraft) {
        if let Some(lines) = &c.lines {
            self.put_lines(lines);
        }
        if let Some(shipping) = &c.shipping {
            self.shipping = shipping.as_ref().map(|s| (s.amount, s.tax));
        }
        if let Some(customer) = &c.customer {
            self.customer = customer.as_ref().and_then(|c| c.id.clone());
        }
        if let Some(tags) = &c.tags {
            self.tags = tags.iter().map(ToString::to_string).collect();
        }
    }

    fn release(&mut self, name: Option<&str>) {
        let released = match name {
            Some(name) => self.holds_named(name),
            None => (0..self.holds.len()).collect(),
        };
        for at in released {
            self.holds[at].on = false;
        }
    }

    fn cancel(&mut self) {
        self.phase = Phase::Cancelled;
        for line in &mut self.lines {
            line.cancelled = line.ordered;
            line.discount = 0;
            line.tax = 0;
        }
        for discount in &mut self.discounts {
            discount.amount = 0;
            discount.shares.clear();
        }
    }

    fn cancel_lines(&mut self, c: &CancelLines) {
        let called_off: i64 = c.lines.iter().map(|u| u.quantity).sum();
        if called_off == self.lines.iter().map(Line::live).sum::<i64>() {
            return self.cancel();
        }
        let (exponent, included) = (self.exponent, self.included);
        for units in &c.lines {
            let line = self.line_mut(&units.line);
            line.cancelled += units.quantity;
            line.rescale(exponent, included);
        }
        self.discount_anew();
    }

    fn take_edit(&mut self, command: &C) {
        match command {
            C::AddLine(c) => {
                self.numbered += 1;
                let id = format!("l{}", self.numbered);
                self.lines.push(Line::new(id, &c.line));
            }
            C::ChangeLine(c) => {
                let mut line = self.changed(c);
                line.give(self.exponent, self.included);
                *self.line_mut(&c.line) = line;
            }
            C::RemoveLine(c) => self.lines.retain(|l| l.id != *c.line),
            C::ChangeShipping(c) => self.shipping = Some((c.shipping.amount, c.shipping.tax)),
            C::ApplyDiscount(c) => {
                self.discounted += 1;
                self.discounts.push(Discount {
                    id: format!("d{}", self.discounted),
                    line: c.line.as_deref().map(str::to_owned),
                    value: c.value,
                    amount: 0,
                    shares: Vec::new(),
                });
            }
            C::RemoveDiscount(c) => self.discounts.retain(|d| d.id != *c.discount),
            C::ChangeAddress(_) => {}
            C::AssignCustomer(c) => self.customer.clone_from(&c.customer.id),
            C::LinkCustomer(c) => self.customer = Some(c.customer_id.to_string()),
            other => return self.take_money(other),
        }
        self.discount_anew();
    }
}
