//! Which orders a sample consists of. It depends on the seed and on the orders
//! alone, so the same one is taken again from the same log.

use std::{collections::BinaryHeap, str::FromStr};
use uuid::Uuid;

/// How large a sample is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sample {
    /// So many orders.
    Orders(usize),
    /// About such a part of all orders: from 0 to 1.
    Part(f64),
}

/// `1000`, or `2.5%`.
impl FromStr for Sample {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is neither a number of orders nor a percentage");
        match text.strip_suffix('%') {
            None => Ok(Self::Orders(text.parse().map_err(|_| wrong())?)),
            Some(number) => {
                let percent: f64 = number.parse().map_err(|_| wrong())?;
                if !(0.0..=100.0).contains(&percent) {
                    return Err(format!("{text:?} is not between 0% and 100%"));
                }
                Ok(Self::Part(percent / 100.0))
            }
        }
    }
}

/// Chooses by a number that every order gets from the seed: all below a limit,
/// or the lowest ones, of which it keeps as many as there are to be.
#[derive(Debug)]
pub(super) struct Choice {
    sample: Sample,
    seed: u64,
    lowest: BinaryHeap<(u64, String)>,
}

impl Choice {
    pub fn new(sample: Sample, seed: u64) -> Self {
        Self {
            sample,
            seed,
            lowest: BinaryHeap::new(),
        }
    }

    /// Looks at an order.
    pub fn offer(&mut self, id: String) {
        let rank = rank(self.seed, &id);
        match self.sample {
            Sample::Part(part) if !is_below(rank, part) => {}
            Sample::Part(_) => self.lowest.push((rank, id)),
            Sample::Orders(most) => {
                self.lowest.push((rank, id));
                if self.lowest.len() > most {
                    self.lowest.pop();
                }
            }
        }
    }

    /// Whether nothing that comes later changes what was chosen until now.
    pub const fn is_final(&self) -> bool {
        matches!(self.sample, Sample::Part(_))
    }

    /// What was chosen, in the order of the ids.
    pub fn take(&mut self) -> Vec<String> {
        let chosen = self.lowest.drain().map(|(_, id)| id);
        let mut chosen: Vec<String> = chosen.collect();
        chosen.sort_unstable();
        chosen
    }
}

/// An even number for each order, another one for each seed.
fn rank(seed: u64, id: &str) -> u64 {
    let hash = Uuid::new_v5(&Uuid::from_u64_pair(seed, seed), id.as_bytes());
    let (high, low) = hash.as_u64_pair();
    // The version and the variant of a UUID are the same in all of them.
    (high & !0xffff) | (low & 0xffff)
}

#[expect(clippy::cast_precision_loss, reason = "a part, not a count")]
fn is_below(rank: u64, part: f64) -> bool {
    (rank as f64) < part * (u64::MAX as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(sample: &str, seed: u64) -> Vec<String> {
        let mut choice = Choice::new(sample.parse().expect("a sample"), seed);
        for n in 0..2_000 {
            choice.offer(Uuid::from_u128(n).to_string());
        }
        choice.take()
    }

    #[test]
    fn a_sample_is_a_number_or_a_percentage() {
        assert_eq!("500".parse(), Ok(Sample::Orders(500)));
        assert_eq!("2.5%".parse(), Ok(Sample::Part(0.025)));
        for wrong in ["", "-1", "101%", "x%", "5 %"] {
            assert!(wrong.parse::<Sample>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_same_seed_chooses_the_same_orders() {
        assert_eq!(chosen("50", 7), chosen("50", 7));
        assert_ne!(chosen("50", 7), chosen("50", 8));
        assert_eq!(chosen("50", 7).len(), 50);
        let tenth = chosen("10%", 7);
        assert!((150..250).contains(&tenth.len()), "{}", tenth.len());
        assert!(chosen("50", 7).iter().all(|id| tenth.contains(id)));
        assert_eq!(chosen("100%", 7).len(), 2_000);
        assert!(chosen("0%", 7).is_empty() && chosen("0", 7).is_empty());
    }
}
