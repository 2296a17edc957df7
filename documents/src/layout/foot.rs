//! The end of each page: what the law wants to be said of a seller, and the
//! page's number.

use super::{
    Ink, Page, Style,
    flow::{Flow, MARGIN},
    times,
    wrap::wrap,
};
use crate::{fonts::Faces, seller::Seller};

/// Below everything.
const BELOW: f32 = 30.0;
/// Between the columns.
const GAP: f32 = 14.0;
const STYLE: Style = Style::DETAIL;

/// What stands below every page.
#[derive(Debug, Default)]
pub struct Foot {
    /// The seller's own words.
    text: Vec<String>,
    /// Name and address; registers; how to be reached.
    columns: [Vec<String>; 3],
    /// Of a column.
    width: f32,
}

impl Foot {
    /// That of a seller.
    pub fn of(seller: &Seller, faces: &Faces<'_>) -> Self {
        let room = seller.paper.size().0 - 2.0 * MARGIN;
        let width = (room - 2.0 * GAP) / 3.0;
        let lines = |texts: &[String], width| {
            let lines = texts
                .iter()
                .flat_map(|text| wrap(faces, text, STYLE, width));
            lines.collect::<Vec<_>>()
        };
        let vat = seller.vat_id.as_ref();
        let vat = vat.map(|id| format!("{} {id}", seller.locale.words().vat_id));
        let who = [[seller.name.clone()].as_slice(), seller.address.as_slice()].concat();
        let registers: Vec<_> = vat.into_iter().chain(seller.registration.clone()).collect();
        Self {
            text: lines(&seller.footer, room),
            columns: [&who, &registers, &seller.contact].map(|texts| lines(texts, width)),
            width,
        }
    }

    /// The room that it takes of a page.
    pub fn height(&self) -> f32 {
        let rows = self.columns.iter().map(Vec::len).max().unwrap_or_default();
        times(self.text.len() + rows + 1) * STYLE.leading() + BELOW + 22.0
    }
}

impl Flow<'_> {
    /// The pages with their feet.
    pub fn finish(mut self) -> Vec<Page> {
        let foot = std::mem::take(&mut self.foot);
        let mut pages = std::mem::take(&mut self.pages);
        let count = pages.len();
        for (number, page) in (1..).zip(&mut pages) {
            self.pages = vec![std::mem::take(page)];
            self.foot(&foot, (number, count));
            *page = self.pages.pop().unwrap_or_default();
        }
        pages
    }

    fn foot(&mut self, foot: &Foot, (number, count): (usize, usize)) {
        let mut y = self.bottom + 10.0;
        for line in &foot.text {
            self.text((MARGIN, y), STYLE, line);
            y += STYLE.leading();
        }
        y += 2.0;
        self.rule((MARGIN, self.right), y, Ink::Faint);
        y += 6.0;
        for (index, lines) in foot.columns.iter().enumerate() {
            let x = MARGIN + times(index) * (foot.width + GAP);
            for (line, text) in lines.iter().enumerate() {
                self.text((x, y + times(line) * STYLE.leading()), STYLE, text);
            }
        }
        let page = self.seller.locale.words().page;
        let (_, height) = self.seller.paper.size();
        let bottom = height - BELOW - STYLE.leading() + 6.0;
        let number = format!("{page} {number} / {count}");
        self.text_to((self.right, bottom), STYLE, &number);
    }
}
