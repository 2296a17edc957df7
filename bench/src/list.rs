//! Row `list`: pages of 50 orders, the first and a very late one, by three
//! filters, beside the same SQL in pgbench's loop, beside each other, and beside
//! themselves with a tenth of the orders.

use crate::{pgbench, requests, row::Figure, walk, whole::Whole};
use infra::config::Config;
use sqlx::Row as _;
use std::{env, path::Path, sync::Arc, time::Duration};

/// Connections.
const CLIENTS: usize = 16;
/// Orders of a page.
const PAGE: i64 = 50;

/// A filter as clients write it, and the statement that a client of the database
/// would send for it: from $1, $2 on, which is the place of a row.
struct Filter {
    query: &'static str,
    /// Page after a place.
    sql: &'static str,
    /// Place of the row that so many others, $1, are before.
    place: &'static str,
    /// Before all rows.
    before_all: &'static str,
}

const FILTERS: [Filter; 3] = [
    Filter {
        query: "platform=web",
        sql: "SELECT id, version, revision, summary, created_at FROM orders \
               WHERE platform = 'web' AND (created_at, id) < ($1, $2) \
               ORDER BY created_at DESC, id DESC LIMIT 51",
        place: "SELECT created_at::text AS value, id::text FROM orders WHERE platform = 'web' \
                 ORDER BY created_at DESC, id DESC OFFSET $1 LIMIT 1",
        before_all: "infinity",
    },
    Filter {
        query: "status=placed&currency=GBP",
        sql: "SELECT id, version, revision, summary, created_at FROM orders \
               WHERE status = 'placed' AND currency = 'GBP' AND (created_at, id) < ($1, $2) \
               ORDER BY created_at DESC, id DESC LIMIT 51",
        place: "SELECT created_at::text AS value, id::text FROM orders \
                 WHERE status = 'placed' AND currency = 'GBP' \
                 ORDER BY created_at DESC, id DESC OFFSET $1 LIMIT 1",
        before_all: "infinity",
    },
    Filter {
        query: "payment_status=none&sort=-total",
        sql: "SELECT id, version, revision, summary, total FROM orders \
               WHERE payment_status = 'none' AND (total, id) < ($1, $2) \
               ORDER BY total DESC, id DESC LIMIT 51",
        place: "SELECT total::text AS value, id::text FROM orders WHERE payment_status = 'none' \
                 ORDER BY total DESC, id DESC OFFSET $1 LIMIT 1",
        before_all: "9223372036854775807",
    },
];

/// Pages a second.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let (orders, rounds) = if quick { (2_000, 1) } else { (1_000_000, 3) };
    let largest = env::var("ORDERLOG_BENCH_LARGEST").map_or(Ok(i64::MAX), |n| n.parse())?;
    let orders = orders.min(largest);
    // The last one that 60 % of the orders reach, of a million the 10,000th.
    let late = orders / 100;
    let time = Duration::from_secs(if quick { 1 } else { 2 });
    let fewer = Whole::with_orders(config, folder, orders / 10).await?;
    let mut smaller = Vec::new();
    for filter in &FILTERS {
        smaller.push(Page::first(&fewer, filter).ours(&fewer, time).await?);
    }
    drop(fewer);
    let whole = Whole::with_orders(config, folder, orders).await?;
    let mut figures = Vec::new();
    for (filter, smaller) in FILTERS.iter().zip(smaller) {
        let first = Page::first(&whole, filter);
        let later = Page::late(&whole, filter, late).await?;
        let (mut at_first, mut at_later, mut both) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let page = (
                first.ours(&whole, time).await?,
                first.theirs(&whole, time).await?,
            );
            at_first.push(page);
            let page = (
                later.ours(&whole, time).await?,
                later.theirs(&whole, time).await?,
            );
            at_later.push(page);
            both.push((page.0, at_first.last().map_or(page.0, |first| first.0)));
        }
        let grown: Vec<_> = at_first.iter().map(|(ours, _)| (*ours, smaller)).collect();
        let figure = |page: i64, yardstick, aim, rounds: &[_]| {
            let case = format!("page {page} of {orders} orders, {}", filter.query);
            Figure::of("list", case, "pages/s", yardstick, Some(aim), rounds)
        };
        // Within 1.2 times.
        let within = 1.0 / 1.2;
        figures.extend([
            figure(1, "pgbench-like, same SQL", 0.6, &at_first),
            figure(late, "pgbench-like, same SQL", 0.6, &at_later),
            figure(late, "page 1", within, &both),
            figure(1, "with a tenth of the orders", within, &grown),
        ]);
    }
    Ok(figures)
}

/// A page, as both ask for it.
struct Page<'a> {
    filter: &'a Filter,
    request: Arc<[Vec<u8>]>,
    value: String,
    id: String,
}

impl<'a> Page<'a> {
    fn first(whole: &Whole, filter: &'a Filter) -> Self {
        let path = format!("/v1/orders?limit={PAGE}&{}", filter.query);
        Self {
            filter,
            request: [requests::get(&path, &whole.key, "")].into(),
            value: filter.before_all.to_owned(),
            id: "ffffffff-ffff-ffff-ffff-ffffffffffff".to_owned(),
        }
    }

    /// Page number `page`, to which clients come page by page.
    async fn late(whole: &Whole, filter: &'a Filter, page: i64) -> anyhow::Result<Self> {
        let before = (page - 1) * PAGE;
        let list = format!("/v1/orders?{}", filter.query);
        let place = walk::behind(&whole.reads.address, &whole.key, &list, before).await?;
        let row = sqlx::query(filter.place)
            .bind(before - 1)
            .fetch_one(&whole.views)
            .await?;
        let path = format!("/v1/orders?limit={PAGE}&{}{place}", filter.query);
        Ok(Self {
            filter,
            request: [requests::get(&path, &whole.key, "")].into(),
            value: row.try_get("value")?,
            id: row.try_get("id")?,
        })
    }

    async fn ours(&self, whole: &Whole, time: Duration) -> anyhow::Result<f64> {
        requests::closed_loop(&whole.reads.address, &self.request, 200, CLIENTS, time).await
    }

    async fn theirs(&self, whole: &Whole, time: Duration) -> anyhow::Result<f64> {
        let place = (self.value.clone(), self.id.clone());
        let page = move |client: &mut pgbench::Client| {
            client.execute(&[&place.0, &place.1])?;
            Ok(1)
        };
        pgbench::rate(
            &whole.config().views_url,
            self.filter.sql,
            CLIENTS,
            time,
            page,
        )
        .await
    }
}
