//! The first page down to the lines, and the head of the others.

use super::{
    Ink, Mark, Style,
    flow::{Flow, MARGIN, TOP},
};

/// The most that a logo takes.
const LOGO: (f32, f32) = (170.0, 54.0);
/// The room of an address, and of what is to be known.
const PARTY: f32 = 140.0;
const FACTS: f32 = 188.0;
const LABEL: f32 = 86.0;
const GAP: f32 = 14.0;

impl Flow<'_> {
    /// Who it comes from, and what it is.
    pub fn head(&mut self) {
        let room = self.right - MARGIN;
        let below_logo = self.logo();
        let below_seller = match below_logo {
            Some(y) => y,
            None => self.paragraph((MARGIN, TOP), Style::NAME, room / 2.0, &self.seller.name),
        };
        self.text_to((self.right, TOP - 4.0), Style::TITLE, &self.sheet.title);
        let below_title = TOP + Style::TITLE.leading();
        self.y = below_seller.max(below_title) + 22.0;
    }

    fn logo(&mut self) -> Option<f32> {
        let logo = self.seller.logo.as_ref()?;
        let (most_wide, most_high) = LOGO;
        let width = most_wide.min(most_high * logo.proportion());
        let height = width / logo.proportion();
        self.mark(Mark::Logo {
            x: MARGIN,
            y: TOP,
            width,
            height,
        });
        Some(TOP + height)
    }

    /// Who it is about, and beside that what is to be known.
    pub fn parties(&mut self) {
        let top = self.y;
        // As in a window of an envelope: who sent it, above the address.
        let sender = [self.seller.name.as_str()]
            .into_iter()
            .chain(self.seller.address.iter().map(String::as_str));
        let sender: Vec<_> = sender.collect();
        let sender = sender.join(" · ");
        let mut bottom =
            self.paragraph((MARGIN, top), Style::DETAIL, 2.0 * PARTY + GAP, &sender) + 8.0;
        let addresses = bottom;
        for (index, party) in self.sheet.parties.iter().take(2).enumerate() {
            let x = MARGIN + super::times(index) * (PARTY + GAP);
            self.text((x, addresses), Style::LABEL, &party.label);
            let mut y = addresses + Style::LABEL.leading() + 2.0;
            for line in &party.lines {
                y = self.paragraph((x, y), Style::BODY, PARTY, line);
            }
            bottom = bottom.max(y);
        }
        let facts = self.facts(top);
        self.y = bottom.max(facts) + 20.0;
    }

    fn facts(&mut self, top: f32) -> f32 {
        let x = self.right - FACTS;
        let mut y = top;
        for (label, value) in &self.sheet.facts {
            // On the baseline of the value, which is larger.
            let lower = Style::BODY.size - Style::LABEL.size;
            let below_label = self.paragraph((x, y + lower), Style::LABEL, LABEL - 6.0, label);
            let below = self.paragraph((x + LABEL, y), Style::BODY, FACTS - LABEL, value);
            y = below.max(below_label) + 2.0;
        }
        y
    }

    /// What a page that is not the first one belongs to.
    pub fn running_head(&mut self) {
        let whole = format!("{} {}", self.sheet.title, self.sheet.number);
        self.text((MARGIN, self.y), Style::LABEL, &whole);
        let width = |text: &str| {
            let style = Style::LABEL;
            self.faces.width(text, style.weight, style.size)
        };
        if width(&whole) + width(&self.seller.name) < self.right - MARGIN {
            self.text_to((self.right, self.y), Style::LABEL, &self.seller.name);
        }
        self.y += Style::LABEL.leading() + 4.0;
        self.rule((MARGIN, self.right), self.y, Ink::Faint);
        self.y += 14.0;
    }
}
