//! Row `catalogue`: products saved line by line through `POST /v1/bulk`, new ones
//! and the same again, beside COPY of the same rows into a plain table of the
//! same server, which decides nothing and tells nobody.

use crate::{http, process::Process, reference, row::Figure, workload::per_second};
use infra::{config::Config, postgres};
use sqlx::{PgPool, postgres::PgPoolCopyExt as _};
use std::{fmt::Write as _, ops::Range, path::Path, time::Instant};

/// Bulk requests at a time.
const STREAMS: usize = 4;
const TABLE: &str = "bench_products";

/// Measures rows a second.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    postgres::migrate_all(config).await?;
    let (rounds, each) = if quick { (1, 1_000) } else { (3, 20_000) };
    let key = http::key(config).await?;
    let commands = Process::start(config, "command-api", folder).await?;
    let api = (&*commands.address, &*key);
    let log = postgres::pool(&config.events_url, 1)?;
    let (mut new, mut again) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let rows = round * each..(round + 1) * each;
        let count = u64::try_from(rows.len())?;
        let save = async |run: String| {
            let lines = rows.clone().map(reference::product);
            let took = reference::save(api, &run, lines, STREAMS).await?;
            anyhow::Ok(per_second(count, took))
        };
        let first = save(format!("new-{round}")).await?;
        // Under other keys: it is the content that is there.
        let second = save(format!("again-{round}")).await?;
        new.push((first, copied(&log, rows.clone()).await?));
        again.push((second, first));
    }
    let figure = |what, yardstick, rounds: &[_]| {
        let case = format!("{what}, {STREAMS} requests at a time");
        Figure::of("catalogue", case, "products/s", yardstick, None, rounds)
    };
    let mut figures = vec![
        figure("new products", "COPY into a plain table", &new),
        figure("the same again", "new products", &again),
    ];
    let case = "command-api with a catalogue, highest".to_owned();
    figures.push(Figure::memory(case, commands.highest_mib()?, None));
    Ok(figures)
}

/// Rows a second that COPY writes, from memory, into an empty table.
async fn copied(log: &PgPool, rows: Range<usize>) -> anyhow::Result<f64> {
    for statement in [
        format!("DROP TABLE IF EXISTS {TABLE}"),
        format!("CREATE TABLE {TABLE} (sku text PRIMARY KEY, product jsonb NOT NULL)"),
    ] {
        sqlx::query(&statement).execute(log).await?;
    }
    let (mut text, count) = (String::new(), u64::try_from(rows.len())?);
    for n in rows {
        // Nothing in it that COPY would have escaped.
        let body = &reference::product(n)["body"];
        writeln!(text, "{}\t{body}", reference::sku(n))?;
    }
    let began = Instant::now();
    let mut copy = log.copy_in_raw(&format!("COPY {TABLE} FROM STDIN")).await?;
    copy.send(text.into_bytes()).await?;
    copy.finish().await?;
    Ok(per_second(count, began.elapsed()))
}
