//! Tables that go on over pages.

use super::{
    Ink, Style,
    flow::{Flow, MARGIN},
    wrap::wrap,
};
use crate::sheet::{Align, Cell, Table};

/// Between two columns.
const GAP: f32 = 10.0;
/// The most that a column takes whose texts stand in one line.
const MOST: f32 = 104.0;
/// Above and below what is in a row.
const PADDING: f32 = 3.5;

/// The room that a table needs to begin on a page.
const LEAST: f32 = 48.0;

/// A column that has its place.
struct Place {
    left: f32,
    right: f32,
    align: Align,
}

/// The lines of one cell, from the top.
type Lines = Vec<(Style, String)>;

impl Flow<'_> {
    /// The lines of the sheet, with the head of the table on each page.
    pub fn lines(&mut self) {
        let table = &self.sheet.lines;
        if table.rows.is_empty() {
            return;
        }
        let places = self.places(table, (MARGIN, self.right));
        // A head alone at the end of a page would say nothing.
        if !self.has_room(LEAST) {
            self.turn();
        }
        self.table_head(table, &places);
        for row in &table.rows {
            self.row(table, &places, row);
        }
        self.y += 12.0;
    }

    /// A column for each; what is wrapped gets what the others leave.
    fn places(&self, table: &Table, (from, to): (f32, f32)) -> Vec<Place> {
        let widths: Vec<_> = (0..table.columns.len())
            .map(|column| self.natural(table, column))
            .collect();
        let gaps = GAP * super::times(widths.len().saturating_sub(1));
        let taken: f32 = widths.iter().flatten().sum();
        let rest = to - from - gaps - taken;
        let mut left = from;
        let columns = table.columns.iter().zip(widths);
        columns
            .map(|(column, width)| {
                let right = left + width.unwrap_or(rest);
                let place = Place {
                    left,
                    right,
                    align: column.align,
                };
                left = right + GAP;
                place
            })
            .collect()
    }

    /// The width of a column whose texts stand in one line; none where they are
    /// wrapped.
    fn natural(&self, table: &Table, index: usize) -> Option<f32> {
        let column = table.columns.get(index)?;
        if column.align == Align::Wrapped {
            return None;
        }
        let width = |style: Style, text: &str| self.faces.width(text, style.weight, style.size);
        let head = width(Style::LABEL, &column.title);
        let cells = table.rows.iter().filter_map(|row| row.get(index));
        let widest = cells
            .map(|cell| width(Style::BODY, &cell.text))
            .fold(head, f32::max);
        // A hair more, or sums of places would round its own text out of it.
        Some((widest + 0.5).min(MOST))
    }

    fn table_head(&mut self, table: &Table, places: &[Place]) {
        let heads = table.columns.iter().zip(places).map(|(column, place)| {
            let lines = wrap(
                self.faces,
                &column.title,
                Style::LABEL,
                place.right - place.left,
            );
            lines.into_iter().map(|line| (Style::LABEL, line)).collect()
        });
        let heads: Vec<Lines> = heads.collect();
        for line in slices(heads) {
            self.slice(places, &line);
        }
        self.y += 3.0;
        self.rule((MARGIN, self.right), self.y, Ink::Dark);
        self.y += 1.0;
    }

    /// One row; on the next page where it does not fit, and on several where it
    /// fits none.
    fn row(&mut self, table: &Table, places: &[Place], row: &[Cell]) {
        let cells: Vec<Lines> = row
            .iter()
            .zip(places)
            .map(|(cell, place)| self.cell(cell, place))
            .collect();
        let lines = slices(cells);
        let height = lines.iter().map(|line| leading(line)).sum::<f32>() + 2.0 * PADDING;
        if !self.has_room(height) {
            self.turn();
            self.table_head(table, places);
        }
        self.y += PADDING;
        for line in &lines {
            if !self.has_room(leading(line)) {
                self.turn();
                self.table_head(table, places);
                self.y += PADDING;
            }
            self.slice(places, line);
        }
        self.y += PADDING;
        self.rule((MARGIN, self.right), self.y, Ink::Faint);
    }

    fn cell(&self, cell: &Cell, place: &Place) -> Lines {
        let width = place.right - place.left;
        let of = |text: &str, style| {
            let lines = wrap(self.faces, text, style, width);
            lines.into_iter().map(move |line| (style, line))
        };
        let details = cell
            .detail
            .iter()
            .flat_map(|detail| of(detail, Style::DETAIL));
        of(&cell.text, Style::BODY).chain(details).collect()
    }

    /// One line across all columns.
    fn slice(&mut self, places: &[Place], line: &[Option<(Style, String)>]) {
        for (place, text) in places.iter().zip(line) {
            let Some((style, text)) = text else {
                continue;
            };
            match place.align {
                Align::Wrapped => self.text((place.left, self.y), *style, text),
                Align::Right => self.text_to((place.right, self.y), *style, text),
            }
        }
        self.y += leading(line);
    }

    /// A small table at its place on this page; where it ends.
    pub fn small_table(&mut self, table: &Table, (from, to): (f32, f32), top: f32) -> f32 {
        let columns = super::times(table.columns.len().max(1));
        let width = (to - from) / columns;
        let mut y = top;
        let heads = table.columns.iter().map(|column| column.title.as_str());
        let heads: Vec<_> = heads.collect();
        let rows = table
            .rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.text.as_str()).collect());
        let rows: Vec<Vec<_>> = rows.collect();
        for (index, row) in [heads].into_iter().chain(rows).enumerate() {
            for (place, text) in row.into_iter().enumerate() {
                let left = from + super::times(place) * width;
                match table.columns.get(place).map(|column| column.align) {
                    Some(Align::Right) => self.text_to((left + width, y), Style::LABEL, text),
                    _ => self.text((left, y), Style::LABEL, text),
                }
            }
            y += Style::LABEL.leading() + 2.0;
            if index == 0 {
                self.rule((from, to), y, Ink::Faint);
                y += 3.0;
            }
        }
        y
    }
}

/// Cells side by side, line by line.
fn slices(cells: Vec<Lines>) -> Vec<Vec<Option<(Style, String)>>> {
    let count = cells.iter().map(Vec::len).max().unwrap_or_default();
    let mut cells: Vec<_> = cells.into_iter().map(Vec::into_iter).collect();
    (0..count)
        .map(|_| cells.iter_mut().map(Iterator::next).collect())
        .collect()
}

fn leading(line: &[Option<(Style, String)>]) -> f32 {
    let heights = line.iter().flatten().map(|(style, _)| style.leading());
    heights.fold(0.0, f32::max)
}
