//! Resident memory of processes, from their start on.

use super::chart::{Axis, Chart, Line, Scale};
use crate::history::Kept;

/// A line for each process that was watched.
pub fn chart<'a>(figures: impl Iterator<Item = &'a Kept>) -> Option<Chart> {
    let watched = figures.filter(|figure| figure.unit == "MiB" && figure.points.len() > 1);
    let lines = watched.map(|figure| Line {
        name: figure.case.replace(", highest", ""),
        points: figure.points.clone(),
    });
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then(|| Chart {
        title: "Resident memory over time".to_owned(),
        x: Axis::new("seconds since its start", Scale::Linear),
        y: Axis::new("MiB", Scale::Linear),
        lines,
        level: None,
    })
}
