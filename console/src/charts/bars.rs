//! A bar for each of a few things, one under the other.

use super::{
    Drawn, Frame, WIDTH, coordinate,
    palette::{FIGURES, WORDS},
    shortened, text,
};
use maud::Markup;
use plotters::{
    backend::SVGBackend,
    chart::ChartBuilder,
    drawing::IntoDrawingArea as _,
    element::{Rectangle, Text},
    style::{
        Color as _,
        text_anchor::{HPos, VPos},
    },
};

/// Height of one bar, with the room around it.
const EACH: u32 = 30;
/// Room for names, and for what a bar comes to.
const NAMES: u32 = 180;
const FIGURES_WIDTH: u32 = 130;
/// Characters of a name for which there is room.
const LETTERS_OF_NAME: usize = 24;

/// One of them.
#[derive(Debug, Clone)]
pub struct Bar {
    /// What it is called.
    pub name: String,
    /// How long it is; below nothing it has none.
    pub figure: i64,
    /// What is written at its end.
    pub told: String,
}

/// Bars, the first on top.
pub struct Bars<'a> {
    /// What they show, in a sentence.
    pub title: &'a str,
    /// In their order.
    pub bars: &'a [Bar],
}

impl Bars<'_> {
    /// The picture.
    pub fn picture(&self) -> Markup {
        let count = u32::try_from(self.bars.len()).unwrap_or(1).max(1);
        let frame = Frame {
            title: self.title,
            size: (WIDTH, EACH * count),
        };
        frame.picture(|svg| self.draw(svg))
    }

    fn draw(&self, svg: SVGBackend<'_>) -> Drawn {
        let longest = self.bars.iter().map(|bar| bar.figure).max();
        let longest = longest.unwrap_or(0).max(1);
        let count = i32::try_from(self.bars.len()).unwrap_or(1).max(1);
        let root = svg.into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_right(FIGURES_WIDTH)
            .y_label_area_size(NAMES)
            .build_cartesian_2d(0.0..coordinate(longest), f64::from(count)..0.0)?;
        let before = text(WORDS, HPos::Right, VPos::Center);
        let after = text(WORDS, HPos::Left, VPos::Center);
        let mut top = 0.0;
        for bar in self.bars {
            let length = coordinate(bar.figure.max(0));
            let corners = [(0.0, top + 0.2), (length, top + 0.8)];
            chart.draw_series([Rectangle::new(corners, FIGURES.filled())])?;
            let (left, middle) = chart.backend_coord(&(0.0, top + 0.5));
            let (right, _) = chart.backend_coord(&(length, top + 0.5));
            let name = shortened(&bar.name, LETTERS_OF_NAME);
            root.draw(&Text::new(name, (left - 8, middle), before.clone()))?;
            root.draw(&Text::new(
                bar.told.as_str(),
                (right + 6, middle),
                after.clone(),
            ))?;
            top += 1.0;
        }
        root.present()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_takes_all_the_room_and_none_has_less_than_nothing() {
        let bar = |name: &str, figure| Bar {
            name: name.into(),
            figure,
            told: figure.to_string(),
        };
        let bars = Bars {
            title: "Products",
            bars: &[bar("Lamp", 10), bar("Desk", 5), bar("Return", -3)],
        };
        let svg = bars.picture().into_string();
        let widths: Vec<i32> = svg
            .split("<rect ")
            .skip(1)
            .filter_map(|bar| {
                bar.split_once("width=\"")?
                    .1
                    .split('"')
                    .next()?
                    .parse()
                    .ok()
            })
            .collect();
        let [lamp, desk, returned] = widths[..] else {
            panic!("{svg}");
        };
        assert!((lamp - 2 * desk).abs() <= 1 && returned == 0, "{svg}");
    }
}
