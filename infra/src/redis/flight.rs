//! Single flight: many who ask for the same thing at the same time wait for
//! one computation.

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

type Flight<T> = Shared<BoxFuture<'static, T>>;

/// Computations in the air, by key. It lives as long as somebody waits for it.
pub struct Flights<T: Clone>(Arc<Mutex<HashMap<String, Flight<T>>>>);

impl<T: Clone> Clone for Flights<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Clone> Default for Flights<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone + Send + Sync + 'static> Flights<T> {
    /// The result of the computation for `key` that is under way, or of a new
    /// one. The second part says whether it was joined: then it may have begun
    /// before this call.
    pub async fn join(
        &self,
        key: &str,
        compute: impl Future<Output = T> + Send + 'static,
    ) -> (T, bool) {
        let (flight, joined) = self.board(key, compute);
        (flight.await, joined)
    }

    /// A new computation for `key`, which somebody has to wait for; none where
    /// one is under way.
    pub fn begin(
        &self,
        key: &str,
        compute: impl Future<Output = T> + Send + 'static,
    ) -> Option<Flight<T>> {
        let (flight, joined) = self.board(key, compute);
        (!joined).then_some(flight)
    }

    fn board(
        &self,
        key: &str,
        compute: impl Future<Output = T> + Send + 'static,
    ) -> (Flight<T>, bool) {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A flight that everybody has left will never land.
        if let Some(flight) = flights.get(key).filter(|f| f.strong_count() > Some(1)) {
            return (flight.clone(), true);
        }
        let landing = Landing {
            flights: Arc::downgrade(&self.0),
            key: key.to_owned(),
        };
        let flight = landing.after(compute).boxed().shared();
        flights.insert(key.to_owned(), flight.clone());
        (flight, false)
    }
}

/// Takes a flight out of the table once it has its result.
struct Landing<T: Clone> {
    flights: Weak<Mutex<HashMap<String, Flight<T>>>>,
    key: String,
}

impl<T: Clone> Landing<T> {
    async fn after(self, compute: impl Future<Output = T>) -> T {
        let result = compute.await;
        if let Some(flights) = self.flights.upgrade() {
            let mut flights = flights.lock().unwrap_or_else(PoisonError::into_inner);
            flights.remove(&self.key);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::Flights;
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };
    use tokio::sync::Notify;

    #[tokio::test]
    async fn those_who_ask_together_wait_for_one_computation() {
        let (flights, runs, gate) = (
            Flights::<u32>::default(),
            Arc::new(AtomicU32::new(0)),
            Arc::new(Notify::new()),
        );
        let compute = || {
            let (runs, gate) = (Arc::clone(&runs), Arc::clone(&gate));
            async move {
                let run = runs.fetch_add(1, Ordering::Relaxed);
                gate.notified().await;
                run
            }
        };
        let open = async {
            tokio::task::yield_now().await;
            gate.notify_one();
        };
        let (first, second, ()) = tokio::join!(
            flights.join("k", compute()),
            flights.join("k", compute()),
            open
        );
        assert_eq!((first, second), ((0, false), (0, true)));
        gate.notify_one();
        assert_eq!(flights.join("k", compute()).await, (1, false));
    }

    #[tokio::test]
    async fn nothing_is_begun_beside_what_is_under_way() {
        let flights = Flights::<u32>::default();
        let first = flights
            .begin("k", async { 1 })
            .expect("nothing is under way");
        assert!(flights.begin("k", async { 2 }).is_none());
        assert!(flights.begin("other", async { 2 }).is_some());
        assert_eq!(flights.join("k", async { 3 }).await, (1, true));
        assert_eq!(first.await, 1);
    }

    #[tokio::test]
    async fn an_abandoned_computation_is_begun_again() {
        let flights = Flights::<u32>::default();
        let mut abandoned = Box::pin(flights.join("k", std::future::pending()));
        assert!(futures_util::poll!(&mut abandoned).is_pending());
        drop(abandoned);
        assert_eq!(flights.join("k", async { 7 }).await, (7, false));
    }
}
