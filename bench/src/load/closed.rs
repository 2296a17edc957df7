//! As much as a server takes.

use super::Client;
use crate::workload::per_second;
use futures_util::future::try_join_all;
use std::time::{Duration, Instant};

async fn closed<C: Client>(clients: Vec<C>, time: Duration) -> anyhow::Result<f64> {
    let began = Instant::now();
    let deadline = began + time;
    let tasks = clients.into_iter().map(|mut client| {
        tokio::spawn(async move {
            let mut answers = 0;
            loop {
                let now = Instant::now();
                if now >= deadline {
                    return anyhow::Ok(answers);
                }
                client.next(now).await?;
                answers += 1;
            }
        })
    });
    let answers = try_join_all(tasks).await?;
    let answers: u64 = answers.into_iter().sum::<anyhow::Result<u64>>()?;
    Ok(per_second(answers, began.elapsed()))
}

/// Answers a second to so many clients, opened one after the other by their number,
/// each of which sends its next request when the one before is answered.
pub async fn rate_of<C, F>(count: u32, open: F, time: Duration) -> anyhow::Result<f64>
where
    C: Client,
    F: AsyncFn(u32) -> anyhow::Result<C>,
{
    let mut clients = Vec::new();
    for number in 0..count {
        clients.push(open(number).await?);
    }
    closed(clients, time).await
}
