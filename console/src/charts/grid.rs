//! Rows of cells, the darker the more: what cohorts are read from.

use super::{
    Drawn, Frame,
    palette::{FIGURES, WORDS},
    text,
};
use maud::Markup;
use plotters::{
    backend::SVGBackend,
    drawing::IntoDrawingArea as _,
    element::{Rectangle, Text},
    style::{
        Color as _,
        text_anchor::{HPos, VPos},
    },
};

/// Width and height of a cell.
const CELL: (i32, i32) = (52, 28);
/// Room for the names of rows, and for those of columns.
const NAMES: (i32, i32) = (92, 24);

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Row and column, from 0.
    pub at: (usize, usize),
    /// How much it is, of 100.
    pub percent: u8,
}

/// Cells, with the names of their rows and columns.
pub struct Grid<'a> {
    /// What they show, in a sentence.
    pub title: &'a str,
    /// Names of the rows.
    pub rows: &'a [String],
    /// Names of the columns.
    pub columns: &'a [String],
    /// The cells that there are.
    pub cells: &'a [Cell],
}

impl Grid<'_> {
    /// The picture.
    pub fn picture(&self) -> Markup {
        let (x, _) = corner((0, self.columns.len()));
        let (_, y) = corner((self.rows.len(), 0));
        let size = |length: i32| u32::try_from(length).unwrap_or(1);
        let frame = Frame {
            title: self.title,
            size: (size(x), size(y)),
        };
        frame.picture(|svg| self.draw(svg))
    }

    fn draw(&self, svg: SVGBackend<'_>) -> Drawn {
        let root = svg.into_drawing_area();
        let beside = text(WORDS, HPos::Right, VPos::Center);
        let middle = text(WORDS, HPos::Center, VPos::Center);
        for (nth, row) in self.rows.iter().enumerate() {
            let (x, y) = corner((nth, 0));
            let at = (x - 8, y + CELL.1 / 2);
            root.draw(&Text::new(row.as_str(), at, beside.clone()))?;
        }
        for (nth, column) in self.columns.iter().enumerate() {
            let (x, y) = corner((0, nth));
            let at = (x + CELL.0 / 2, y - NAMES.1 / 2);
            root.draw(&Text::new(column.as_str(), at, middle.clone()))?;
        }
        for cell in self.cells {
            let (x, y) = corner(cell.at);
            // Half at most, so that words of one colour can be read on all of them.
            let shade = FIGURES.mix(f64::from(cell.percent.min(100)) / 200.0 + 0.02);
            let corners = [(x + 1, y + 1), (x + CELL.0 - 1, y + CELL.1 - 1)];
            root.draw(&Rectangle::new(corners, shade.filled()))?;
            let at = (x + CELL.0 / 2, y + CELL.1 / 2);
            root.draw(&Text::new(format!("{}%", cell.percent), at, middle.clone()))?;
        }
        root.present()
    }
}

/// The upper left corner of a cell.
fn corner((row, column): (usize, usize)) -> (i32, i32) {
    let far = |index: usize| i32::try_from(index).unwrap_or(0);
    (NAMES.0 + far(column) * CELL.0, NAMES.1 + far(row) * CELL.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_its_share_written_in_it() {
        let cells = [(0, 0, 100), (0, 1, 25), (1, 0, 100)];
        let cells = cells.map(|(row, column, percent)| Cell {
            at: (row, column),
            percent,
        });
        let grid = Grid {
            title: "Cohorts",
            rows: &["2026-01".into(), "2026-02".into()],
            columns: &["0".into(), "1".into()],
            cells: &cells,
        };
        let svg = grid.picture().into_string();
        assert_eq!(svg.matches("<rect").count(), 3, "{svg}");
        assert_eq!(svg.matches("100%").count(), 2, "{svg}");
        assert!(svg.contains("25%") && svg.contains("viewBox=\"0 0 196 80\""));
    }
}
