//! Differences of sums, by key and partition.

use super::Contribution;
use std::collections::{BTreeMap, btree_map};

type Key = (Vec<String>, i32);

/// What a batch changes in the sums, in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SumChanges(BTreeMap<Key, Vec<i64>>);

impl SumChanges {
    pub(super) fn add(&mut self, partition: i32, contributions: Vec<Contribution>) {
        for Contribution { keys, sums } in contributions {
            self.change((keys, partition), sums);
        }
    }

    pub(super) fn subtract(&mut self, partition: i32, contributions: Vec<Contribution>) {
        for Contribution { keys, mut sums } in contributions {
            for sum in &mut sums {
                *sum = sum.wrapping_neg();
            }
            self.change((keys, partition), sums);
        }
    }

    pub(super) fn absorb(&mut self, other: Self) {
        for (key, sums) in other.0 {
            self.change(key, sums);
        }
    }

    /// The differences that are not nothing.
    pub(super) fn rows(&self) -> Vec<(&Key, &[i64])> {
        let rows = self.0.iter();
        rows.map(|(key, sums)| (key, sums.as_slice())).collect()
    }

    // Exact modulo 2^64 whatever comes in between; that a stored sum fits is
    // the database's check.
    fn change(&mut self, key: Key, by: Vec<i64>) {
        match self.0.entry(key) {
            btree_map::Entry::Vacant(entry) => {
                entry.insert(by);
            }
            btree_map::Entry::Occupied(mut entry) => {
                for (sum, by) in entry.get_mut().iter_mut().zip(by) {
                    *sum = sum.wrapping_add(by);
                }
                if entry.get().iter().all(|sum| *sum == 0) {
                    entry.remove();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_goes_leaves_nothing() {
        let (web, pos) = (
            || vec![Contribution::new(["web"], [1, 5])],
            || vec![Contribution::new(["pos"], [1, 7])],
        );
        let mut changes = SumChanges::default();
        changes.add(3, web());
        changes.add(4, web());
        changes.add(3, pos());
        changes.subtract(3, web());
        let mut other = SumChanges::default();
        other.add(3, pos());
        changes.absorb(other);
        assert_eq!(
            changes.rows(),
            [
                (&(vec!["pos".to_owned()], 3), &[2, 14][..]),
                (&(vec!["web".to_owned()], 4), &[1, 5][..]),
            ]
        );
    }
}
