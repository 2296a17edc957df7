//! A backlog of deliveries, beside a client that sends as many requests.

use super::{
    PATIENCE,
    endpoints::{AT_ONCE, Endpoints},
    receiver::Receiver,
};
use crate::{http::ORDER, row::Figure, workload::per_second};
use anyhow::ensure;
use futures_util::{StreamExt as _, stream};
use infra::{
    clock,
    webhooks::{self, NewMessage},
};
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};
use tokio::time::sleep;
use uuid::Uuid;

/// Messages that are written in one transaction, as a consumer's batch.
const BATCH: usize = 500;

/// So many deliveries in each round, by the product and by the yardstick.
pub async fn measure(
    endpoints: &Endpoints,
    receiver: &Receiver,
    rounds: usize,
    count: usize,
) -> anyhow::Result<Figure> {
    let endpoint = endpoints.add(&receiver.url, "ping").await?;
    let mut measured = Vec::new();
    for _ in 0..rounds {
        let ours = deliveries(endpoints, endpoint, receiver, count).await?;
        measured.push((ours, bare(receiver, count).await?));
    }
    let case = format!("{count} deliveries, {AT_ONCE} at once");
    let (unit, yardstick) = ("deliveries/s", "bare client");
    Ok(Figure::of(
        "webhooks", case, unit, yardstick, None, &measured,
    ))
}

/// Deliveries a second, from the first request to the last conclusion.
async fn deliveries(
    endpoints: &Endpoints,
    endpoint: Uuid,
    receiver: &Receiver,
    count: usize,
) -> anyhow::Result<f64> {
    // Nothing is sent before all of them are there.
    endpoints.rest(endpoint, true).await?;
    let messages: Vec<NewMessage> = (0..count).map(|_| message()).collect();
    for batch in messages.chunks(BATCH) {
        let mut transaction = endpoints.ops.begin().await?;
        let of: Vec<_> = (0..batch.len()).map(|n| (n, endpoint)).collect();
        webhooks::deliver(&mut transaction, batch, &of).await?;
        transaction.commit().await?;
    }
    receiver.count.store(0, Ordering::Relaxed);
    endpoints.rest(endpoint, false).await?;
    let deadline = Instant::now() + PATIENCE;
    let wait = async |done: &dyn Fn(usize) -> bool| {
        while !done(receiver.count.load(Ordering::Relaxed)) {
            ensure!(Instant::now() < deadline, "deliveries take too long");
            sleep(Duration::from_millis(2)).await;
        }
        anyhow::Ok(())
    };
    wait(&|sent| sent > 0).await?;
    let began = Instant::now();
    wait(&|sent| sent >= count).await?;
    endpoints.settled().await?;
    Ok(per_second(u64::try_from(count)?, began.elapsed()))
}

/// As large as that of an order of three lines.
fn message() -> NewMessage {
    let order = clock::new_id();
    NewMessage {
        id: clock::new_id(),
        event_type: "ping".to_owned(),
        order_id: Some(order),
        order_version: Some(1),
        body: format!(
            r#"{{"type":"order.placed","timestamp":"2026-01-01T00:00:00Z","data":{{"order_id":"{order}","order_version":1,"placed":{ORDER}}}}}"#
        ),
        traceparent: None,
        correlation_id: None,
    }
}

/// Requests a second of a client that has all bodies in memory.
async fn bare(receiver: &Receiver, count: usize) -> anyhow::Result<f64> {
    let client = reqwest::Client::new();
    let bodies: Vec<String> = (0..count).map(|_| message().body).collect();
    let began = Instant::now();
    let sent = stream::iter(bodies).map(|body| {
        let request = client
            .post(&receiver.url)
            .header("content-type", "application/json")
            .body(body);
        async move { request.send().await?.error_for_status()?.bytes().await }
    });
    let mut sent = sent.buffer_unordered(AT_ONCE);
    while let Some(answer) = sent.next().await {
        answer?;
    }
    Ok(per_second(u64::try_from(count)?, began.elapsed()))
}
