//! Where an axis has lines and words. Pure.

use super::place;

/// Round values that an axis is divided by.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticks {
    /// The values, from the lowest on; the axis reaches from the first to the last.
    pub at: Vec<f64>,
}

impl Ticks {
    /// About `count` of them, 1, 2 or 5 times a power of ten from one another, so
    /// that all `figures` and 0 lie between the first and the last. Figures are whole,
    /// so no two are nearer than 1.
    pub fn of(figures: impl IntoIterator<Item = f64>, count: usize) -> Self {
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for figure in figures {
            (low, high) = (low.min(figure), high.max(figure));
        }
        let step = step((high - low) / place(count.max(1)));
        let (first, last) = ((low / step).floor(), (high / step).ceil().max(1.0));
        let mut at = vec![first * step];
        let mut next = first + 1.0;
        // Above 2^53 a step of 1 is none.
        while next <= last && at.len() < 4 * count.max(1) {
            at.push(next * step);
            next += 1.0;
        }
        Self { at }
    }

    /// Where the axis begins.
    pub fn low(&self) -> f64 {
        self.at.first().copied().unwrap_or(0.0)
    }

    /// Where it ends.
    pub fn high(&self) -> f64 {
        self.at.last().copied().unwrap_or(1.0)
    }
}

/// The next round step that is no shorter.
fn step(least: f64) -> f64 {
    if least <= 1.0 {
        return 1.0;
    }
    let power = 10.0_f64.powf(least.log10().floor());
    let factors = [1.0, 2.0, 5.0].into_iter();
    let found = factors
        .map(|factor| factor * power)
        .find(|step| *step >= least);
    found.unwrap_or(10.0 * power)
}

/// Of `count` words in a row each so many-eth can be written, where there is room
/// for `room` of them.
pub fn every(count: usize, room: usize) -> usize {
    count.div_ceil(room.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(figures: &[f64]) -> Vec<f64> {
        Ticks::of(figures.iter().copied(), 4).at
    }

    #[test]
    fn an_axis_is_divided_by_round_values() {
        assert_eq!(ticks(&[0.0, 100.0]), [0.0, 50.0, 100.0]);
        assert_eq!(ticks(&[37.0, 81.0]), [0.0, 50.0, 100.0]);
        assert_eq!(ticks(&[7.0]), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(ticks(&[123_456.0]), [0.0, 50_000.0, 100_000.0, 150_000.0]);
    }

    #[test]
    fn what_is_below_nothing_has_its_part_of_the_axis() {
        assert_eq!(ticks(&[-3.0, 5.0]), [-4.0, -2.0, 0.0, 2.0, 4.0, 6.0]);
        assert_eq!(ticks(&[-90.0]).first(), Some(&-100.0));
    }

    #[test]
    fn nothing_at_all_still_has_an_axis() {
        assert_eq!(ticks(&[]), [0.0, 1.0]);
        assert_eq!(ticks(&[0.0, 0.0]), [0.0, 1.0]);
    }

    #[test]
    fn the_greatest_amounts_end() {
        let ticks = Ticks::of([coordinate_of_greatest()], 4);
        assert!(ticks.at.len() <= 16 && ticks.high() >= 9.0e18, "{ticks:?}");
    }

    fn coordinate_of_greatest() -> f64 {
        super::super::coordinate(i64::MAX)
    }

    #[test]
    fn words_are_left_out_where_there_is_no_room() {
        assert_eq!(every(7, 12), 1);
        assert_eq!(every(31, 12), 3);
        assert_eq!(every(0, 12), 1);
    }
}
