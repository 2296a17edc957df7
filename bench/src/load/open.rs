//! A fixed rate, whether or not a server keeps up.

use super::{Client, Latencies, Schedule};
use futures_util::future::try_join_all;
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::sync::{Mutex, mpsc};

/// The first is due this long after the beginning, when all wait for it.
const LEAD: Duration = Duration::from_millis(200);
/// Between looks at the clock: a look for each of 20,000 a second would cost what
/// the server is to have. What is due in between is late by that much at most.
const LOOK: Duration = Duration::from_micros(250);

/// Requests by `schedule`, for `time`: how long each took from when it was due,
/// which is also the wait for a connection where all of them are busy. A server
/// that stands still for a second is so told of by all who came in that second,
/// and not only by those who were there (coordinated omission).
pub async fn open<C: Client>(
    clients: Vec<C>,
    schedule: Schedule,
    time: Duration,
) -> anyhow::Result<Latencies> {
    let (due, arrivals) = mpsc::unbounded_channel();
    let arrivals = Arc::new(Mutex::new(arrivals));
    let tasks = clients.into_iter().map(|mut client| {
        let arrivals = Arc::clone(&arrivals);
        tokio::spawn(async move {
            let mut took = Latencies::new()?;
            // Whoever is free takes the next one, in the order in which they wait.
            while let Some(due) = next(&arrivals).await {
                if client.next(due).await? {
                    took.record(due.elapsed());
                }
            }
            anyhow::Ok(took)
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let clock = tokio::task::spawn_blocking(move || tell(&due, schedule, time));
    let mut all = Latencies::new()?;
    for took in try_join_all(tasks).await? {
        all.add(&took?)?;
    }
    clock.await?;
    Ok(all)
}

async fn next(arrivals: &Mutex<mpsc::UnboundedReceiver<Instant>>) -> Option<Instant> {
    arrivals.lock().await.recv().await
}

/// Says of each request that it is due, when it is. The runtime's timers are too
/// coarse for it: they know milliseconds.
fn tell(due: &mpsc::UnboundedSender<Instant>, schedule: Schedule, time: Duration) {
    let began = Instant::now() + LEAD;
    for n in 0.. {
        let after = schedule.at(n);
        if after >= time {
            return;
        }
        let at = began + after;
        let left = at.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            thread::sleep(left.max(LOOK));
        }
        // Nobody is there any more where a client has failed.
        if due.send(at).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    /// Stands still once, at its first request.
    struct Stalling(Option<Duration>);

    impl Client for Stalling {
        async fn next(&mut self, _: Instant) -> anyhow::Result<bool> {
            if let Some(time) = self.0.take() {
                sleep(time).await;
            }
            Ok(true)
        }
    }

    #[tokio::test]
    async fn all_who_came_while_a_server_stood_still_have_waited() -> anyhow::Result<()> {
        let stall = Duration::from_millis(500);
        let schedule = Schedule::steady(100.0);
        let clients = vec![Stalling(Some(stall))];
        let took = open(clients, schedule, Duration::from_secs(1)).await?;
        assert_eq!(took.len(), 100);
        // Half of them came in that half second: a quarter waited for more than
        // half of it. Without the wait for a connection it would be one.
        assert!(took.quantile(0.75) >= 200.0, "{}", took.quantile(0.75));
        assert!(took.max() >= 500.0, "{}", took.max());
        Ok(())
    }

    #[tokio::test]
    async fn a_client_that_fails_ends_the_run() {
        struct Failing;
        impl Client for Failing {
            async fn next(&mut self, _: Instant) -> anyhow::Result<bool> {
                anyhow::bail!("refused")
            }
        }
        let schedule = Schedule::steady(1_000.0);
        let took = open(vec![Failing], schedule, Duration::from_millis(50)).await;
        assert!(took.is_err());
    }
}
