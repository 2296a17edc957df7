//! Units of lines, as commands name them.

use super::{
    command::LineUnits,
    placement::MAX_QUANTITY,
    rejection::{Part, Rejection},
    state::LineState,
};
use contracts::order::LineQuantity;
use std::collections::{HashMap, HashSet};

/// At least one line, each once, each with at least one unit.
pub fn each_line_once<'a>(
    units: impl IntoIterator<Item = &'a LineUnits>,
) -> Result<Vec<LineQuantity>, Rejection> {
    let mut seen = HashSet::new();
    let mut lines = Vec::new();
    for (index, unit) in units.into_iter().enumerate() {
        if !seen.insert(&*unit.line) {
            let line = unit.line.to_string();
            return Err(Rejection::DuplicateLine { index, line });
        }
        if !(1..=MAX_QUANTITY).contains(&unit.quantity) {
            return Err(Rejection::UnitsOutOfRange {
                index,
                quantity: unit.quantity,
                limit: MAX_QUANTITY,
            });
        }
        lines.push(LineQuantity {
            line: unit.line.to_string(),
            quantity: unit.quantity,
        });
    }
    if lines.is_empty() {
        return Err(Rejection::NoLines);
    }
    Ok(lines)
}

/// Each of `units` with the line it names; a line that the order does not
/// have is told where the body names it. Linear: commands name thousands.
pub fn with_lines(
    units: Vec<LineQuantity>,
    lines: &[LineState],
) -> Result<Vec<(LineQuantity, &LineState)>, Rejection> {
    let by_id: HashMap<&str, &LineState> = lines.iter().map(|l| (l.line.id.as_str(), l)).collect();
    let with_line = |(index, unit): (usize, LineQuantity)| {
        let Some(line) = by_id.get(unit.line.as_str()) else {
            let pointer = Some(format!("/lines/{index}/line"));
            return Err(Rejection::no_such(Part::Line, &unit.line, pointer));
        };
        Ok((unit, *line))
    };
    units.into_iter().enumerate().map(with_line).collect()
}

/// The same; refused where a line has fewer units that are neither fulfilled
/// nor cancelled.
pub fn of_open(
    units: Vec<LineQuantity>,
    lines: &[LineState],
) -> Result<Vec<(LineQuantity, &LineState)>, Rejection> {
    let units = with_lines(units, lines)?;
    for (index, (unit, line)) in units.iter().enumerate() {
        if unit.quantity > line.open() {
            return Err(Rejection::ExceedsOpen {
                index,
                line: unit.line.clone(),
                requested: unit.quantity,
                open: line.open(),
            });
        }
    }
    Ok(units)
}
