//! The yardstick of projections: the same final rows, written by a program
//! that does nothing else.

use crate::workload::per_second;
use anyhow::Context as _;
use infra::{config::Config, postgres};
use sqlx::{PgPool, Row as _, postgres::PgPoolCopyExt as _};
use std::time::Instant;

/// Orders that are written in one transaction.
const EACH: i64 = 1_000;
/// The tables of single orders that have rows in this workload, and their
/// columns of that order. Sums that orders share are not written.
const TABLES: [(&str, &str); 6] = [
    ("orders", "id"),
    ("order_lines", "order_id"),
    ("order_customers", "order_id"),
    ("order_events", "order_id"),
    ("order_movements", "order_id"),
    ("order_search", "order_id"),
];

/// Rows of the newest orders, set aside, and tables to write them to that have
/// the same indexes, and rows of all other orders: what a row costs depends on
/// how many there are.
pub struct FinalRows {
    views: PgPool,
    /// Writers at a time, as the projector has.
    writers: i64,
    orders: i64,
    events: u64,
}

impl FinalRows {
    /// Sets those of the newest `orders` aside.
    pub async fn of(config: &Config, orders: i64) -> anyhow::Result<Self> {
        let writers = u32::try_from(config.projector_workers)?;
        let views = postgres::pool(&config.views_url, writers)?;
        run(&views, "DROP TABLE IF EXISTS bench_sample").await?;
        run(
            &views,
            &format!(
                "CREATE UNLOGGED TABLE bench_sample AS \
                 SELECT id, version, (row_number() OVER (ORDER BY id) - 1) / {EACH} AS batch \
                   FROM (SELECT id, version FROM orders ORDER BY updated_at DESC LIMIT {orders}) o"
            ),
        )
        .await?;
        run(&views, "CREATE UNIQUE INDEX ON bench_sample (id)").await?;
        run(&views, "ANALYZE bench_sample").await?;
        for (table, id) in TABLES {
            run(
                &views,
                &format!("DROP TABLE IF EXISTS stage_{table}, bench_{table}"),
            )
            .await?;
            run(
                &views,
                &format!(
                    "CREATE UNLOGGED TABLE stage_{table} AS \
                     SELECT s.batch, t.* FROM bench_sample s JOIN {table} t ON t.{id} = s.id"
                ),
            )
            .await?;
            run(&views, &format!("CREATE INDEX ON stage_{table} (batch)")).await?;
            run(&views, &format!("ANALYZE stage_{table}")).await?;
            run(
                &views,
                &format!("CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)"),
            )
            .await?;
        }
        let (orders, events): (i64, i64) =
            sqlx::query_as("SELECT count(*), sum(version)::bigint FROM bench_sample")
                .fetch_one(&views)
                .await?;
        Ok(Self {
            views,
            writers: i64::from(writers),
            orders,
            events: u64::try_from(events)?,
        })
    }

    /// The tables with the rows of all other orders, and no more.
    async fn make_room(&self) -> anyhow::Result<()> {
        for (table, id) in TABLES {
            let columns = columns(&self.views, table).await?.join(", ");
            run(&self.views, &format!("TRUNCATE bench_{table}")).await?;
            let others = format!(
                "INSERT INTO bench_{table} ({columns}) SELECT {columns} FROM {table} t \
                  WHERE NOT EXISTS (SELECT FROM bench_sample s WHERE s.id = t.{id})"
            );
            run(&self.views, &others).await?;
        }
        run(&self.views, "CHECKPOINT").await
    }

    /// Events a second whose final rows COPY writes, from memory, on as many
    /// connections as the projector has writers: each table's rows in as many
    /// parts.
    pub async fn copied(&self) -> anyhow::Result<f64> {
        let mut parts = Vec::new();
        for part in 0..self.writers {
            parts.push(self.part(part).await?);
        }
        self.make_room().await?;
        let began = Instant::now();
        let writer = |part: Vec<(String, Vec<u8>)>| {
            let views = self.views.clone();
            async move {
                for (copy, bytes) in part {
                    let mut copy = views.copy_in_raw(&copy).await?;
                    copy.send(bytes).await?;
                    copy.finish().await?;
                }
                anyhow::Ok(())
            }
        };
        futures_util::future::try_join_all(parts.into_iter().map(writer)).await?;
        Ok(per_second(self.events, began.elapsed()))
    }

    /// The statements of one writer, and what it sends with them.
    async fn part(&self, part: i64) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let mut statements = Vec::new();
        for (table, _) in TABLES {
            let columns = columns(&self.views, table).await?.join(", ");
            let sql = format!(
                "COPY (SELECT {columns} FROM stage_{table} WHERE batch % {} = {part}) \
                   TO STDOUT (FORMAT binary)",
                self.writers
            );
            let mut rows = self.views.copy_out_raw(&sql).await?;
            let mut bytes = Vec::new();
            while let Some(chunk) = futures_util::StreamExt::next(&mut rows).await {
                bytes.extend_from_slice(&chunk?);
            }
            let copy = format!("COPY bench_{table} ({columns}) FROM STDIN (FORMAT binary)");
            statements.push((copy, bytes));
        }
        Ok(statements)
    }

    /// Events a second whose final rows are upserted, so many orders a
    /// transaction, from tables on the server: no row crosses the network.
    pub async fn upserted(&self) -> anyhow::Result<f64> {
        let mut statements = Vec::new();
        for (table, _) in TABLES {
            statements.push(upsert(&self.views, table).await?);
        }
        self.make_room().await?;
        let began = Instant::now();
        let writer = |first: i64| {
            let (views, statements) = (self.views.clone(), statements.clone());
            let writers = self.writers;
            async move {
                let mut batch = first;
                while batch * EACH < self.orders {
                    let mut transaction = views.begin().await?;
                    for statement in &statements {
                        sqlx::query(statement)
                            .bind(batch)
                            .execute(&mut *transaction)
                            .await?;
                    }
                    transaction.commit().await?;
                    batch += writers;
                }
                anyhow::Ok(())
            }
        };
        futures_util::future::try_join_all((0..self.writers).map(writer)).await?;
        Ok(per_second(self.events, began.elapsed()))
    }
}

/// The upsert of one batch, $1, into a table's likeness.
async fn upsert(views: &PgPool, table: &str) -> anyhow::Result<String> {
    let columns = columns(views, table).await?;
    let key = sqlx::query(
        "SELECT quote_ident(a.attname) AS name FROM pg_index i \
           JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) \
          WHERE i.indrelid = $1::regclass AND i.indisprimary",
    )
    .bind(table)
    .fetch_all(views)
    .await?;
    let key = key.iter().map(|row| row.try_get::<String, _>("name"));
    let key = key
        .collect::<Result<Vec<_>, _>>()
        .context("a primary key")?;
    let set = columns.iter().filter(|column| !key.contains(column));
    let set: Vec<String> = set.map(|c| format!("{c} = EXCLUDED.{c}")).collect();
    let (columns, key, set) = (columns.join(", "), key.join(", "), set.join(", "));
    Ok(format!(
        "INSERT INTO bench_{table} ({columns}) \
         SELECT {columns} FROM stage_{table} WHERE batch = $1 \
         ON CONFLICT ({key}) DO UPDATE SET {set}"
    ))
}

async fn columns(views: &PgPool, table: &str) -> anyhow::Result<Vec<String>> {
    let rows = sqlx::query(
        "SELECT quote_ident(attname) AS name FROM pg_attribute \
          WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped \
            AND attgenerated = '' ORDER BY attnum",
    )
    .bind(table)
    .fetch_all(views)
    .await?;
    let names = rows.iter().map(|row| row.try_get("name"));
    Ok(names.collect::<Result<_, _>>()?)
}

async fn run(views: &PgPool, sql: &str) -> anyhow::Result<()> {
    sqlx::query(sql).execute(views).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use projections::{engine::Projection as _, orders::Orders};
    use std::collections::BTreeSet;

    /// Nothing is paid, sent or returned in this workload.
    const EMPTY: [&str; 4] = [
        "order_payments",
        "order_refunds",
        "order_fulfillments",
        "order_returns",
    ];

    #[test]
    fn every_row_of_an_order_is_written_by_the_yardstick_too() {
        let owned = Orders::owned();
        let owned: BTreeSet<&str> = owned.iter().map(|own| &*own.table).collect();
        let written = TABLES.iter().map(|(table, _)| *table);
        let expected: BTreeSet<&str> = written.chain(EMPTY).collect();
        assert_eq!(owned, expected);
    }
}
