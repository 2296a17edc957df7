//! Pictures of figures, drawn on the server as SVG that is part of the page.
//!
//! Each colour that plotters writes (`fill="#2563EB"`) is one of [`palette`], and
//! `assets/charts.css` gives it the colour that the page has for it, light or dark.
//! No font is needed: whoever shows the page has one. Every picture stands beside a
//! table of the same figures, for those who cannot see it.

mod bars;
mod columns;
mod grid;
mod palette;
mod ticks;

pub use bars::{Bar, Bars};
pub use columns::{Column, Columns};
pub use grid::{Cell, Grid};

use maud::{Markup, PreEscaped, html};
use plotters::{
    backend::SVGBackend,
    drawing::DrawingAreaErrorKind,
    style::{
        Color as _, IntoFont as _, RGBColor, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};
use std::io;

/// What drawing may end with: text in memory takes everything, so never with an
/// error.
type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// Width of pictures that have no other of their own, in pixels: two of them have room
/// beside one another on a wide screen.
const WIDTH: u32 = 560;
/// Height of letters, in units of the pictures.
const LETTERS: f64 = 13.5;

/// A figure for one picture: a title that says what it shows, and its size.
struct Frame<'a> {
    title: &'a str,
    size: (u32, u32),
}

impl Frame<'_> {
    /// The picture as `draw` makes it; what it cannot draw is left out, and its table
    /// is there.
    fn picture(&self, draw: impl FnOnce(SVGBackend<'_>) -> Drawn) -> Markup {
        let mut svg = String::new();
        if let Err(error) = draw(SVGBackend::with_string(&mut svg, self.size)) {
            tracing::warn!(%error, title = self.title, "console.chart_not_drawn");
            return html! {};
        }
        let (width, height) = self.size;
        html! {
            div.chart-frame role="group" tabindex="0" aria-label=(self.title) {
                svg.chart width=(width) height=(height) viewBox=(format!("0 0 {width} {height}"))
                    role="img" aria-label=(self.title) {
                    (PreEscaped(inside(&svg)))
                }
            }
        }
    }
}

/// What is between the first tag and the last: the page has an element of its own
/// for it, which knows nothing of pixels. What is so anyway is left out: pages are to
/// be small.
fn inside(svg: &str) -> String {
    let after = svg.split_once('>').map_or("", |(_, after)| after);
    let after = after.trim_end();
    let inside = after.strip_suffix("</svg>").unwrap_or(after);
    // No text holds these: quotes are escaped there.
    let inside = inside.replace(" opacity=\"1\"", "");
    let inside = inside.replace(" stroke=\"none\"", "");
    inside.replace(" font-family=\"sans-serif\"", "")
}

/// A style of text of this colour, that stands at its place so.
fn text(colour: RGBColor, across: HPos, along: VPos) -> TextStyle<'static> {
    let font = ("sans-serif", LETTERS).into_font();
    let mut style = TextStyle::from(font).pos(Pos::new(across, along));
    style.color = colour.to_backend_color();
    style
}

/// As a coordinate.
#[expect(
    clippy::cast_precision_loss,
    reason = "a picture has some hundred pixels"
)]
const fn coordinate(figure: i64) -> f64 {
    figure as f64
}

/// The same of a place in a list.
fn place(index: usize) -> f64 {
    coordinate(i64::try_from(index).unwrap_or(i64::MAX))
}

/// A text that is no longer than so many characters.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_outermost_element_itself() {
        let svg = "<svg width=\"1\">\n<rect opacity=\"1\" x=\"2\"/>\n</svg>\n";
        assert_eq!(inside(svg), "\n<rect x=\"2\"/>\n");
        assert_eq!(inside("<svg></svg>"), "");
        assert_eq!(inside(""), "");
    }

    #[test]
    fn long_names_end_in_an_ellipsis() {
        assert_eq!(shortened("Lamp", 4), "Lamp");
        assert_eq!(shortened("Désk lamp", 6), "Désk…");
    }
}
