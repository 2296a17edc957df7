//! A column for each period, and where the period before stood.

use super::{
    Drawn, Frame, WIDTH, coordinate,
    palette::{BEFORE, FIGURES, LINES, WORDS},
    place, text,
    ticks::{Ticks, every},
};
use maud::Markup;
use plotters::{
    backend::SVGBackend,
    chart::ChartBuilder,
    drawing::IntoDrawingArea as _,
    element::{PathElement, Rectangle, Text},
    style::{
        Color as _,
        text_anchor::{HPos, VPos},
    },
};

const SIZE: (u32, u32) = (WIDTH, 260);
/// Periods whose names have room beside one another.
const NAMES: usize = 5;

/// One period.
#[derive(Debug, Clone)]
pub struct Column {
    /// What it is called under the axis.
    pub name: String,
    /// Its figure; none where there is none, such as an average of nothing.
    pub figure: Option<i64>,
    /// That of what it is compared with.
    pub before: Option<i64>,
}

/// Columns over time.
pub struct Columns<'a> {
    /// What they show, in a sentence.
    pub title: &'a str,
    /// The periods in their order.
    pub columns: &'a [Column],
    /// How a figure is written beside the axis.
    pub told: &'a dyn Fn(i64) -> String,
}

impl Columns<'_> {
    /// The picture.
    pub fn picture(&self) -> Markup {
        let frame = Frame {
            title: self.title,
            size: SIZE,
        };
        frame.picture(|svg| self.draw(svg))
    }

    fn draw(&self, svg: SVGBackend<'_>) -> Drawn {
        let figures = self.columns.iter().flat_map(|c| [c.figure, c.before]);
        let ticks = Ticks::of(figures.flatten().map(coordinate), 4);
        let root = svg.into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin_top(12)
            .margin_right(8)
            .x_label_area_size(26)
            .y_label_area_size(92)
            .build_cartesian_2d(
                0.0..place(self.columns.len().max(1)),
                ticks.low()..ticks.high(),
            )?;
        let end = place(self.columns.len().max(1));
        let beside = text(WORDS, HPos::Right, VPos::Center);
        for tick in &ticks.at {
            let line = vec![(0.0, *tick), (end, *tick)];
            chart.draw_series([PathElement::new(line, LINES.stroke_width(1))])?;
            let (x, y) = chart.backend_coord(&(0.0, *tick));
            #[expect(clippy::cast_possible_truncation, reason = "ticks are whole")]
            let told = (self.told)(*tick as i64);
            root.draw(&Text::new(told, (x - 8, y), beside.clone()))?;
        }
        let figures = self.columns.iter().enumerate();
        let figures = figures.filter_map(|(nth, c)| Some((place(nth), coordinate(c.figure?))));
        chart
            .draw_series(figures.map(|(x, y)| {
                Rectangle::new([(x + 0.16, 0.0), (x + 0.84, y)], FIGURES.filled())
            }))?;
        let before = self.columns.iter().enumerate();
        let before = before.filter_map(|(nth, c)| Some((place(nth), coordinate(c.before?))));
        chart.draw_series(before.map(|(x, y)| {
            PathElement::new(vec![(x + 0.04, y), (x + 0.96, y)], BEFORE.stroke_width(2))
        }))?;
        let under = text(WORDS, HPos::Center, VPos::Top);
        let step = every(self.columns.len(), NAMES);
        for (nth, column) in self.columns.iter().enumerate().step_by(step) {
            let (x, y) = chart.backend_coord(&(place(nth) + 0.5, ticks.low()));
            root.draw(&Text::new(column.name.as_str(), (x, y + 8), under.clone()))?;
        }
        root.present()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(columns: &[Column]) -> String {
        let told = |figure: i64| format!("{figure} <b>");
        let columns = Columns {
            title: "Orders \"by\" day",
            columns,
            told: &told,
        };
        columns.picture().into_string()
    }

    fn column(figure: Option<i64>, before: Option<i64>) -> Column {
        Column {
            name: "<1>".into(),
            figure,
            before,
        }
    }

    #[test]
    fn each_figure_has_a_column_and_what_was_before_a_line() {
        let svg = drawn(&[
            column(Some(3), Some(5)),
            column(None, Some(1)),
            column(Some(-2), None),
        ]);
        assert_eq!(svg.matches("<rect").count(), 2, "{svg}");
        assert_eq!(svg.matches("stroke=\"#F59E0B\"").count(), 2, "{svg}");
        assert!(!svg.contains("style=") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn words_come_out_as_text() {
        let svg = drawn(&[column(Some(3), None)]);
        assert!(svg.contains("&lt;1&gt;") && !svg.contains("<b>"), "{svg}");
        assert!(
            svg.contains("aria-label=\"Orders &quot;by&quot; day\""),
            "{svg}"
        );
    }

    #[test]
    fn nothing_is_drawn_of_nothing_but_the_axes() {
        let svg = drawn(&[]);
        assert!(svg.contains("<polyline") && !svg.contains("<rect"), "{svg}");
    }
}
