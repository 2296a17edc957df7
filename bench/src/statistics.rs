//! Row `statistics`: the figures of all orders by day, from Redis and from the
//! tables that the projector keeps, beside the GROUP BY over the orders that
//! they stand for.

use crate::{
    http_client::Connection, process::Process, row::Figure, whole::Whole, workload::per_second,
};
use anyhow::ensure;
use infra::{config::Config, local_servers::free_port};
use std::{
    path::Path,
    time::{Duration, Instant},
};

const PATH: &str = "/v1/statistics/orders?interval=day";
/// What the same costs where nobody keeps it.
const GROUP_BY: &str = "SELECT date_trunc('day', placed_at) AS day, currency, count(*), \
     sum(units), sum(total), sum(refunded) FROM orders WHERE placed GROUP BY 1, 2 ORDER BY 1, 2";

/// Answers a second to one client.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let (orders, rounds) = if quick { (2_000, 1) } else { (1_000_000, 3) };
    let whole = Whole::with_orders(config, folder, orders).await?;
    let without_redis = Config {
        redis_url: format!("redis://127.0.0.1:{}", free_port()?),
        ..whole.config().clone()
    };
    let uncached = Process::start(&without_redis, "read-api", folder).await?;
    let time = Duration::from_secs(if quick { 1 } else { 2 });
    let (mut from_redis, mut from_views) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let raw = grouped(&whole, time).await?;
        from_redis.push((answers(&whole.reads.address, &whole.key, time).await?, raw));
        from_views.push((answers(&uncached.address, &whole.key, time).await?, raw));
    }
    let figure = |what, rounds: &[_]| {
        let case = format!("orders by day, {orders} orders, {what}");
        Figure::of("statistics", case, "answers/s", "GROUP BY", None, rounds)
    };
    Ok(vec![
        figure("from Redis", &from_redis),
        figure("without Redis", &from_views),
    ])
}

async fn answers(address: &str, key: &str, time: Duration) -> anyhow::Result<f64> {
    let mut connection = Connection::open(address).await?;
    let request =
        format!("GET {PATH} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\n\r\n");
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed() < time {
        let answer = connection.send(request.as_bytes()).await?;
        ensure!(answer.status == 200, "{}", answer.status);
        count += 1;
    }
    Ok(per_second(count, began.elapsed()))
}

async fn grouped(whole: &Whole, time: Duration) -> anyhow::Result<f64> {
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed() < time {
        let rows = sqlx::query(GROUP_BY).fetch_all(&whole.views).await?;
        ensure!(!rows.is_empty(), "no orders");
        count += 1;
    }
    Ok(per_second(count, began.elapsed()))
}
