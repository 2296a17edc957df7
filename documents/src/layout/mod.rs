//! Where everything of a sheet stands: pages of marks, in points from the top
//! left.

mod flow;
mod foot;
mod head;
mod lines;
mod sums;
mod wrap;

use crate::{
    fonts::{Faces, Weight},
    seller::Seller,
    sheet::Sheet,
};
use flow::Flow;
use foot::Foot;

/// Something that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line of text, from its left on the baseline.
    Text {
        x: f32,
        y: f32,
        style: Style,
        text: String,
    },
    /// A horizontal line.
    Rule {
        from: f32,
        to: f32,
        y: f32,
        ink: Ink,
    },
    /// The seller's logo, from its top left.
    Logo {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
    },
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    pub size: f32,
    pub weight: Weight,
    pub ink: Ink,
}

/// Colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Of what is read.
    Dark,
    /// Of what is looked up.
    Grey,
    /// Of lines between rows.
    Faint,
}

/// What is on one page.
pub type Page = Vec<Mark>;

impl Style {
    pub const TITLE: Self = Self::dark(20.0, Weight::Strong);
    pub const NAME: Self = Self::dark(13.0, Weight::Strong);
    pub const BODY: Self = Self::dark(9.0, Weight::Regular);
    pub const TOTAL: Self = Self::dark(10.5, Weight::Strong);
    pub const LABEL: Self = Self::grey(8.0);
    pub const DETAIL: Self = Self::grey(7.5);

    const fn dark(size: f32, weight: Weight) -> Self {
        Self {
            size,
            weight,
            ink: Ink::Dark,
        }
    }

    const fn grey(size: f32) -> Self {
        Self {
            size,
            weight: Weight::Regular,
            ink: Ink::Grey,
        }
    }

    /// From one line to the next.
    pub fn leading(self) -> f32 {
        self.size * 1.38
    }

    /// From the top of a line to its baseline.
    fn ascent(self) -> f32 {
        self.size * 1.05
    }
}

/// The pages of a sheet: one at least.
pub fn pages(sheet: &Sheet, seller: &Seller, faces: &Faces<'_>) -> Vec<Page> {
    let mut flow = Flow::new(sheet, seller, faces);
    flow.head();
    flow.parties();
    flow.lines();
    flow.sums();
    flow.notes();
    flow.finish()
}

/// Whether what stands below every page leaves two thirds of it.
pub fn leaves_room(seller: &Seller, faces: &Faces<'_>) -> bool {
    Foot::of(seller, faces).height() <= seller.paper.size().1 / 3.0
}

/// A count as a length.
fn times(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}
