//! Row `products`: twenty products by their SKUs in one request, from Redis in one
//! round trip (an HMGET for each, as an entry is a hash), and from PostgreSQL alone.

use crate::{
    bare::Bare, cache::Counted, http_client::Connection, load::p50_p99, process::Process,
    reference, requests, row::Figure, whole::Whole,
};
use actix_web::http::StatusCode;
use anyhow::ensure;
use infra::{config::Config, local_servers::free_port};
use std::{path::Path, sync::Arc, time::Duration};

/// Connections.
const CLIENTS: u32 = 64;
/// Products of a request.
const EACH: usize = 20;
/// Requests that are sent in turn.
const REQUESTS: usize = 1_000;

/// Measures rates, then how long an answer takes.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let whole = Whole::start(config, folder).await?;
    let (products, rounds) = if quick { (500, 1) } else { (10_000, 3) };
    let time = Duration::from_secs(if quick { 1 } else { 3 });
    let api = (&*whole.commands.address, &*whole.key);
    let lines = (0..products).map(reference::product);
    reference::save(api, "products", lines, 1).await?;
    let last = reference::product(products);
    reference::readable(&whole, "/v1/products", &last).await?;
    let without_redis = Config {
        redis_url: format!("redis://127.0.0.1:{}", free_port()?),
        ..config.clone()
    };
    let uncached = Process::start(&without_redis, "read-api", folder).await?;
    let baskets = baskets(&whole, products);
    let mut first = Connection::open(&whole.reads.address).await?;
    let answer = first.send(&baskets[0]).await?;
    let text = String::from_utf8_lossy(&answer.body);
    let found = text.matches("\"sku\"").count();
    ensure!(answer.status == 200 && found == EACH, "{found}: {text}");
    let bare = Bare::start(StatusCode::OK, answer.body)?;
    let connections = usize::try_from(CLIENTS)?;
    let rate = |address| requests::closed_loop(address, &baskets, 200, connections, time);
    // A product is kept once it was asked for twice.
    rate(&whole.reads.address).await?;
    let (mut to_database, mut to_bare) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let cached = rate(&whole.reads.address).await?;
        to_database.push((cached, rate(&uncached.address).await?));
        to_bare.push((cached, rate(&bare.address).await?));
    }
    bare.stop().await;
    let figure = |yardstick, rounds: &[_]| {
        let case = format!("{EACH} of {products} by SKU, {CLIENTS} clients");
        Figure::of("products", case, "answers/s", yardstick, None, rounds)
    };
    let mut figures = vec![
        figure("PostgreSQL alone", &to_database),
        figure("bare actix handler", &to_bare),
    ];
    let half = figures[0].yardstick_value / 2.0;
    let counted = || Counted::of(&whole.reads.address, &whole.key, "products");
    let before = counted().await?;
    for (case, address) in [
        ("from Redis", &whole.reads.address),
        ("PostgreSQL alone", &uncached.address),
    ] {
        let times = requests::open_loop(address, &baskets, CLIENTS, half, time * 2).await?;
        figures.extend(p50_p99(&times, "products", |name| {
            format!("{case}, {name} at {half:.0} requests/s")
        }));
    }
    let hits = counted().await?.hit_ratio(before);
    let case = format!("hit ratio of these, Zipf, at {half:.0} requests/s");
    figures.push(Figure::share("products", case, hits));
    Ok(figures)
}

/// Requests for twenty products each, all over the catalogue.
fn baskets(whole: &Whole, products: usize) -> Arc<[Vec<u8>]> {
    let request = |n: usize| {
        let skus = (0..EACH).map(|more| reference::sku((n * EACH + more * 397) % products));
        let skus: Vec<String> = skus.map(|sku| format!("sku={sku}")).collect();
        let path = format!("/v1/products?limit={EACH}&{}", skus.join("&"));
        requests::get(&path, &whole.key, "")
    };
    (0..REQUESTS).map(request).collect::<Vec<_>>().into()
}
