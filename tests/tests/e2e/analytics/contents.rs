//! What the views tell beside what the API tells.

use crate::{import::lives::SUMS, projections::deliveries::lived};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use sqlx::PgPool;
use tests::{Api, TestEnv};

/// Views and API, on the same orders.
struct Beside {
    api: Api,
    views: PgPool,
}

/// Orders live random lives, then every view of figures says what the API says
/// of them, and every view of orders what their documents say.
pub async fn the_views_say_what_the_api_says(env: &TestEnv) -> Result<()> {
    let world = lived(&env.config).await?;
    let mut read_api = env.role("read-api").spawn()?;
    read_api.ready().await?;
    let beside = Beside {
        api: Api::new(env, &read_api).await?,
        views: world.views.clone(),
    };
    beside.orders_by_day().await?;
    beside.products().await?;
    beside.customers().await?;
    beside.cohorts().await?;
    beside.funnel().await?;
    beside.documents().await
}

impl Beside {
    /// Rows of a view, without those in which nothing is left.
    async fn view(&self, sql: &str) -> Result<Vec<Value>> {
        let sql = format!("SELECT to_jsonb(t)::text FROM ({sql}) t");
        let rows: Vec<String> = sqlx::query_scalar(&sql).fetch_all(&self.views).await?;
        let rows = rows.iter().map(|row| serde_json::from_str(row));
        Ok(rows.collect::<Result<_, _>>()?)
    }

    async fn told(&self, path: &str) -> Result<Vec<Value>> {
        let told = self.api.get(&format!("/v1/statistics/{path}")).await?;
        let told = told.expect(200)?;
        let rows = told.json["data"].as_array();
        Ok(rows.with_context(|| format!("{path} is no list"))?.clone())
    }

    /// By order date and by event date; the two are not the same.
    async fn orders_by_day(&self) -> Result<()> {
        let keys = ["period", "platform", "currency", "country", "kind"];
        let columns: Vec<_> = keys.into_iter().chain(SUMS).collect();
        let some = SUMS.map(|sum| format!("{sum} <> 0")).join(" OR ");
        let mut both = Vec::new();
        for (view, by) in [
            ("daily_orders_v1", "order_date"),
            ("daily_movements_v1", "event_date"),
        ] {
            let rows = format!("SELECT *, day AS period FROM analytics.{view} WHERE {some}");
            let path = format!("orders?by={by}&interval=day&group_by=platform,country,kind");
            let (rows, told) = (self.view(&rows).await?, self.told(&path).await?);
            both.push(same(view, &rows, &told, &columns)?);
        }
        ensure!(both[0] != both[1], "both dates are the same here");
        Ok(())
    }

    /// Day by day; the API lists products over days.
    async fn products(&self) -> Result<()> {
        let columns = [
            "sku",
            "currency",
            "orders",
            "units",
            "returned_units",
            "amount",
            "discounts",
            "tax",
        ];
        let days = "SELECT DISTINCT day, day + 1 AS next FROM analytics.daily_products_v1";
        let days = self.view(days).await?;
        ensure!(days.len() > 1, "{days:?}");
        for day in days {
            let (day, next) = (text(&day, "day")?, text(&day, "next")?);
            for platform in ["web", "pos"] {
                let rows = format!(
                    "SELECT * FROM analytics.daily_products_v1 \
                      WHERE day = '{day}' AND platform = '{platform}'"
                );
                let path = format!("products?from={day}&to={next}&platform={platform}&limit=200");
                let (rows, told) = (self.view(&rows).await?, self.told(&path).await?);
                if !told.is_empty() {
                    same("daily_products_v1", &rows, &told, &columns)?;
                }
                ensure!(rows.len() == told.len(), "{path}: {rows:?}");
            }
        }
        Ok(())
    }

    async fn customers(&self) -> Result<()> {
        let columns = [
            "platform",
            "customer",
            "currency",
            "orders",
            "cancelled",
            "units",
            "revenue",
            "captured",
            "refunded",
            "charged_back",
            "credited",
            "first_order",
            "last_order",
        ];
        let rows = "SELECT *, customer_id AS customer FROM analytics.customers_v1";
        let told = self.told("customers?limit=200").await?;
        same("customers_v1", &self.view(rows).await?, &told, &columns)?;
        Ok(())
    }

    /// The API adds up all platforms, or tells of one.
    async fn cohorts(&self) -> Result<()> {
        let columns = [
            "cohort",
            "month",
            "currency",
            "customers",
            "orders",
            "revenue",
        ];
        for platform in ["web", "pos"] {
            let rows = format!("SELECT * FROM analytics.cohorts_v1 WHERE platform = '{platform}'");
            let path = format!("customers/cohorts?platform={platform}");
            let (rows, told) = (self.view(&rows).await?, self.told(&path).await?);
            same("cohorts_v1", &rows, &told, &columns)?;
            let later = rows.iter().any(|row| row["month"] != row["cohort"]);
            ensure!(later, "nobody comes back on {platform}: {rows:?}");
        }
        Ok(())
    }

    /// Buckets are rows of the view, and lists within the API's.
    async fn funnel(&self) -> Result<()> {
        let columns = ["period", "platform", "step", "from", "to", "orders"];
        let rows = "SELECT *, day AS period, from_seconds::bigint AS from, \
                           to_seconds::bigint AS to \
                      FROM analytics.funnel_v1 WHERE orders <> 0";
        let told = self.told("funnel?interval=day&group_by=platform").await?;
        let mut buckets = Vec::new();
        for step in &told {
            for bucket in step["buckets"].as_array().context("no buckets")? {
                buckets.push(json!({
                    "period": step["period"], "platform": step["platform"], "step": step["step"],
                    "from": bucket["from_seconds"], "to": bucket["to_seconds"],
                    "orders": bucket["orders"],
                }));
            }
        }
        same("funnel_v1", &self.view(rows).await?, &buckets, &columns)?;
        let averages = "SELECT day AS period, platform, step, sum(orders) AS orders, \
                               sum(seconds) AS seconds \
                          FROM analytics.funnel_v1 GROUP BY 1, 2, 3 HAVING sum(orders) <> 0";
        let averages = self.view(averages).await?;
        for row in &averages {
            let same = |step: &&Value| {
                let names = ["period", "platform", "step"];
                names.iter().all(|name| step[*name] == row[*name])
            };
            let step = told.iter().find(same).context("a step")?;
            let number = |value: &Value| value.as_i64().context("a number");
            let (orders, seconds) = (number(&row["orders"])?, number(&row["seconds"])?);
            let average = number(&step["average_seconds"])?;
            // Rounded by the API.
            let off = (average * orders - seconds).abs();
            ensure!(2 * off <= orders, "{row} and {step}");
        }
        Ok(())
    }

    /// Each view of orders and their parts, beside the documents.
    async fn documents(&self) -> Result<()> {
        let ids = "SELECT order_id FROM analytics.orders_v1";
        let ids = self.view(ids).await?;
        let ids: Vec<&Value> = ids.iter().map(|row| &row["order_id"]).collect();
        let asked = json!({"ids": ids});
        let looked = self.api.post("/v1/orders/lookup", &asked).await?;
        let looked = looked.expect(200)?;
        let documents = looked.json["data"].as_array().context("no orders")?;
        let orders: Vec<Value> = documents.iter().map(order).collect();
        let columns: Vec<_> = ORDER.iter().map(|(column, _)| *column).collect();
        let rows = "SELECT * FROM analytics.orders_v1";
        same("orders_v1", &self.view(rows).await?, &orders, &columns)?;
        for (view, list, columns) in PARTS {
            let rows = format!("SELECT * FROM analytics.{view}");
            let mut told = Vec::new();
            for document in documents {
                for part in document[list].as_array().with_context(|| list)? {
                    let mut row = json!({"order_id": document["id"]});
                    for (column, member) in columns {
                        row[*column] = part[*member].clone();
                    }
                    told.push(row);
                }
            }
            let columns = columns.iter().map(|(column, _)| *column);
            let columns: Vec<_> = columns.chain(["order_id"]).collect();
            same(view, &self.view(&rows).await?, &told, &columns)?;
        }
        let events: i64 = documents.iter().filter_map(|d| d["version"].as_i64()).sum();
        let rows = "SELECT order_id, version FROM analytics.order_events_v1";
        let rows = i64::try_from(self.view(rows).await?.len())?;
        ensure!(rows == events, "{rows} entries of {events} events");
        // What moved is what there is.
        let moved = SUMS
            .map(|sum| format!("sum({sum})::bigint AS {sum}"))
            .join(", ");
        let moved =
            |view: &str| format!("SELECT currency, {moved} FROM analytics.{view} GROUP BY 1");
        let columns: Vec<_> = ["currency"].into_iter().chain(SUMS).collect();
        let ledger = self.view(&moved("movements_v1")).await?;
        let sums = self.view(&moved("daily_orders_v1")).await?;
        same("movements_v1", &ledger, &sums, &columns)?;
        Ok(())
    }
}

/// Columns of `orders_v1`, and where documents have the same.
const ORDER: [(&str, &str); 17] = [
    ("order_id", "/id"),
    ("number", "/number"),
    ("platform", "/platform"),
    ("external_id", "/external_id"),
    ("kind", "/kind"),
    ("currency", "/currency"),
    ("country", "/country"),
    ("status", "/status"),
    ("payment_status", "/payment_status"),
    ("fulfillment_status", "/fulfillment_status"),
    ("return_status", "/return_status"),
    ("items", "/totals/items"),
    ("discounts", "/totals/discounts"),
    ("total", "/totals/total"),
    ("captured", "/totals/captured"),
    ("balance_due", "/totals/balance_due"),
    ("version", "/version"),
];

/// A view, the list of documents that it is of, and its columns with what
/// documents call them.
type Part = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const PARTS: [Part; 5] = [
    (
        "order_lines_v1",
        "lines",
        &[
            ("line_id", "id"),
            ("sku", "sku"),
            ("quantity", "quantity"),
            ("cancelled_quantity", "cancelled_quantity"),
            ("returned_quantity", "returned_quantity"),
            ("amount", "amount"),
            ("allocated_discount", "allocated_discount"),
            ("tax", "tax"),
        ],
    ),
    (
        "payments_v1",
        "payments",
        &[
            ("payment_id", "id"),
            ("status", "status"),
            ("amount", "amount"),
            ("captured", "captured"),
            ("refunded", "refunded"),
            ("charged_back", "charged_back"),
        ],
    ),
    (
        "refunds_v1",
        "refunds",
        &[
            ("refund_id", "id"),
            ("payment_id", "payment"),
            ("status", "status"),
            ("purpose", "purpose"),
            ("amount", "amount"),
        ],
    ),
    (
        "fulfillments_v1",
        "fulfillments",
        &[("fulfillment_id", "id"), ("status", "status")],
    ),
    (
        "returns_v1",
        "returns",
        &[
            ("return_id", "id"),
            ("status", "status"),
            ("refunded", "refunded"),
            ("credited", "credited"),
        ],
    ),
];

/// What `orders_v1` has to say of a document.
fn order(document: &Value) -> Value {
    let members = ORDER.iter().map(|(column, pointer)| {
        let value = document.pointer(pointer).cloned().unwrap_or_default();
        ((*column).to_owned(), value)
    });
    Value::Object(members.collect())
}

fn text<'a>(row: &'a Value, column: &str) -> Result<&'a str> {
    row[column]
        .as_str()
        .with_context(|| format!("{column} of {row}"))
}

/// These columns are the same in both, whatever the order of the rows, and
/// there are some; they, as text.
fn same(view: &str, rows: &[Value], told: &[Value], columns: &[&str]) -> Result<Vec<String>> {
    let picked = |rows: &[Value]| {
        let rows = rows.iter().map(|row| {
            let values = columns
                .iter()
                .map(|column| format!("{column}={}", row[*column]));
            values.collect::<Vec<_>>().join(" ")
        });
        let mut rows: Vec<String> = rows.collect();
        rows.sort_unstable();
        rows
    };
    let (rows, told) = (picked(rows), picked(told));
    ensure!(!rows.is_empty(), "{view} is empty");
    let other = |a: &[String], b: &[String]| a.iter().find(|row| !b.contains(row)).cloned();
    let differing = (other(&rows, &told), other(&told, &rows));
    ensure!(
        rows == told,
        "{view}, of both what the other has not: {differing:?}"
    );
    Ok(rows)
}
