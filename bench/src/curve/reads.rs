//! What is read of so many orders: one by its id, pages, searches, statistics, all of
//! them. No answer comes from Redis: it would cost the same whatever there is.

use super::{
    held::{Held, Work},
    orders, placing,
};
use crate::{http_client::Connection, process::Process, requests, walk, workload::per_second};
use anyhow::{Context as _, ensure};
use sqlx::PgPool;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use time::{Date, OffsetDateTime};

/// Connections; one where answers to the same question at a time are made once.
const CLIENTS: usize = 16;
const ALONE: usize = 1;
const ROUNDS: usize = 3;
/// Orders that are asked for one by one, each as often as any other.
const SINGLE: i64 = 10_000;
/// Orders of a page, and of which list.
const PAGE: i64 = 50;
const LIST: &str = "/v1/orders?platform=web";
/// The late page, or the last one that there is.
const LATE: i64 = 10_000;
/// Days of the statistics, the newest ones.
const DAYS: i64 = 7;

const GET: Work = Work::falling("get one order", "answers/s");
const SWITCHED: Work = Work::falling("list page 1, just switched to", "pages/s");
const FIRST: Work = Work::flat("list page 1", "pages/s");
const LAST: Work = Work::flat("list late page", "pages/s");
const WORD: Work = Work::falling("search q of a mistyped word", "pages/s");
const SKU: Work = Work::falling("search q of a SKU", "pages/s");
const STATISTICS: Work = Work::flat("statistics of 7 days by day", "answers/s");
const EXPORT: Work = Work::flat("export ndjson", "orders/s");

/// A read API that reads from the views alone.
pub struct Reads {
    api: Process,
    key: String,
    views: PgPool,
    time: Duration,
}

impl Reads {
    /// Each round of each read takes so long.
    pub const fn new(api: Process, key: String, views: PgPool, time: Duration) -> Self {
        Self {
            api,
            key,
            views,
            time,
        }
    }

    /// The first page, of tables that nobody has read yet.
    pub async fn just_switched(&self, held: &mut Held, size: i64) -> anyhow::Result<()> {
        let first = self.requests(&format!("{LIST}&limit={PAGE}"));
        held.add(&SWITCHED, size, &[self.rate(&first, CLIENTS).await?]);
        Ok(())
    }

    /// Everything else; the newest order of the history was placed then.
    pub async fn measure(
        &self,
        held: &mut Held,
        size: i64,
        newest: OffsetDateTime,
    ) -> anyhow::Result<()> {
        let singles = self.singles(size, newest).await?;
        held.add(&GET, size, &self.rates(&singles, CLIENTS).await?);
        let path = format!("{LIST}&limit={PAGE}");
        held.add(&FIRST, size, &self.answered(&path, CLIENTS).await?);
        let page = self.late_page().await?;
        let (address, key) = (&self.api.address, &self.key);
        let place = walk::behind(address, key, LIST, (page - 1) * PAGE).await?;
        let rates = self.answered(&format!("{path}{place}"), CLIENTS).await?;
        held.add_of(&LAST, &format!("list page {page}"), size, &rates);
        for (work, text) in [
            (&WORD, placing::MISTYPED.to_owned()),
            (&SKU, placing::sku(0)),
        ] {
            let path = format!("/v1/orders?limit={PAGE}&q={text}");
            held.add(work, size, &self.answered(&path, CLIENTS).await?);
        }
        let (from, to) = days_until(newest.date(), orders::Orders::oldest().date());
        let path = format!("/v1/statistics/orders?interval=day&from={from}&to={to}");
        held.add(&STATISTICS, size, &self.answered(&path, ALONE).await?);
        // What takes seconds is not repeated.
        let rounds = if size >= 1_000_000 { 1 } else { ROUNDS };
        let mut exported = Vec::new();
        for _ in 0..rounds {
            exported.push(self.exported(size).await?);
        }
        held.add(&EXPORT, size, &exported);
        Ok(())
    }

    /// The number of the late page, as far as there are so many.
    async fn late_page(&self) -> anyhow::Result<i64> {
        let listed: i64 = sqlx::query_scalar("SELECT count(*) FROM orders WHERE platform = 'web'")
            .fetch_one(&self.views)
            .await?;
        Ok(late_page(listed))
    }

    /// Orders from all over the history, in no order.
    async fn singles(&self, size: i64, newest: OffsetDateTime) -> anyhow::Result<Arc<[Vec<u8>]>> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT o.id::text FROM generate_series(0, $1::bigint - 1) n, LATERAL \
                 (SELECT id FROM orders \
                   WHERE created_at >= $2::timestamptz \
                       + ($3::timestamptz - $2) * ((n * 7919 % $1)::float8 / $1) \
                   ORDER BY created_at, id LIMIT 1) o",
        )
        .bind(SINGLE.min(size))
        .bind(orders::Orders::oldest())
        .bind(newest)
        .fetch_all(&self.views)
        .await?;
        ensure!(!ids.is_empty(), "no orders");
        let get = |id: &String| requests::get(&format!("/v1/orders/{id}"), &self.key, "");
        Ok(ids.iter().map(get).collect::<Vec<_>>().into())
    }

    fn requests(&self, path: &str) -> Arc<[Vec<u8>]> {
        [requests::get(path, &self.key, "")].into()
    }

    /// Answers a second of a path, which must not be empty.
    async fn answered(&self, path: &str, clients: usize) -> anyhow::Result<Vec<f64>> {
        let requests = self.requests(path);
        let mut connection = Connection::open(&self.api.address).await?;
        let answer = connection.send(&requests[0]).await?;
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(answer.status == 200, "{path}: {text}");
        ensure!(text.contains("\"data\":[{"), "{path}: nothing is found");
        self.rates(&requests, clients).await
    }

    async fn rates(&self, requests: &Arc<[Vec<u8>]>, clients: usize) -> anyhow::Result<Vec<f64>> {
        let mut rates = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            rates.push(self.rate(requests, clients).await?);
        }
        Ok(rates)
    }

    async fn rate(&self, requests: &Arc<[Vec<u8>]>, clients: usize) -> anyhow::Result<f64> {
        requests::closed_loop(&self.api.address, requests, 200, clients, self.time).await
    }

    /// Orders a second of one export of at least so many.
    async fn exported(&self, size: i64) -> anyhow::Result<f64> {
        let url = format!("http://{}/v1/orders.ndjson", self.api.address);
        let began = Instant::now();
        let request = reqwest::Client::new().get(url).bearer_auth(&self.key);
        let mut answer = request.send().await?.error_for_status()?;
        let mut orders = 0;
        while let Some(piece) = answer.chunk().await.context("the export was cut off")? {
            orders += piece.split(|byte| *byte == b'\n').count() - 1;
        }
        let (orders, took) = (u64::try_from(orders)?, began.elapsed());
        ensure!(orders >= size.unsigned_abs(), "{orders} of {size} orders");
        Ok(per_second(orders, took))
    }
}

/// Of a list of so many orders.
fn late_page(listed: i64) -> i64 {
    (listed / PAGE).clamp(1, LATE)
}

/// The newest whole days of a history.
fn days_until(newest: Date, oldest: Date) -> (Date, Date) {
    let from = newest - time::Duration::days(DAYS);
    // The history of a short run has less than so many.
    let to = newest.max(oldest + time::Duration::days(1));
    (from.max(oldest), to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn the_late_page_is_a_full_one_that_there_is() {
        for (listed, page) in [(1_000_000, 10_000), (499_999, 9_999), (60, 1), (0, 1)] {
            assert_eq!(late_page(listed), page, "{listed}");
        }
    }

    #[test]
    fn statistics_are_of_as_many_days_whatever_the_history() {
        let oldest = date!(2005 - 01 - 01);
        let of = |newest| days_until(newest, oldest);
        assert_eq!(of(date!(2005 - 01 - 08)), (oldest, date!(2005 - 01 - 08)));
        assert_eq!(
            of(date!(2006 - 03 - 01)),
            (date!(2006 - 02 - 22), date!(2006 - 03 - 01))
        );
        assert_eq!(of(oldest), (oldest, date!(2005 - 01 - 02)));
    }
}
