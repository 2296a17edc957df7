//! The page that is being filled.

use super::{Ink, Mark, Page, Style, foot::Foot, wrap::wrap};
use crate::{fonts::Faces, seller::Seller, sheet::Sheet};

/// Left and right of everything.
pub const MARGIN: f32 = 48.0;
/// Above everything.
pub const TOP: f32 = 44.0;
/// The most lines of one text that does not go on over pages: a name of 2,000
/// letters leaves room for the rest.
const MOST_LINES: usize = 4;

/// Pages as far as they are filled.
pub struct Flow<'a> {
    pub sheet: &'a Sheet,
    pub seller: &'a Seller,
    pub faces: &'a Faces<'a>,
    /// What stands below every page.
    pub foot: Foot,
    pub pages: Vec<Page>,
    /// Where the next thing stands on the last page.
    pub y: f32,
    /// Where the room for it ends.
    pub bottom: f32,
    /// Where its lines end.
    pub right: f32,
}

impl<'a> Flow<'a> {
    /// Before the first mark.
    pub fn new(sheet: &'a Sheet, seller: &'a Seller, faces: &'a Faces<'a>) -> Self {
        let (width, height) = seller.paper.size();
        let foot = Foot::of(seller, faces);
        Self {
            sheet,
            seller,
            faces,
            pages: vec![Page::new()],
            y: TOP,
            bottom: height - foot.height(),
            right: width - MARGIN,
            foot,
        }
    }

    /// A new page with its running head.
    pub fn turn(&mut self) {
        self.pages.push(Page::new());
        self.y = TOP;
        self.running_head();
    }

    /// Whether something this high still fits.
    pub fn has_room(&self, height: f32) -> bool {
        self.y + height <= self.bottom
    }

    pub fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// A text whose line begins at `x` and has its top at `y`.
    pub fn text(&mut self, (x, y): (f32, f32), style: Style, text: &str) {
        if !text.is_empty() {
            let (y, text) = (y + style.ascent(), text.to_owned());
            self.mark(Mark::Text { x, y, style, text });
        }
    }

    /// The same, ending at `right`.
    pub fn text_to(&mut self, (right, y): (f32, f32), style: Style, text: &str) {
        let width = self.faces.width(text, style.weight, style.size);
        self.text((right - width, y), style, text);
    }

    /// A line across, from `from` to `to`.
    pub fn rule(&mut self, (from, to): (f32, f32), y: f32, ink: Ink) {
        self.mark(Mark::Rule { from, to, y, ink });
    }

    /// A text in lines no wider than `width`, and no more than [`MOST_LINES`];
    /// where the next one would be.
    pub fn paragraph(
        &mut self,
        (x, mut y): (f32, f32),
        style: Style,
        width: f32,
        text: &str,
    ) -> f32 {
        let lines = wrap(self.faces, text, style, width);
        let cut = lines.len() > MOST_LINES;
        for (index, line) in lines.iter().take(MOST_LINES).enumerate() {
            let is_last = cut && index + 1 == MOST_LINES;
            let more = if is_last { "…" } else { "" };
            self.text((x, y), style, &format!("{line}{more}"));
            y += style.leading();
        }
        y
    }
}
