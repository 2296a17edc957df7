//! The memory of all processes as a table and as a picture.

use super::{
    fleet::Sample,
    memory::{Instance, Memory},
};
use anyhow::{Context as _, Result};
use plotters::{
    backend::SVGBackend,
    chart::ChartBuilder,
    drawing::IntoDrawingArea as _,
    element::{Circle, PathElement, Text},
    series::LineSeries,
    style::{Color as _, RGBColor, WHITE},
};
use std::{fmt::Write as _, fs, path::Path};

const SIZE: (u32, u32) = (1_200, 640);
/// Where the names begin.
const NAMES: i32 = 1_010;
/// Of the two of each role, one beside the other: dark and light.
const COLOURS: [RGBColor; 10] = [
    RGBColor(31, 90, 160),
    RGBColor(120, 170, 225),
    RGBColor(190, 70, 20),
    RGBColor(245, 150, 80),
    RGBColor(30, 120, 60),
    RGBColor(110, 190, 130),
    RGBColor(120, 50, 140),
    RGBColor(190, 140, 210),
    RGBColor(70, 70, 70),
    RGBColor(160, 160, 160),
];

/// Writes `memory.csv` and `memory.svg`.
pub fn write(memory: &Memory, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("memory.csv"), table(memory)?)?;
    let picture = folder.join("memory.svg");
    draw(memory, &picture).with_context(|| format!("{} is not drawn", picture.display()))?;
    Ok(())
}

fn table(memory: &Memory) -> Result<String> {
    let mut table = "seconds,instance,process,age_seconds,resident_kib\n".to_owned();
    for Instance { name, processes } in &memory.instances {
        for sample in processes.iter().flatten() {
            writeln!(
                table,
                "{:.1},{name},{},{:.1},{}",
                sample.at.as_secs_f64(),
                sample.process + 1,
                sample.age.as_secs_f64(),
                sample.resident_kib
            )?;
        }
    }
    Ok(table)
}

/// A point of a process: minutes, MiB.
type Point = (f64, f64);

fn points(process: &[Sample]) -> Result<Vec<Point>> {
    let point = |sample: &Sample| {
        let kib = u32::try_from(sample.resident_kib)?;
        anyhow::Ok((sample.at.as_secs_f64() / 60.0, f64::from(kib) / 1_024.0))
    };
    process.iter().map(point).collect()
}

/// A line for each instance. It is broken where a process ended, and the next one
/// begins with a dot.
fn draw(memory: &Memory, picture: &Path) -> Result<()> {
    let mut lines = Vec::new();
    for Instance { name, processes } in &memory.instances {
        let processes = processes.iter().map(|process| points(process));
        lines.push((name, processes.collect::<Result<Vec<_>>>()?));
    }
    let all = || {
        lines
            .iter()
            .flat_map(|(_, processes)| processes.iter().flatten())
    };
    let end = all().map(|(minutes, _)| *minutes).fold(0.1, f64::max);
    let top = all().map(|(_, mib)| *mib).fold(16.0, f64::max);

    let root = SVGBackend::new(picture, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (left, right) = root.split_horizontally(NAMES);
    let mut chart = ChartBuilder::on(&left)
        .caption("Resident memory of each process", ("sans-serif", 22))
        .margin(12)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..end, 0.0..top * 1.05)?;
    chart
        .configure_mesh()
        .x_desc("minutes")
        .y_desc("MiB")
        .axis_desc_style(("sans-serif", 16))
        .label_style(("sans-serif", 13))
        .draw()?;
    let mut y = 60;
    for ((name, processes), colour) in lines.iter().zip(COLOURS) {
        for (nth, process) in processes.iter().enumerate() {
            let line = process.iter().copied();
            chart.draw_series(LineSeries::new(line, colour.stroke_width(2)))?;
            let start = process.iter().copied().take(usize::from(nth > 0));
            chart.draw_series(start.map(|at| Circle::new(at, 4, colour.filled())))?;
        }
        let line = PathElement::new(vec![(8, y), (36, y)], colour.stroke_width(3));
        right.draw(&line)?;
        right.draw(&Text::new(name.as_str(), (44, y - 8), ("sans-serif", 15)))?;
        y += 26;
    }
    right.draw(&Circle::new((22, y), 4, COLOURS[8].filled()))?;
    right.draw(&Text::new("started again", (44, y - 8), ("sans-serif", 15)))?;
    root.present()?;
    Ok(())
}
