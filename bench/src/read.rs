//! Row `read`: orders by their id, as clients have them already, from Redis and
//! from the database, beside a handler that does nothing but answer as many
//! bytes, and beside the same rows read by pgbench's loop. And what the cache is
//! worth where some orders are read more than others and all are written to.

use crate::{
    bare::Bare, http_client::Connection, mix, pgbench, process::Process, requests, row::Figure,
    whole::Whole,
};
use actix_web::http::StatusCode;
use anyhow::ensure;
use infra::{config::Config, local_servers::free_port};
use sqlx::Row as _;
use std::{path::Path, sync::Arc, time::Duration};

/// Connections.
const CLIENTS: usize = 64;
/// Of rows of a curve.
const OTHERS: [usize; 3] = [1, 16, 256];
/// Orders that are asked for in turn.
const ORDERS: usize = 1_000;
const SQL: &str = "SELECT version, revision, document FROM orders WHERE id = $1";

/// Requests for the same orders, in the same order.
struct Requests {
    plain: Arc<[Vec<u8>]>,
    /// By clients that have them.
    conditional: Arc<[Vec<u8>]>,
}

/// Measures single orders, then the mix.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let (orders, rounds) = if quick { (1_000, 1) } else { (10_000, 3) };
    let time = Duration::from_secs(if quick { 1 } else { 3 });
    let whole = Whole::with_orders(config, folder, orders).await?;
    let without_redis = Config {
        redis_url: format!("redis://127.0.0.1:{}", free_port()?),
        ..whole.config().clone()
    };
    let uncached = Process::start(&without_redis, "read-api", folder).await?;
    let (ids, requests) = requests(&whole).await?;
    let mut first = Connection::open(&whole.reads.address).await?;
    let document = first.send(&requests.plain[0]).await?.body;
    let bare = Bare::start(StatusCode::OK, document)?;
    let nothing = Bare::start(StatusCode::NOT_MODIFIED, Vec::new())?;
    let rate = async |address: &str, requests: &Arc<[Vec<u8>]>, status| {
        requests::closed_loop(address, requests, status, CLIENTS, time).await
    };
    // What each order costs once is not what is measured.
    rate(&whole.reads.address, &requests.plain, 200).await?;
    let (mut unchanged, mut cached, mut read) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        unchanged.push((
            rate(&whole.reads.address, &requests.conditional, 304).await?,
            rate(&nothing.address, &requests.conditional, 304).await?,
        ));
        cached.push((
            rate(&whole.reads.address, &requests.plain, 200).await?,
            rate(&bare.address, &requests.plain, 200).await?,
        ));
        read.push((
            rate(&uncached.address, &requests.plain, 200).await?,
            rows(whole.config(), &ids, time).await?,
        ));
    }
    let mut by_clients = Vec::new();
    for clients in OTHERS {
        let rate = async |address: &str| {
            requests::closed_loop(address, &requests.plain, 200, clients, time).await
        };
        let rounds = [(
            rate(&whole.reads.address).await?,
            rate(&bare.address).await?,
        )];
        let case = format!("cached 200, {clients} clients");
        let figure = Figure::of(
            "read",
            case,
            "answers/s",
            "bare actix handler",
            None,
            &rounds,
        );
        by_clients.push(figure);
    }
    bare.stop().await;
    nothing.stop().await;
    let figure = |case: &str, yardstick, aim, rounds: &[_]| {
        let case = format!("{case}, {CLIENTS} clients");
        Figure::of("read", case, "answers/s", yardstick, aim, rounds)
    };
    let mut figures = vec![
        figure("304", "bare actix handler", Some(0.7), &unchanged),
        figure("cached 200", "bare actix handler", Some(0.6), &cached),
        figure("200 from database", "pgbench-like SELECT", None, &read),
    ];
    figures.extend(by_clients);
    figures.extend(mix::measure(&whole, &ids, time).await?);
    Ok(figures)
}

async fn requests(whole: &Whole) -> anyhow::Result<(Arc<[String]>, Requests)> {
    let limit = i64::try_from(ORDERS)?;
    let rows = sqlx::query("SELECT id::text, version, revision FROM orders ORDER BY id LIMIT $1")
        .bind(limit)
        .fetch_all(&whole.views)
        .await?;
    ensure!(!rows.is_empty(), "no orders");
    let (mut ids, mut plain, mut conditional) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let id: String = row.try_get("id")?;
        let version: i64 = row.try_get("version")?;
        let revision: i32 = row.try_get("revision")?;
        let path = format!("/v1/orders/{id}");
        plain.push(requests::get(&path, &whole.key, ""));
        let has = format!("if-none-match: \"{version}-{revision}\"\r\n");
        conditional.push(requests::get(&path, &whole.key, &has));
        ids.push(id);
    }
    let requests = Requests {
        plain: plain.into(),
        conditional: conditional.into(),
    };
    Ok((ids.into(), requests))
}

/// Documents a second that a client of the database reads.
async fn rows(config: &Config, ids: &Arc<[String]>, time: Duration) -> anyhow::Result<f64> {
    let ids = Arc::clone(ids);
    let all = move |client: &mut pgbench::Client| {
        for id in ids.iter().take(100) {
            client.execute(&[id])?;
        }
        Ok(u64::try_from(ids.len().min(100))?)
    };
    pgbench::rate(&config.views_url, SQL, CLIENTS, time, all).await
}
