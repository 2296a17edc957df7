//! What is asked for where some things are wanted more than others.

/// Draws places of things by Zipf's law with exponent 1: the second is wanted
/// half as often as the first, and so on.
pub struct Zipf {
    /// Of the `n` first ones, the sum of 1, 1/2, … 1/n.
    harmonic: Vec<f64>,
    random: u64,
}

impl Zipf {
    /// Of so many things; another `seed` is another sequence.
    pub fn new(things: usize, seed: u64) -> Self {
        let (mut sum, mut weight) = (0.0, 0.0);
        let harmonic = (0..things).map(|_| {
            weight += 1.0;
            sum += 1.0 / weight;
            sum
        });
        Self {
            harmonic: harmonic.collect(),
            random: seed,
        }
    }

    /// The place of the next one.
    pub fn place(&mut self) -> usize {
        #[expect(clippy::cast_precision_loss, reason = "a share of the whole")]
        let share = (self.number() >> 11) as f64 / (1_u64 << 53) as f64;
        let drawn = share * self.harmonic.last().copied().unwrap_or_default();
        let found = self.harmonic.partition_point(|sum| *sum < drawn);
        found.min(self.harmonic.len().saturating_sub(1))
    }

    /// The next number of the sequence `SplitMix64`.
    pub fn number(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_wanted_half_as_often_as_the_first_and_the_last_hardly() {
        let mut zipf = Zipf::new(100, 7);
        let mut counts = [0_u32; 100];
        for _ in 0..100_000 {
            counts[zipf.place()] += 1;
        }
        let [first, second] = [counts[0], counts[1]].map(f64::from);
        assert!((first / second - 2.0).abs() < 0.1, "{first} and {second}");
        // Of all, one in 1 + 1/2 + … 1/100 = 5.19.
        assert!((first / 100_000.0 - 1.0 / 5.187).abs() < 0.01, "{first}");
        assert!(counts[99] < counts[0] / 50, "{}", counts[99]);
    }

    #[test]
    fn a_seed_is_a_sequence() {
        let places = |seed| {
            let mut zipf = Zipf::new(1_000, seed);
            (0..100).map(|_| zipf.place()).collect::<Vec<_>>()
        };
        assert_eq!(places(1), places(1));
        assert_ne!(places(1), places(2));
    }

    #[test]
    fn of_one_thing_it_is_always_that() {
        let mut zipf = Zipf::new(1, 3);
        assert!((0..100).all(|_| zipf.place() == 0));
    }
}
