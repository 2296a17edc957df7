//! Row `quotes`: what shipping costs, by forty methods to forty zones, from Redis
//! and computed, beside a handler that does nothing but answer as many bytes. And
//! what the cache is worth from cold, where some baskets are asked for more often
//! than others.

use crate::{
    bare::Bare,
    cache::Counted,
    http_client::Connection,
    load::{Latencies, p50_p99},
    process::Process,
    reference, requests,
    row::Figure,
    whole::Whole,
};
use actix_web::http::StatusCode;
use anyhow::ensure;
use infra::{config::Config, local_servers::free_port};
use serde_json::json;
use std::{path::Path, sync::Arc, time::Duration};

const PATH: &str = "/v1/shipping/quotes";
/// Connections.
const CLIENTS: u32 = 64;
const PRODUCTS: usize = 500;
/// Baskets that are asked for in turn, and as many that nobody has asked for.
const BASKETS: usize = 1_000;
const UNKNOWN: usize = 20_000;
/// A zone for each.
const COUNTRIES: [&str; 40] = [
    "GB", "IE", "DE", "AT", "CH", "FR", "BE", "NL", "LU", "IT", "ES", "PT", "DK", "SE", "NO", "FI",
    "PL", "CZ", "SK", "HU", "SI", "HR", "RO", "BG", "GR", "EE", "LV", "LT", "IS", "MT", "CY", "US",
    "CA", "MX", "BR", "AU", "NZ", "JP", "KR", "SG",
];
/// Zones that a method ships to.
const REACH: usize = 5;

/// Measures quotes that are asked for again and again, then those that are not.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let whole = Whole::start(config, folder).await?;
    let rounds = if quick { 1 } else { 3 };
    let time = Duration::from_secs(if quick { 1 } else { 3 });
    shop(&whole).await?;
    let without_redis = Config {
        redis_url: format!("redis://127.0.0.1:{}", free_port()?),
        ..config.clone()
    };
    let uncached = Process::start(&without_redis, "read-api", folder).await?;
    let known = baskets(&whole, 0..BASKETS);
    let mut first = Connection::open(&whole.reads.address).await?;
    let answer = first.send(&known[0]).await?;
    let text = String::from_utf8_lossy(&answer.body);
    ensure!(answer.status == 200 && text.contains("\"quote\""), "{text}");
    let bare = Bare::start(StatusCode::OK, answer.body)?;
    let connections = usize::try_from(CLIENTS)?;
    let rate = |address| requests::closed_loop(address, &known, 200, connections, time);
    // What each basket costs once is not what is measured.
    rate(&whole.reads.address).await?;
    let (mut cached, mut computed) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let nothing = rate(&bare.address).await?;
        cached.push((rate(&whole.reads.address).await?, nothing));
        computed.push((rate(&uncached.address).await?, nothing));
    }
    bare.stop().await;
    let figure = |case: &str, rounds: &[_]| {
        let case = format!("{case}, {CLIENTS} clients");
        Figure::of(
            "quotes",
            case,
            "answers/s",
            "bare actix handler",
            None,
            rounds,
        )
    };
    let mut figures = vec![
        figure("from Redis", &cached),
        figure("without Redis", &computed),
    ];
    let half = figures[1].ours / 2.0;
    for (case, address) in [
        ("from Redis", &whole.reads.address),
        ("without Redis", &uncached.address),
    ] {
        let times = requests::open_loop(address, &known, CLIENTS, half, time * 2).await?;
        figures.extend(told(&times, |name| {
            format!("{case}, {name} at {half:.0} requests/s")
        }));
    }
    figures.extend(from_cold(&whole, half, time * 2).await?);
    Ok(figures)
}

/// Baskets that nobody has asked for before.
async fn from_cold(whole: &Whole, rate: f64, time: Duration) -> anyhow::Result<Vec<Figure>> {
    let unknown = baskets(whole, BASKETS..BASKETS + UNKNOWN);
    let address = &whole.reads.address;
    let counted = || Counted::of(address, &whole.key, "quotes");
    let before = counted().await?;
    let times = requests::open_loop(address, &unknown, CLIENTS, rate, time).await?;
    let hits = counted().await?.hit_ratio(before);
    let case = format!("hit ratio of {UNKNOWN} baskets, Zipf, from cold");
    let mut figures = vec![Figure::share("quotes", case, hits)];
    figures.extend(told(&times, |name| {
        format!("{name} of these at {rate:.0} requests/s")
    }));
    Ok(figures)
}

fn told(times: &Latencies, case: impl Fn(&str) -> String) -> Vec<Figure> {
    p50_p99(times, "quotes", case)
}

/// Products, and a zone and a method for each country.
async fn shop(whole: &Whole) -> anyhow::Result<()> {
    let zones = COUNTRIES.map(|country| format!("zone-{country}"));
    let zone = |(country, id): (&&str, &String)| reference::zone(id, &[*country]);
    let saved = COUNTRIES.iter().zip(&zones).map(zone);
    let method = |n: usize| {
        let reached = (0..REACH).map(|more| zones[(n + more) % zones.len()].clone());
        reference::method(&format!("method-{n}"), &reached.collect::<Vec<_>>())
    };
    let lines = std::iter::once(reference::platform())
        .chain(saved)
        .chain((0..COUNTRIES.len()).map(method))
        .chain((0..PRODUCTS).map(reference::product));
    let api = (&*whole.commands.address, &*whole.key);
    reference::save(api, "quotes", lines, 1).await?;
    // Another one after them all: what was there before it is there with it.
    let (last, zone) = (reference::product(PRODUCTS), &zones[..1]);
    reference::readable(whole, "/v1/products", &last).await?;
    let last = reference::method("method-last", zone);
    reference::readable(whole, "/v1/shipping/methods", &last).await
}

/// Baskets of three articles, no two of them the same.
fn baskets(whole: &Whole, numbers: std::ops::Range<usize>) -> Arc<[Vec<u8>]> {
    let request = |n: usize| {
        let line = |more: usize| {
            let sku = reference::sku((n * 7 + more * 131) % PRODUCTS);
            json!({"sku": sku, "quantity": 1 + (n / PRODUCTS + more) % 60})
        };
        let basket = json!({
            "platform": reference::PLATFORM, "currency": "GBP",
            "lines": [line(0), line(1), line(2)],
            "destination": {"country": COUNTRIES[n % COUNTRIES.len()]},
        });
        requests::post(PATH, &whole.key, &basket.to_string())
    };
    numbers.map(request).collect::<Vec<_>>().into()
}
