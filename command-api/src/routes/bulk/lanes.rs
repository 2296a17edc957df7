//! The order among lines: those about one order wait for each other, and for
//! nobody else.

use actix_web::http::StatusCode;
use infra::http::Problem;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

/// Orders with a line of unknown end, after which a request is given up.
const MOST_OPEN: usize = 1_000;

/// Who comes after whom.
#[derive(Debug, Default)]
pub struct Lanes {
    /// Done when the newest line about the order is.
    newest: HashMap<Uuid, CancellationToken>,
    open: Arc<Open>,
}

/// A line's place.
pub struct Place {
    orders: Vec<Uuid>,
    before: Vec<CancellationToken>,
    open: Arc<Open>,
    _done: DropGuard,
}

/// Orders with a line that came to no end: what follows on them would be
/// carried out before it.
#[derive(Debug, Default)]
struct Open(Mutex<HashSet<Uuid>>);

impl Lanes {
    /// The place of a line about these orders, after all that came before.
    pub fn place(&mut self, mut orders: Vec<Uuid>) -> Place {
        // An order twice would have the line wait for itself.
        orders.sort_unstable();
        orders.dedup();
        let done = CancellationToken::new();
        let before = orders.iter();
        let before = before.filter_map(|order| self.newest.insert(*order, done.clone()));
        Place {
            before: before.collect(),
            orders,
            open: Arc::clone(&self.open),
            _done: done.drop_guard(),
        }
    }

    /// Forgets lines that are done, once there are more than `most`.
    pub fn tidy(&mut self, most: usize) {
        if self.newest.len() > most {
            self.newest.retain(|_, done| !done.is_cancelled());
        }
    }

    /// Whether too much came to no end for going on.
    pub fn is_stuck(&self) -> bool {
        self.open.orders().len() >= MOST_OPEN
    }
}

impl Place {
    /// Waits for its turn.
    ///
    /// # Errors
    /// 424 where an earlier line about the order has no end.
    pub async fn turn(&self) -> Result<(), Problem> {
        for before in &self.before {
            before.cancelled().await;
        }
        let open = self.open.orders();
        if self.orders.iter().any(|order| open.contains(order)) {
            return Err(earlier_line_open());
        }
        Ok(())
    }

    /// The line came to no end: another attempt may carry it out.
    pub fn leave_open(&self) {
        self.open.orders().extend(&self.orders);
    }
}

impl Open {
    fn orders(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn earlier_line_open() -> Problem {
    Problem::new(
        StatusCode::FAILED_DEPENDENCY,
        "earlier_line_open",
        "An earlier line about this order could not be carried out for now",
    )
    .detail("send the lines again, in their order: each is carried out once")
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    const A: Uuid = Uuid::from_u128(1);
    const B: Uuid = Uuid::from_u128(2);

    #[test]
    fn lines_about_one_order_wait_and_others_do_not() {
        let mut lanes = Lanes::default();
        let (first, both) = (lanes.place(vec![A]), lanes.place(vec![A, B, A]));
        let (other, last) = (lanes.place(vec![Uuid::nil()]), lanes.place(vec![B]));
        assert!(first.turn().now_or_never().is_some());
        assert!(other.turn().now_or_never().is_some());
        assert!(both.turn().now_or_never().is_none());
        drop(first);
        assert!(both.turn().now_or_never().is_some());
        assert!(last.turn().now_or_never().is_none());
        drop(both);
        assert!(last.turn().now_or_never().is_some());
        drop((other, last));
        lanes.tidy(0);
        assert!(lanes.newest.is_empty());
    }

    #[test]
    fn nothing_overtakes_a_line_that_has_no_end() {
        let mut lanes = Lanes::default();
        let (first, second) = (lanes.place(vec![A]), lanes.place(vec![A]));
        first.leave_open();
        drop(first);
        let refused = second.turn().now_or_never().expect("its turn");
        assert_eq!(refused.expect_err("kept back").code(), "earlier_line_open");
        assert!(
            lanes
                .place(vec![B])
                .turn()
                .now_or_never()
                .is_some_and(|t| t.is_ok())
        );
        assert!(!lanes.is_stuck());
    }
}
