//! Random deliveries: batches that are cut anywhere and begin again anywhere.

use super::{OrderHistory, histories};
use proptest::{
    collection::vec,
    prelude::*,
    sample::Index,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

/// What is delivered, and how.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Every order's history.
    pub histories: Vec<OrderHistory>,
    /// How they are interleaved: see [`interleaved`].
    pub choices: Vec<Index>,
    /// Where the delivery begins. What comes before it is missing, until
    /// everything is delivered once more.
    pub start: Index,
    /// How it goes on.
    pub batches: Vec<Batch>,
}

/// A batch of a delivery.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// How far it goes back: what was delivered already comes again.
    pub back: usize,
    /// How many records it has at most, at least 1.
    pub length: usize,
    /// What happens meanwhile, as the test understands it: 0 to 5.
    pub what: u8,
    /// What it happens to.
    pub which: Index,
}

/// Any delivery of orders with ids from `first_id` on, in batches of up to
/// `longest` records.
pub fn deliveries(first_id: u128, longest: usize) -> impl Strategy<Value = Delivery> {
    let batch = (0_usize..12, 1..=longest, 0_u8..6, any::<Index>());
    let batch = batch.prop_map(|(back, length, what, which)| Batch {
        back,
        length,
        what,
        which,
    });
    (
        histories(first_id),
        vec(any::<Index>(), 1..40),
        any::<Index>(),
        vec(batch, 1..40),
    )
        .prop_map(|(histories, choices, start, batches)| Delivery {
            histories,
            choices,
            start,
            batches,
        })
}

/// One of [`deliveries`], always the same for a seed: for tests of which each
/// case takes too long to shrink.
///
/// # Panics
/// Never: the strategy rejects nothing.
pub fn seeded(seed: u8, first_id: u128, longest: usize) -> Delivery {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let delivery = deliveries(first_id, longest).new_tree(&mut runner);
    delivery.expect("nothing is rejected").current()
}

/// A topic: every order's events in order, the orders interleaved by chance.
pub fn interleaved<'a, E: Clone + 'a>(
    histories: impl IntoIterator<Item = &'a Vec<E>>,
    choices: &[Index],
) -> Vec<E> {
    let mut rest: Vec<_> = histories.into_iter().map(|h| h.iter()).collect();
    let mut choices = choices.iter().cycle();
    let mut topic = Vec::new();
    while !rest.is_empty() {
        let choice = choices.next().map_or(0, |index| index.index(rest.len()));
        match rest[choice].next() {
            Some(event) => topic.push(event.clone()),
            None => drop(rest.swap_remove(choice)),
        }
    }
    topic
}
