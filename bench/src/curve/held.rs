//! Each figure held against itself at the smallest size.

use crate::row::Figure;
use std::collections::HashMap;

const YARDSTICK: &str = "at the smallest";
/// Within 1.2 times: for what the orders that are there should not cost anything.
const FLAT: Option<f64> = Some(1.0 / 1.2);

/// What is measured at each size.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    name: &'static str,
    unit: &'static str,
    aim: Option<f64>,
    is_better_less: bool,
}

impl Work {
    /// A rate that should stay what it is.
    pub const fn flat(name: &'static str, unit: &'static str) -> Self {
        Self {
            name,
            unit,
            aim: FLAT,
            is_better_less: false,
        }
    }

    /// A rate that may fall.
    pub const fn falling(name: &'static str, unit: &'static str) -> Self {
        Self {
            aim: None,
            ..Self::flat(name, unit)
        }
    }

    /// A cost that should stay what it is: bytes of each.
    pub const fn cost(name: &'static str, unit: &'static str) -> Self {
        Self {
            is_better_less: true,
            ..Self::flat(name, unit)
        }
    }

    /// A cost that grows with the orders.
    pub const fn growing(name: &'static str, unit: &'static str) -> Self {
        Self {
            aim: None,
            ..Self::cost(name, unit)
        }
    }
}

/// Figures, and what was measured at the smallest size.
#[derive(Debug, Default)]
pub struct Held {
    smallest: HashMap<&'static str, Vec<f64>>,
    figures: Vec<Figure>,
}

impl Held {
    /// Adds what was measured in some rounds at this size, of which `what` says
    /// more than the work's name.
    pub fn add_of(&mut self, work: &Work, what: &str, size: i64, values: &[f64]) {
        let smallest = self.smallest.entry(work.name);
        let smallest = smallest.or_insert_with(|| values.to_vec());
        let rounds = values.iter().copied().zip(smallest.iter().copied());
        let case = format!("{what} at {size} orders");
        let figure = |rounds: &[_]| {
            let (unit, aim) = (work.unit, work.aim);
            Figure::of("curve", case.clone(), unit, YARDSTICK, aim, rounds)
        };
        self.figures.push(if work.is_better_less {
            let rounds: Vec<_> = rounds.map(|(value, smallest)| (smallest, value)).collect();
            let figure = figure(&rounds);
            Figure {
                ours: figure.yardstick_value,
                yardstick_value: figure.ours,
                ..figure
            }
        } else {
            figure(&rounds.collect::<Vec<_>>())
        });
    }

    /// The same where its name says it all.
    pub fn add(&mut self, work: &Work, size: i64, values: &[f64]) {
        self.add_of(work, work.name, size, values);
    }

    /// All of them.
    pub fn figures(self) -> Vec<Figure> {
        self.figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Work = Work::flat("append", "commands/s");
    const BYTES: Work = Work::cost("log", "B");

    fn held(work: &Work, sizes: &[(i64, &[f64])]) -> Figure {
        let mut held = Held::default();
        for (size, values) in sizes {
            held.add(work, *size, values);
        }
        held.figures().pop().expect("a figure")
    }

    #[test]
    fn the_smallest_size_is_held_against_itself() {
        let figure = held(&RATE, &[(1_000, &[10.0, 30.0, 20.0])]);
        assert_eq!(figure.case, "append at 1000 orders");
        assert_eq!((figure.ours, figure.yardstick_value), (20.0, 20.0));
        assert_eq!((figure.ratio, figure.met), (1.0, true));
    }

    #[test]
    fn a_rate_that_falls_misses_the_aim() {
        let figure = held(&RATE, &[(1, &[100.0]), (10, &[90.0]), (100, &[80.0])]);
        assert_eq!((figure.ours, figure.yardstick_value), (80.0, 100.0));
        assert_eq!((figure.ratio, figure.met), (0.8, false));
    }

    #[test]
    fn of_what_should_be_little_more_is_worse() {
        let figure = held(&BYTES, &[(1, &[400.0]), (10, &[800.0])]);
        assert_eq!((figure.ours, figure.yardstick_value), (800.0, 400.0));
        assert_eq!((figure.ratio, figure.met), (0.5, false));
        assert!(held(&BYTES, &[(1, &[400.0]), (10, &[300.0])]).met);
    }

    #[test]
    fn fewer_rounds_of_a_large_size_are_held_against_as_many() {
        let figure = held(&RATE, &[(1, &[10.0, 99.0, 99.0]), (10, &[10.0])]);
        assert_eq!((figure.ratio_min, figure.ratio_max), (1.0, 1.0));
    }

    #[test]
    fn what_grows_by_nature_misses_nothing() {
        let seconds = Work::growing("rebuild, seconds", "s");
        let figure = held(&seconds, &[(1, &[2.0]), (10, &[20.0])]);
        assert_eq!((figure.ratio, figure.aim, figure.met), (0.1, None, true));
    }
}
