//! A chart with lines: their names at the right, each with a mark of its own, so
//! that they are told apart without colours as well.

use crate::row::Point;
use anyhow::Result;
use plotters::{
    backend::SVGBackend,
    chart::ChartBuilder,
    coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged},
    drawing::IntoDrawingArea as _,
    element::{Circle, Cross, PathElement, Text, TriangleMarker},
    series::LineSeries,
    style::{BLACK, Color as _, RGBColor, WHITE},
};
use std::{ops::Range, path::Path};

const WIDTH: u32 = 1_120;
const HEIGHT: u32 = 560;
/// Where the names begin, and how much one takes.
const NAMES: i32 = 760;
const EACH: i32 = 26;
/// Letters of a name that there is room for.
const LETTERS: usize = 46;
const FONT: &str = "sans-serif";
/// Okabe and Ito's, which colour-blind people tell apart, without its yellow,
/// which is hard to see on white.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
    RGBColor(140, 140, 140),
];

/// How a number is placed, and how it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From zero.
    Linear,
    /// By factors of ten.
    Log,
    /// Shares of all, by how many are left: 90 %, 99 %, 99.9 %, each as far from
    /// the one before.
    Nines,
    /// By its place in this run of names.
    Named,
}

/// One direction.
#[derive(Debug, Clone)]
pub struct Axis {
    /// What it is, with its unit.
    pub what: &'static str,
    pub scale: Scale,
    /// The names, where they are shown.
    pub names: Vec<String>,
}

impl Axis {
    pub fn new(what: &'static str, scale: Scale) -> Self {
        let names = Vec::new();
        Self { what, scale, names }
    }
}

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    pub name: String,
    pub points: Vec<Point>,
}

/// A chart.
#[derive(Debug, Clone)]
pub struct Chart {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub lines: Vec<Line>,
    /// A level to compare with.
    pub level: Option<f64>,
}

/// Where an axis begins and ends, and what is marked on it.
struct Marks {
    from: f64,
    to: f64,
    at: Vec<f64>,
}

impl Ranged for Marks {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_possible_truncation, reason = "within the picture")]
    fn map(&self, place: &f64, (first, last): (i32, i32)) -> i32 {
        let share = (place - self.from) / (self.to - self.from);
        first + (share * f64::from(last - first)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // No lines in between.
        if hint.weight().allow_light_points() {
            Vec::new()
        } else {
            self.at.clone()
        }
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl Scale {
    /// Where a number lies.
    fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear | Self::Named => value,
            Self::Log => value.max(1e-9).log10(),
            Self::Nines => -(1.0 - value).max(1e-6).log10(),
        }
    }

    /// What is shown at a place.
    fn shown(self, place: f64, names: &[String]) -> String {
        match self {
            Self::Linear => short(place),
            Self::Log => short(10_f64.powf(place)),
            Self::Nines => {
                let percent = 100.0 * (1.0 - 10_f64.powf(-place));
                let rounded = format!("{percent:.4}");
                let trimmed = rounded.trim_end_matches('0').trim_end_matches('.');
                format!("{trimmed} %")
            }
            Self::Named => {
                let name = names.iter().zip(0_u32..);
                let mut name = name.filter(|(_, at)| (f64::from(*at) - place).abs() < 0.01);
                name.next()
                    .map_or_else(String::new, |(name, _)| name.clone())
            }
        }
    }

    /// For places from `least` to `most`.
    fn marks(self, least: f64, most: f64, names: usize) -> Marks {
        match self {
            Self::Linear => {
                let apart = step(most.max(1e-9) / 6.0);
                let to = (most * 1.05).max(1e-9);
                let at = steps(0.0, to, apart);
                Marks { from: 0.0, to, at }
            }
            Self::Log => {
                let (from, to) = (least - 0.05, most.max(least + 0.3) + 0.05);
                let each: &[f64] = if to - from > 3.0 {
                    &[1.0]
                } else {
                    &[1.0, 2.0, 5.0]
                };
                let decades = steps(from.floor(), to.ceil(), 1.0);
                let at = decades
                    .iter()
                    .flat_map(|ten| each.iter().map(move |n| ten + n.log10()));
                let at = at.filter(|at| (from..=to).contains(at)).collect();
                Marks { from, to, at }
            }
            Self::Nines => {
                let to = most.max(2.0);
                let mut at = vec![0.0, self.place(0.5)];
                at.extend(steps(1.0, to + 0.01, 1.0));
                Marks { from: 0.0, to, at }
            }
            Self::Named => {
                let end = f64::from(u32::try_from(names).unwrap_or(u32::MAX)).max(1.0) - 1.0;
                let at = steps(0.0, end + 0.5, (end / 8.0).ceil().max(1.0));
                let (from, to) = (-0.3, end + 0.3);
                Marks { from, to, at }
            }
        }
    }
}

/// 1, 2 or 5 of a power of ten, at least as large.
fn step(least: f64) -> f64 {
    let ten = 10_f64.powf(least.log10().floor());
    let fits = [1.0, 2.0, 5.0].into_iter().find(|n| n * ten >= least);
    fits.unwrap_or(10.0) * ten
}

fn steps(from: f64, to: f64, step: f64) -> Vec<f64> {
    let places = (0_u32..64).map(|n| from + f64::from(n) * step);
    places.take_while(|at| *at <= to).collect()
}

/// `1500000` as `1.5 M`.
fn short(value: f64) -> String {
    let (value, unit) = match value.abs() {
        size if size >= 999_500.0 => (value / 1e6, " M"),
        size if size >= 9_999.5 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 1.0 => 1,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}{unit}")
}

/// A name as long as there is room for.
fn fitting(name: &str) -> String {
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    let kept: String = name.chars().take(LETTERS - 1).collect();
    format!("{kept}…")
}

impl Chart {
    /// Draws it as SVG.
    pub fn draw(&self, file: &Path) -> Result<()> {
        let places = |line: &Line| {
            let place = |(x, y): &Point| (self.x.scale.place(*x), self.y.scale.place(*y));
            line.points.iter().map(place).collect::<Vec<_>>()
        };
        let lines: Vec<Vec<Point>> = self.lines.iter().map(places).collect();
        let level = self.level.map(|level| self.y.scale.place(level));
        let all = || lines.iter().flatten();
        let ends = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::MAX, f64::MIN), |(least, most), value| {
                (least.min(value), most.max(value))
            })
        };
        let (left, right) = ends(&mut all().map(|(x, _)| *x));
        let (bottom, top) = ends(&mut all().map(|(_, y)| *y).chain(level));
        let x = self.x.scale.marks(left, right, self.x.names.len());
        let y = self.y.scale.marks(bottom, top, self.y.names.len());
        let (from, to) = (x.from, x.to);

        let taken = i32::try_from(lines.len())? * EACH + 80;
        let height = HEIGHT.max(u32::try_from(taken)?);
        let root = SVGBackend::new(file, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE)?;
        let (plot, names) = root.split_horizontally(NAMES);
        let mut chart = ChartBuilder::on(&plot)
            .caption(&self.title, (FONT, 22))
            .margin(12)
            .x_label_area_size(56)
            .y_label_area_size(76)
            .build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .x_desc(self.x.what)
            .y_desc(self.y.what)
            .axis_desc_style((FONT, 16))
            .label_style((FONT, 14))
            .x_label_formatter(&|at: &f64| self.x.scale.shown(*at, &self.x.names))
            .y_label_formatter(&|at: &f64| self.y.scale.shown(*at, &self.y.names))
            .draw()?;
        if let Some(level) = level {
            let line = vec![(from, level), (to, level)];
            chart.draw_series([PathElement::new(line, BLACK.mix(0.6).stroke_width(1))])?;
        }
        let mut at = 60;
        for (nth, (line, points)) in self.lines.iter().zip(&lines).enumerate() {
            let colour = COLOURS[nth % COLOURS.len()];
            let style = colour.stroke_width(2);
            chart.draw_series(LineSeries::new(points.iter().copied(), style))?;
            // Of a long curve some, so that they stay marks.
            let every = points.len().div_ceil(12).max(1);
            let marked = points.iter().copied().step_by(every);
            // In turn a circle, a triangle, a cross, a ring: another one for the same
            // colour.
            let shape = (nth + nth / COLOURS.len()) % 4;
            match shape {
                0 => chart.draw_series(marked.map(|at| Circle::new(at, 4, colour.filled())))?,
                1 => chart
                    .draw_series(marked.map(|at| TriangleMarker::new(at, 6, colour.filled())))?,
                2 => chart.draw_series(marked.map(|at| Cross::new(at, 4, style)))?,
                _ => chart.draw_series(marked.map(|at| Circle::new(at, 4, style)))?,
            };
            names.draw(&PathElement::new(
                vec![(8, at), (36, at)],
                colour.stroke_width(3),
            ))?;
            let mark = (22, at);
            match shape {
                0 => names.draw(&Circle::new(mark, 4, colour.filled()))?,
                1 => names.draw(&TriangleMarker::new(mark, 6, colour.filled()))?,
                2 => names.draw(&Cross::new(mark, 4, style))?,
                _ => names.draw(&Circle::new(mark, 4, style))?,
            }
            names.draw(&Text::new(fitting(&line.name), (44, at - 8), (FONT, 14)))?;
            at += EACH;
        }
        root.present()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_shares_have_their_nines() {
        for (value, text) in [
            (1_500_000.0, "1.5 M"),
            (20_000.0, "20 k"),
            (0.25, "0.25"),
            (100.0, "100"),
        ] {
            assert_eq!(short(value), text);
        }
        let shown = |share: f64| Scale::Nines.shown(Scale::Nines.place(share), &[]);
        assert_eq!(
            [shown(0.5), shown(0.99), shown(0.999)],
            ["50 %", "99 %", "99.9 %"]
        );
    }

    #[test]
    fn a_chart_is_drawn_with_its_title_its_units_and_the_name_of_each_line() -> Result<()> {
        let line = |name: &str| Line {
            name: name.to_owned(),
            points: vec![(1.0, 10.0), (64.0, 2_000.0)],
        };
        let chart = Chart {
            title: "Throughput".to_owned(),
            x: Axis::new("clients", Scale::Log),
            y: Axis::new("commands/s", Scale::Linear),
            lines: vec![line("ours"), line("theirs")],
            level: Some(1_000.0),
        };
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("chart.svg");
        chart.draw(&file)?;
        let drawn = std::fs::read_to_string(file)?;
        for text in [
            "Throughput",
            "clients",
            "commands/s",
            "ours",
            "theirs",
            "2000",
        ] {
            assert!(drawn.contains(text), "{text}");
        }
        Ok(())
    }
}
