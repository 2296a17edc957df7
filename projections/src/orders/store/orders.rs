//! `orders`: one row per order, with the JSON that GET and lists send.

use super::malformed;
use crate::orders::{fold::OrderRow, statistics::units};
use contracts::order::{Order, OrderSummary};
use sqlx::{PgConnection, Row as _};
use std::collections::{BTreeMap, HashMap};
use time::OffsetDateTime;
use uuid::Uuid;

/// The stored orders with these ids.
pub async fn load(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, OrderRow>, sqlx::Error> {
    let rows = sqlx::query("SELECT id, \"partition\", document FROM orders WHERE id = ANY($1)")
        .bind(ids)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let order: Order = serde_json::from_str(row.try_get("document")?).map_err(malformed)?;
            let row_of = OrderRow {
                order,
                partition: row.try_get("partition")?,
                lines_changed: false,
            };
            Ok((row.try_get("id")?, row_of))
        })
        .collect()
}

/// Inserts or replaces orders. `revision` stays: it counts changes of the
/// document that are not the order's.
pub async fn write(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, OrderRow>,
) -> Result<(), sqlx::Error> {
    let columns = Columns::of(rows)?;
    sqlx::query(
        "INSERT INTO orders (id, version, \"partition\", number, platform, external_id, kind, \
             currency, country, customer_id, status, payment_status, fulfillment_status, \
             return_status, total, units, created_at, placed_at, updated_at, summary, document) \
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[], $5::text[], \
             $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], \
             $12::text[], $13::text[], $14::text[], $15::bigint[], $16::bigint[], \
             $17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::text[], $21::text[]) \
         ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version, \
             \"partition\" = EXCLUDED.\"partition\", number = EXCLUDED.number, \
             platform = EXCLUDED.platform, external_id = EXCLUDED.external_id, \
             kind = EXCLUDED.kind, currency = EXCLUDED.currency, country = EXCLUDED.country, \
             customer_id = EXCLUDED.customer_id, status = EXCLUDED.status, \
             payment_status = EXCLUDED.payment_status, \
             fulfillment_status = EXCLUDED.fulfillment_status, \
             return_status = EXCLUDED.return_status, total = EXCLUDED.total, \
             units = EXCLUDED.units, created_at = EXCLUDED.created_at, \
             placed_at = EXCLUDED.placed_at, updated_at = EXCLUDED.updated_at, \
             summary = EXCLUDED.summary, document = EXCLUDED.document",
    )
    .bind(columns.ids)
    .bind(columns.versions)
    .bind(columns.partitions)
    .bind(columns.numbers)
    .bind(columns.platforms)
    .bind(columns.external_ids)
    .bind(columns.kinds)
    .bind(columns.currencies)
    .bind(columns.countries)
    .bind(columns.customer_ids)
    .bind(columns.statuses)
    .bind(columns.payment_statuses)
    .bind(columns.fulfillment_statuses)
    .bind(columns.return_statuses)
    .bind(columns.totals)
    .bind(columns.units)
    .bind(columns.created)
    .bind(columns.placed)
    .bind(columns.updated)
    .bind(columns.summaries)
    .bind(columns.documents)
    .execute(connection)
    .await?;
    Ok(())
}

/// Rows, turned into the arrays that the statement takes.
#[derive(Default)]
struct Columns<'a> {
    ids: Vec<Uuid>,
    versions: Vec<i64>,
    partitions: Vec<i32>,
    numbers: Vec<&'a str>,
    platforms: Vec<&'a str>,
    external_ids: Vec<Option<&'a str>>,
    kinds: Vec<&'static str>,
    currencies: Vec<&'a str>,
    countries: Vec<&'a str>,
    customer_ids: Vec<Option<&'a str>>,
    statuses: Vec<&'static str>,
    payment_statuses: Vec<&'static str>,
    fulfillment_statuses: Vec<&'static str>,
    return_statuses: Vec<&'static str>,
    totals: Vec<i64>,
    units: Vec<i64>,
    created: Vec<OffsetDateTime>,
    placed: Vec<OffsetDateTime>,
    updated: Vec<OffsetDateTime>,
    summaries: Vec<String>,
    documents: Vec<String>,
}

impl<'a> Columns<'a> {
    fn of(rows: &'a BTreeMap<Uuid, OrderRow>) -> Result<Self, sqlx::Error> {
        let mut columns = Self::default();
        for row in rows.values() {
            columns.push(row).map_err(malformed)?;
        }
        Ok(columns)
    }

    fn push(&mut self, row: &'a OrderRow) -> Result<(), serde_json::Error> {
        let order = &row.order;
        self.ids.push(order.id);
        self.versions.push(order.version);
        self.partitions.push(row.partition);
        self.numbers.push(&order.number);
        self.platforms.push(&order.platform);
        self.external_ids.push(order.external_id.as_deref());
        self.kinds.push(order.kind.as_str());
        self.currencies.push(&order.currency);
        self.countries.push(&order.country);
        self.customer_ids.push(customer_id(order));
        self.statuses.push(order.status.as_str());
        self.payment_statuses.push(order.payment_status.as_str());
        self.fulfillment_statuses
            .push(order.fulfillment_status.as_str());
        self.return_statuses.push(order.return_status.as_str());
        self.totals.push(order.totals.total);
        self.units.push(units(order));
        self.created.push(order.created_at);
        self.placed.push(order.placed_at);
        self.updated.push(order.updated_at);
        self.summaries
            .push(serde_json::to_string(&OrderSummary::from(order))?);
        self.documents.push(serde_json::to_string(order)?);
        Ok(())
    }
}

fn customer_id(order: &Order) -> Option<&str> {
    order.customer.as_ref()?.id.as_deref()
}
