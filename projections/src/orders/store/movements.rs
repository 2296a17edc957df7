//! `order_movements`: what each event moved.

use super::table::{Statements, Table, There};
use crate::orders::{
    Movement, Movements,
    movements::MovementId,
    shared::{
        Shared as _,
        statistics::{Key, Sums, hour},
    },
};
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};
use uuid::Uuid;

const TABLE: Table = Table {
    name: "order_movements",
    columns: &[
        ("order_id", "uuid"),
        ("version", "bigint"),
        ("part", "smallint"),
        ("partition", "int"),
        ("happened_at", "timestamptz"),
        ("platform", "text"),
        ("currency", "text"),
        ("country", "text"),
        ("kind", "text"),
        ("orders", "bigint"),
        ("cancelled", "bigint"),
        ("units", "bigint"),
        ("items", "bigint"),
        ("discounts", "bigint"),
        ("shipping", "bigint"),
        ("tax", "bigint"),
        ("revenue", "bigint"),
        ("captured", "bigint"),
        ("refunded", "bigint"),
        ("charged_back", "bigint"),
        ("credited", "bigint"),
    ],
    key: 3,
};
static STATEMENTS: LazyLock<Statements> =
    LazyLock::new(|| Statements::new(TABLE.copy(), TABLE.upsert()));

/// Deletes, and takes what is deleted out of the sums.
static FORGET: LazyLock<String> = LazyLock::new(|| {
    let each = |of: fn(&str) -> String| {
        let sums = Sums::SUMS.iter().map(|sum| of(sum));
        sums.collect::<Vec<_>>().join(", ")
    };
    let key = "hour, platform, currency, country, kind, \"partition\"";
    format!(
        "WITH gone AS (DELETE FROM order_movements WHERE order_id = ANY($1) \
             RETURNING *, date_trunc('hour', happened_at, 'UTC') AS hour) \
         INSERT INTO order_statistics AS s (by_event, {key}, {names}) \
         SELECT true, {key}, {less} FROM gone GROUP BY {key} \
         ON CONFLICT (by_event, {key}) DO UPDATE SET {added}",
        names = Sums::SUMS.join(", "),
        less = each(|sum| format!("-sum({sum})::bigint")),
        added = each(|sum| format!("{sum} = s.{sum} + EXCLUDED.{sum}")),
    )
});

/// Forgets what is void, and stores what is new.
pub async fn write(
    connection: &mut PgConnection,
    movements: &Movements,
    there: There,
) -> Result<(), sqlx::Error> {
    if !movements.void.is_empty() {
        forget(connection, &movements.void).await?;
    }
    if !movements.made.is_empty() {
        let made: Vec<_> = movements.made.iter().collect();
        store(connection, &made, there).await?;
    }
    Ok(())
}

async fn forget(connection: &mut PgConnection, orders: &BTreeSet<Uuid>) -> Result<(), sqlx::Error> {
    sqlx::query(&FORGET)
        .bind(orders.iter().copied().collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

async fn store(
    connection: &mut PgConnection,
    made: &[(&MovementId, &Movement)],
    there: There,
) -> Result<(), sqlx::Error> {
    let texts = |of: fn(&Movement) -> &str| made.iter().map(|(_, m)| of(m)).collect::<Vec<_>>();
    let mut insert = STATEMENTS
        .begin(there)
        .bind(made.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
        .bind(made.iter().map(|(id, _)| id.1).collect::<Vec<_>>())
        .bind(made.iter().map(|(id, _)| id.2).collect::<Vec<_>>())
        .bind(made.iter().map(|(_, m)| m.partition).collect::<Vec<_>>())
        .bind(made.iter().map(|(_, m)| m.at).collect::<Vec<_>>())
        .bind(texts(|m| &m.key.platform))
        .bind(texts(|m| &m.key.currency))
        .bind(texts(|m| &m.key.country))
        .bind(texts(|m| m.key.kind.as_str()));
    let sums: Vec<_> = made.iter().map(|(_, m)| m.sums.sums()).collect();
    for column in 0..Sums::SUMS.len() {
        let sums = sums.iter().map(|sums| sums[column]);
        insert = insert.bind(sums.collect::<Vec<_>>());
    }
    insert.execute(connection).await
}

/// The stored movements of these orders.
pub async fn load(
    connection: &mut PgConnection,
    orders: &[Uuid],
) -> Result<BTreeMap<MovementId, Movement>, sqlx::Error> {
    let rows = sqlx::query("SELECT * FROM order_movements WHERE order_id = ANY($1)")
        .bind(orders)
        .fetch_all(connection)
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &PgRow) -> Result<(MovementId, Movement), sqlx::Error> {
    let id = (
        row.try_get("order_id")?,
        row.try_get("version")?,
        row.try_get("part")?,
    );
    let at = row.try_get("happened_at")?;
    let kind: &str = row.try_get("kind")?;
    let unknown = |()| sqlx::Error::Decode(format!("unknown kind {kind:?}").into());
    let key = Key {
        by_event: true,
        hour: hour(at),
        platform: row.try_get("platform")?,
        currency: row.try_get("currency")?,
        country: row.try_get("country")?,
        kind: kind.parse().map_err(unknown)?,
    };
    let sums = Sums {
        orders: row.try_get("orders")?,
        cancelled: row.try_get("cancelled")?,
        units: row.try_get("units")?,
        items: row.try_get("items")?,
        discounts: row.try_get("discounts")?,
        shipping: row.try_get("shipping")?,
        tax: row.try_get("tax")?,
        revenue: row.try_get("revenue")?,
        captured: row.try_get("captured")?,
        refunded: row.try_get("refunded")?,
        charged_back: row.try_get("charged_back")?,
        credited: row.try_get("credited")?,
    };
    let movement = Movement {
        at,
        partition: row.try_get("partition")?,
        key,
        sums,
    };
    Ok((id, movement))
}
