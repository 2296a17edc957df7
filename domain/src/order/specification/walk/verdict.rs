//! What the specification says to a command, from the model's accounts.

use super::model::{Model, Phase, Verdict, index};
use crate::order::{
    OrderCommand as C,
    command::{NewLine, NewOrder, NewShipping},
};
use contracts::order::Kind;

/// Refused unless all of these hold; then stored.
pub fn only_if(conditions: &[bool]) -> Verdict {
    if conditions.iter().all(|holds| *holds) {
        Verdict::Stored
    } else {
        Verdict::Refused
    }
}

/// Nothing to do where it is so already, as far as it is allowed at all.
pub fn unless(already: bool, allowed: bool) -> Verdict {
    match (allowed, already) {
        (false, _) => Verdict::Refused,
        (true, true) => Verdict::Unchanged,
        (true, false) => Verdict::Stored,
    }
}

impl Model {
    pub fn verdict(&self, command: &C) -> Verdict {
        match command {
            C::CreateDraft(c) => only_if(&[self.phase == Phase::Absent, Self::fits(&c.0, true)]),
            C::UpdateDraft(c) => self.verdict_of_update(c),
            C::CompleteDraft(_) => only_if(&[self.phase == Phase::Draft, !self.lines.is_empty()]),
            C::Place(c) => only_if(&[self.phase == Phase::Absent, Self::fits(&c.order, false)]),
            C::Import(c) => self.verdict_of_import(c),
            C::Confirm(_) => unless(self.confirmed, self.is_live_sale()),
            C::PlaceHold(c) => {
                let handle = c.handle.as_deref();
                let on = |h: &super::model::Hold| h.on && h.handle.as_deref() == handle;
                let already = handle.is_some() && self.holds.iter().any(on);
                unless(already, self.is_live_sale())
            }
            C::ReleaseHold(c) => self.verdict_of_release(c.hold.as_deref()),
            C::Cancel(_) => self.verdict_of_cancel(),
            C::CancelLines(c) => self.verdict_of_line_cancel(c),
            C::AddNote(_) | C::RecordErasure(_) => only_if(&[self.phase != Phase::Absent]),
            C::Tag(c) => unless(self.tags.contains(&*c.tag), self.phase != Phase::Absent),
            C::Untag(c) => unless(!self.tags.contains(&*c.tag), self.phase != Phase::Absent),
            C::Archive(_) => {
                let exists = matches!(self.phase, Phase::Placed | Phase::Cancelled);
                unless(self.archived, exists)
            }
            C::Unarchive(_) => unless(!self.archived, self.phase != Phase::Absent),
            C::IssueInvoice(_) => unless(self.invoice.is_some(), self.is_sale()),
            other => self.verdict_of_edit(other),
        }
    }

    fn verdict_of_update(&self, c: &crate::order::command::UpdateDraft) -> Verdict {
        let lines = c.lines.as_ref().is_none_or(|l| self.all_fit(l));
        let shipping = c.shipping.as_ref().and_then(Option::as_ref);
        let shipping = shipping.is_none_or(|s| self.shipping_fits(s));
        let mut then = self.clone();
        if !(self.phase == Phase::Draft && lines && shipping) {
            return Verdict::Refused;
        }
        then.update(c);
        unless(format!("{then:?}") == format!("{self:?}"), true)
    }

    fn verdict_of_release(&self, hold: Option<&str>) -> Verdict {
        let exists = self.phase != Phase::Absent;
        let Some(name) = hold else {
            return unless(!self.holds.iter().any(|h| h.on), exists);
        };
        let known = index(name, "h", self.holds.len()).is_some();
        if self.holds_named(name).is_empty() {
            unless(true, exists && known)
        } else {
            only_if(&[exists])
        }
    }

    /// Holds that are on under this id or handle.
    pub fn holds_named(&self, name: &str) -> Vec<usize> {
        let named = |(at, hold): &(usize, &super::model::Hold)| {
            let id = format!("h{}", at + 1);
            hold.on && (id == name || hold.handle.as_deref() == Some(name))
        };
        let holds = self.holds.iter().enumerate().filter(named);
        holds.map(|(at, _)| at).collect()
    }

    fn verdict_of_cancel(&self) -> Verdict {
        let sale = self.kind == Some(Kind::Order);
        if sale && self.phase == Phase::Cancelled {
            return Verdict::Unchanged;
        }
        let packed = self.lines.iter().any(|l| l.fulfilled > 0);
        only_if(&[
            sale,
            !packed,
            !self.returns.iter().any(super::model::Return::is_open),
        ])
    }

    fn verdict_of_import(&self, c: &crate::order::command::ImportOrder) -> Verdict {
        if self.phase != Phase::Absent {
            let same = self.imported.as_ref() == Some(&super::importing::in_words(c));
            return unless(same, same);
        }
        let fits = match c.kind {
            Kind::Order => Self::fits(&c.order, false),
            // Walks import credits only as they have to be.
            Kind::Credit | Kind::Adjustment => true,
        };
        only_if(&[fits && Self::imported_from(c).is_some()])
    }

    fn fits(new: &NewOrder, draft: bool) -> bool {
        let rules = Self {
            exponent: u32::from(new.currency.exponent()),
            included: new.prices_include_tax,
            ..Self::default()
        };
        let shipping = new.shipping.as_ref();
        (draft || !new.lines.is_empty())
            && rules.all_fit(&new.lines)
            && shipping.is_none_or(|s| rules.shipping_fits(s))
    }

    fn all_fit(&self, lines: &[NewLine]) -> bool {
        lines.iter().all(|line| self.line_fits(line))
    }

    pub fn line_fits(&self, new: &NewLine) -> bool {
        if !(1..=1_000_000_000).contains(&new.quantity) || new.unit_price.is_negative() {
            return false;
        }
        let amount = super::model::Line::new(String::new(), new).amount(self.exponent);
        (0..=amount).contains(&new.discount) && self.tax_fits(new.tax, amount - new.discount)
    }

    pub fn shipping_fits(&self, new: &NewShipping) -> bool {
        new.amount >= 0 && self.tax_fits(new.tax, new.amount)
    }

    pub fn tax_fits(&self, tax: i64, on: i64) -> bool {
        tax >= 0 && (!self.included || tax <= on)
    }
}
