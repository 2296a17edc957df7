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
