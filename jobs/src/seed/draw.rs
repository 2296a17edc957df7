//! Where everything that is drawn comes from: a stream of numbers that its name
//! alone decides, so that any order can be made without those before it, and is
//! the same each time.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// What is drawn: streams of different kinds have nothing in common.
#[derive(Debug, Clone, Copy)]
pub enum Of {
    /// What a product is; the same whatever the seed.
    Product = 1,
    /// Who a customer is.
    Customer = 2,
    /// What an order is.
    Order = 3,
    /// What became of it.
    Life = 4,
}

/// A stream of numbers.
pub struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream of number `index` of its kind.
    pub fn new(seed: u64, of: Of, index: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = of as u8;
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(index);
        Self(rng)
    }

    /// A number from `least` to `most`, both included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        self.0.random_range(least..=most.max(least))
    }

    /// The place of one of `count` things, which are at least one.
    pub fn place(&mut self, count: usize) -> usize {
        self.0.random_range(0..count.max(1))
    }

    /// From 0 up to but not 1.
    pub fn share(&mut self) -> f64 {
        self.0.random()
    }

    /// Whether something happens that happens `percent` times in a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    /// One of several; there is at least one.
    pub fn of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.place(things.len())]
    }

    /// The place of one of several that are as likely as their weights say; the
    /// first one, where none has a weight.
    pub fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let all: u32 = weights.clone().sum();
        let mut left = self.0.random_range(0..all.max(1));
        for (place, weight) in weights.enumerate() {
            match left.checked_sub(weight) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }

    /// A rank from 0 to `count` − 1, where the first ones are the most likely:
    /// about as 1 / (rank + `flat`), Zipf's law with the head that Mandelbrot
    /// gave it (B. Mandelbrot, "An informational theory of the statistical
    /// structure of language", 1953). The larger `flat`, the less do the first
    /// ones stand out.
    pub fn ranked(&mut self, count: u64, flat: f64) -> u64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "ranks are far below 2^53"
        )]
        let rank = {
            // The inverse of the distribution: logarithms of ranks are even.
            let span = (count as f64 + flat) / flat;
            (flat * span.powf(self.share()) - flat) as u64
        };
        rank.min(count.saturating_sub(1))
    }

    /// `pattern`, with a digit for each `#`, a letter for each `@`.
    pub fn filled(&mut self, pattern: &str) -> String {
        // Letters that nobody takes for a digit.
        const LETTERS: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";
        let mut filled = |sign: char| match sign {
            '#' => char::from(b'0' + self.0.random_range(0..10)),
            '@' => char::from(LETTERS[self.0.random_range(0..LETTERS.len())]),
            other => other,
        };
        pattern.chars().map(&mut filled).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_what_its_name_says() {
        let drawn = |seed, of, index| Draw::new(seed, of, index).between(0, 1 << 40);
        assert_eq!(drawn(1, Of::Order, 7), drawn(1, Of::Order, 7));
        for other in [
            drawn(2, Of::Order, 7),
            drawn(1, Of::Life, 7),
            drawn(1, Of::Order, 8),
        ] {
            assert_ne!(drawn(1, Of::Order, 7), other);
        }
    }

    #[test]
    fn the_first_ranks_are_the_most_likely_and_none_is_impossible() {
        let mut draw = Draw::new(1, Of::Order, 0);
        let mut drawn = [0_u32; 50];
        for _ in 0..50_000 {
            drawn[usize::try_from(draw.ranked(50, 1.5)).expect("a rank")] += 1;
        }
        assert!(drawn.iter().all(|times| *times > 0), "{drawn:?}");
        let head: u32 = drawn[..10].iter().sum();
        assert!((27_500..37_500).contains(&head), "{drawn:?}");
        assert!(drawn[0] > 2 * drawn[4] && drawn[4] > 2 * drawn[20]);
    }

    #[test]
    fn weights_are_held() {
        let mut draw = Draw::new(1, Of::Order, 0);
        let mut drawn = [0_u32; 3];
        for _ in 0..10_000 {
            drawn[draw.weighted([70, 0, 30].into_iter())] += 1;
        }
        assert_eq!(drawn[1], 0);
        assert!((6_700..7_300).contains(&drawn[0]), "{drawn:?}");
    }

    #[test]
    fn patterns_are_filled() {
        let filled = Draw::new(1, Of::Order, 0).filled("A#-@");
        let signs: Vec<char> = filled.chars().collect();
        assert!(signs[1].is_ascii_digit() && signs[3].is_ascii_uppercase());
        assert_eq!((signs[0], signs[2], signs.len()), ('A', '-', 4));
    }
}
