//! What was measured before: a file for each commit, `bench/history/COMMIT.json`.

mod conditions;
mod machine;

pub use conditions::Conditions;

use crate::{
    noise::Noise,
    row::{Figure, Point},
};
use anyhow::Context as _;
use infra::clock;
use serde::{Deserialize, Deserializer, Serialize};
use std::{collections::BTreeMap, fs, path::Path};
use time::OffsetDateTime;

/// Points of a curve that are kept at most.
const POINTS: usize = 240;

/// What was measured of one commit, in one run or in several: a row that is
/// measured again takes the place of what it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// The commit, with `-changed` where the checkout held more than that.
    pub commit: String,
    /// Since when there is something of it.
    #[serde(with = "time::serde::rfc3339")]
    pub began: OffsetDateTime,
    /// Whether it was a short run, whose figures are of no use.
    pub quick: bool,
    /// Where and with what, of the last run.
    pub conditions: Conditions,
    /// By the names that the command line has for them.
    pub rows: BTreeMap<String, Row>,
}

/// A row as it was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// How long it took.
    pub seconds: f64,
    /// Which share of all processors other processes had.
    pub others: f64,
    /// Which share the host had taken away.
    pub stolen: f64,
    /// Whether that is too much.
    pub noisy: bool,
    /// Its figures.
    pub figures: Vec<Kept>,
}

/// A [`Figure`] that was kept, with its members and what a plot has of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub row: String,
    pub case: String,
    #[serde(deserialize_with = "or_nan")]
    pub ours: f64,
    pub unit: String,
    pub yardstick: String,
    #[serde(deserialize_with = "or_nan")]
    pub yardstick_value: f64,
    #[serde(deserialize_with = "or_nan")]
    pub ratio: f64,
    #[serde(deserialize_with = "or_nan")]
    pub ratio_min: f64,
    #[serde(deserialize_with = "or_nan")]
    pub ratio_max: f64,
    pub aim: Option<f64>,
    pub met: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<Point>,
}

/// JSON has no number for what is none.
fn or_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

impl From<&Figure> for Kept {
    fn from(figure: &Figure) -> Self {
        // As many of a long curve as a plot shows.
        let every = figure.points.len().div_ceil(POINTS).max(1);
        Self {
            row: figure.row.to_owned(),
            case: figure.case.clone(),
            ours: figure.ours,
            unit: figure.unit.to_owned(),
            yardstick: figure.yardstick.to_owned(),
            yardstick_value: figure.yardstick_value,
            ratio: figure.ratio,
            ratio_min: figure.ratio_min,
            ratio_max: figure.ratio_max,
            aim: figure.aim,
            met: figure.met,
            points: figure.points.iter().copied().step_by(every).collect(),
        }
    }
}

impl Run {
    /// What `folder` has of this commit, or the beginning of it.
    pub fn of(folder: &Path, conditions: Conditions, quick: bool) -> anyhow::Result<Self> {
        let commit = conditions.commit();
        let path = folder.join(format!("{commit}.json"));
        if path.exists() {
            let before = read(&path)?;
            return Ok(Self {
                conditions,
                ..before
            });
        }
        Ok(Self {
            commit,
            began: clock::now(),
            quick,
            conditions,
            rows: BTreeMap::new(),
        })
    }

    /// Takes a row in.
    pub fn add(&mut self, name: &str, noise: Noise, figures: &[Figure]) {
        let row = Row {
            at: clock::now(),
            seconds: noise.seconds,
            others: noise.others,
            stolen: noise.stolen,
            noisy: noise.is_too_much(),
            figures: figures.iter().map(Kept::from).collect(),
        };
        self.rows.insert(name.to_owned(), row);
    }

    /// Writes it down.
    pub fn keep(&self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder)?;
        let text = serde_json::to_string_pretty(self)? + "\n";
        Ok(fs::write(
            folder.join(format!("{}.json", self.commit)),
            text,
        )?)
    }
}

fn read(path: &Path) -> anyhow::Result<Run> {
    let text = fs::read_to_string(path)?;
    serde_json::from_str(&text).with_context(|| format!("{} is no history", path.display()))
}

/// All that there is, the oldest first.
pub fn all(folder: &Path) -> anyhow::Result<Vec<Run>> {
    let mut runs = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                runs.push(read(&path)?);
            }
        }
    }
    runs.sort_by_key(|run| run.began);
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Noise = Noise {
        seconds: 9.0,
        others: 0.0,
        stolen: 0.0,
    };

    fn figure(ours: f64) -> Figure {
        let points = vec![(0.5, 1.0), (0.99, ours)];
        Figure::time("http", "p99".to_owned(), ours).with_points(points)
    }

    #[test]
    fn a_row_that_is_measured_again_takes_the_place_of_what_it_was_and_others_stay()
    -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let conditions = Conditions::default;
        let mut run = Run::of(folder.path(), conditions(), false)?;
        run.add("http", QUIET, &[figure(4.0)]);
        run.add("read", QUIET, &[figure(5.0)]);
        run.keep(folder.path())?;
        let mut again = Run::of(folder.path(), conditions(), false)?;
        again.add("http", QUIET, &[figure(3.0)]);
        again.keep(folder.path())?;
        let runs = all(folder.path())?;
        assert_eq!(runs.len(), 1);
        let ours = |name: &str| runs[0].rows[name].figures[0].ours.to_bits();
        assert_eq!(ours("http"), 3.0_f64.to_bits());
        assert_eq!(ours("read"), 5.0_f64.to_bits());
        assert_eq!(runs[0].rows["http"].figures[0].points.len(), 2);
        Ok(())
    }

    #[test]
    fn a_ratio_that_is_no_number_is_kept_as_none() -> anyhow::Result<()> {
        let figure = Figure::of("http", "nothing".to_owned(), "1/s", "nobody", None, &[]);
        let text = serde_json::to_string(&Kept::from(&figure))?;
        let kept: Kept = serde_json::from_str(&text)?;
        assert!(kept.ratio.is_nan());
        Ok(())
    }
}
