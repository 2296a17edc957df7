//! What the order costs, as the model reckons it.

use super::{
    arithmetic::{half_even, hamilton},
    model::{Model, Phase},
};
use crate::order::command::DiscountValue;
use contracts::order::Totals;

impl Model {
    /// Works out what each discount comes to: on what the earlier ones leave.
    pub fn discount_anew(&mut self) {
        let exponent = self.exponent;
        let nets = self.lines.iter();
        let mut left: Vec<i64> = nets.map(|l| l.amount(exponent) - l.discount).collect();
        for discount in &mut self.discounts {
            let on = |id: &str| discount.line.as_deref().is_none_or(|only| only == id);
            let lines = self.lines.iter().zip(&left);
            let weights: Vec<i64> = lines
                .map(|(line, net)| if on(&line.id) { *net } else { 0 })
                .collect();
            let base: i64 = weights.iter().sum();
            discount.amount = match discount.value {
                DiscountValue::Fixed(amount) => amount.min(base),
                DiscountValue::Percent(percent) => percent_of(&percent.to_string(), base),
            };
            let shares = hamilton(discount.amount, &weights);
            for (net, share) in left.iter_mut().zip(&shares) {
                *net -= share;
            }
            let shares = self.lines.iter().zip(shares).filter(|(_, s)| *s > 0);
            discount.shares = shares.map(|(l, s)| (l.id.clone(), s)).collect();
        }
    }

    /// What lines and discounts leave, before tax and shipping.
    pub fn net(&self) -> i64 {
        let lines = self.lines.iter();
        let lines: i64 = lines.map(|l| l.amount(self.exponent) - l.discount).sum();
        lines - self.discounts.iter().map(|d| d.amount).sum::<i64>()
    }

    /// What could still be discounted, on one line or on all of them.
    pub fn discountable(&self, line: Option<&str>) -> i64 {
        let lines = self.lines.iter();
        let lines = lines.filter(|l| line.is_none_or(|only| only == l.id));
        let shares = |id: &str| -> i64 {
            let all = self.discounts.iter().flat_map(|d| &d.shares);
            all.filter(|(on, _)| on == id).map(|(_, s)| s).sum()
        };
        lines
            .map(|l| l.amount(self.exponent) - l.discount - shares(&l.id))
            .sum()
    }

    pub fn totals(&self) -> Totals {
        let mut totals = self.charged();
        for payment in &self.payments {
            totals.captured += payment.captured;
            totals.refunded += payment.refunded;
            totals.charged_back += payment.charged_back;
        }
        totals.credited = self.credited.clamp(0, totals.total.max(0));
        totals.balance_due = totals.total - totals.credited - totals.captured
            + totals.refunded
            + totals.charged_back;
        totals
    }

    fn charged(&self) -> Totals {
        if self.phase == Phase::Cancelled {
            return Totals::default();
        }
        let (shipping, shipping_tax) = self.shipping.unwrap_or_default();
        let items: i64 = self.lines.iter().map(|l| l.amount(self.exponent)).sum();
        let taxes = self.lines.iter().map(|l| l.tax).sum::<i64>() + shipping_tax;
        let (tax, included_tax) = if self.included {
            (0, taxes)
        } else {
            (taxes, 0)
        };
        Totals {
            items,
            discounts: items - self.net(),
            shipping,
            tax,
            included_tax,
            total: self.net() + shipping + tax,
            ..Totals::default()
        }
    }
}

fn percent_of(percent: &str, base: i64) -> i64 {
    let (whole, fraction) = percent.split_once('.').unwrap_or((percent, ""));
    let parts: i128 = format!("{whole}{fraction:0<4}").parse().expect("digits");
    half_even(i128::from(base) * parts, 1_000_000)
}
