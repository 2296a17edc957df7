//! What the lines come to, the taxes beside it, and what else is to be said.

use super::{
    Ink, Style,
    flow::{Flow, MARGIN},
};
use crate::sheet::{Sum, SumWeight};

/// The room of the sums.
const SUMS: f32 = 220.0;
/// The room of the taxes.
const TAXES: f32 = 232.0;

impl Flow<'_> {
    /// The sums and the taxes, together on one page.
    pub fn sums(&mut self) {
        let sheet = self.sheet;
        let sums: f32 = sheet.sums.iter().map(height).sum();
        let rows = sheet.taxes.as_ref().map_or(0, |taxes| taxes.rows.len() + 1);
        let taxes = super::times(rows) * (Style::LABEL.leading() + 2.0) + 3.0;
        if !self.has_room(sums.max(taxes)) {
            self.turn();
        }
        let top = self.y;
        let mut end = top;
        if let Some(taxes) = &sheet.taxes {
            end = self.small_table(taxes, (MARGIN, MARGIN + TAXES), top);
        }
        for sum in &sheet.sums {
            self.sum(sum);
        }
        self.y = self.y.max(end) + 14.0;
    }

    fn sum(&mut self, sum: &Sum) {
        let (style, left) = (style(sum.weight), self.right - SUMS);
        let mut y = self.y;
        if sum.weight == SumWeight::Total {
            self.rule((left, self.right), y + 2.0, Ink::Dark);
            y += 6.0;
        }
        self.text((left, y), style, &sum.label);
        self.text_to((self.right, y), style, &sum.amount);
        self.y += height(sum);
    }

    /// What else is to be said.
    pub fn notes(&mut self) {
        for note in &self.sheet.notes {
            let lines = super::wrap::wrap(self.faces, note, Style::LABEL, self.right - MARGIN);
            for line in lines {
                if !self.has_room(Style::LABEL.leading()) {
                    self.turn();
                }
                self.text((MARGIN, self.y), Style::LABEL, &line);
                self.y += Style::LABEL.leading();
            }
        }
    }
}

const fn style(weight: SumWeight) -> Style {
    match weight {
        SumWeight::Plain => Style::BODY,
        SumWeight::Light => Style::LABEL,
        SumWeight::Total => Style::TOTAL,
    }
}

fn height(sum: &Sum) -> f32 {
    let rule = if sum.weight == SumWeight::Total {
        10.0
    } else {
        2.0
    };
    style(sum.weight).leading() + rule
}
