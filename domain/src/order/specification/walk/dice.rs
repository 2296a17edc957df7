//! Choices of a walk, made from a few numbers that shrink well.

use crate::order::command::LineUnits;
use crate::order::specification::commands::id;

pub struct Dice {
    state: u64,
}

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// From 0 to below `sides` (splitmix64).
    pub fn roll(&mut self, sides: i64) -> i64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let number = i64::try_from((z ^ (z >> 31)) >> 1).expect("63 bits");
        number % sides.max(1)
    }

    /// Once in so many times.
    pub fn rarely(&mut self, times: i64) -> bool {
        self.roll(times) == 0
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let many = i64::try_from(choices.len()).expect("few");
        choices[usize::try_from(self.roll(many)).expect("an index")]
    }

    /// An amount about a limit: within it, at it, beyond it, none at all.
    pub fn amount(&mut self, limit: i64) -> i64 {
        match self.roll(10) {
            0..=4 => 1 + self.roll(limit),
            5..=7 => limit,
            8 => limit + 1,
            _ => self.roll(3) - 1,
        }
    }

    /// The id of one of `many` parts, mostly of one that fits.
    pub fn part(&mut self, prefix: &str, many: usize, fits: impl Fn(usize) -> bool) -> String {
        let fitting: Vec<usize> = (0..many).filter(|at| fits(*at)).collect();
        let at = if fitting.is_empty() || self.rarely(8) {
            let many = i64::try_from(many).expect("few");
            usize::try_from(self.roll(many + 1)).expect("an index")
        } else {
            self.one_of(&fitting)
        };
        format!("{prefix}{}", at + 1)
    }

    /// Units of some of these lines, mostly within what each has left.
    pub fn units(&mut self, left: &[(String, i64)]) -> Vec<LineUnits> {
        let all = self.rarely(3);
        let mut units = Vec::new();
        for (line, most) in left.iter().filter(|(_, most)| *most > 0) {
            if all || self.rarely(2) {
                let quantity = match self.roll(30) {
                    0 => most + 1,
                    1 => 0,
                    2..=12 => *most,
                    _ => 1 + self.roll(*most),
                };
                units.push(LineUnits {
                    line: id(line),
                    quantity,
                });
            }
        }
        if self.rarely(30) {
            units.extend(units.first().cloned());
        }
        if units.is_empty() {
            let line = left.first().map_or("l1", |(line, _)| line);
            let line = if self.rarely(5) { "l99" } else { line };
            units.push(LineUnits {
                line: id(line),
                quantity: 1,
            });
        }
        units
    }
}
