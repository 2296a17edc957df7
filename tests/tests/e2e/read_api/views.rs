//! A read API, and views that a test fills itself.

use contracts::{LogPosition, PositionToken, partition::partition_of, topics};
use infra::{
    config::Config,
    postgres::pool,
    redis::{Redis, Version, announce_documents},
    views::{NOTIFY_CHANNEL, ORDERS_FAMILY},
};
use reqwest::Method;
use sqlx::PgPool;
use tests::{Answer, Api, Role, TestEnv, answer};
use uuid::Uuid;

/// A running read API beside its views.
pub struct Views {
    pub api: Api,
    pub pool: PgPool,
    pub role: Role,
}

/// Orders 1, 2, 3, …: several share each moment and each total, so that only
/// ids tell them apart; every status, platform, country, currency and kind
/// occurs. Each has one line.
const ORDERS: &str = "
    WITH added AS (
    INSERT INTO orders (id, version, revision, \"partition\", number, platform, external_id, kind,
        currency, country, customer_id, status, payment_status, fulfillment_status, return_status,
        placed, confirmed, archived, hold_count, tags, total, captured, refunded, balance_due,
        units, created_at, placed_at, updated_at, summary, document)
    SELECT id, 1, 0, n % 12, 'N' || n, platform, CASE WHEN n % 2 = 0 THEN 'X' || n END,
        (ARRAY['order', 'order', 'order', 'credit', 'adjustment'])[n % 5 + 1],
        (ARRAY['GBP', 'EUR'])[n % 2 + 1], (ARRAY['GB', 'FR', 'DE', 'ZZ'])[n % 4 + 1],
        CASE WHEN n % 3 = 0 THEN 'c' || n % 9 END,
        (ARRAY['placed', 'placed', 'cancelled', 'draft'])[n % 4 + 1],
        (ARRAY['none', 'paid'])[n % 2 + 1], (ARRAY['unfulfilled', 'partial'])[n / 2 % 2 + 1],
        (ARRAY['none', 'requested'])[n / 4 % 2 + 1],
        n % 4 <> 3, n % 2 = 0, n % 10 = 0, n % 7 / 5,
        CASE n % 3 WHEN 0 THEN ARRAY['gift', 'a,b ' || n % 2] ELSE '{}' END,
        n % 10 - 3, 0, 0, n % 11 - 5, 1,
        '2026-01-01T00:00:00.000001Z'::timestamptz + n / 7 * interval '1 hour',
        '2026-01-01'::timestamptz - n / 5 * interval '1 minute',
        '2026-01-01'::timestamptz + n / 3 * interval '1 second',
        json_build_object('id', id, 'n', n)::text, json_build_object('id', id, 'whole', n)::text
      FROM (SELECT n, gen_random_uuid() AS id,
                   (ARRAY['web', 'shop', 'amazon'])[n % 3 + 1] AS platform
              FROM generate_series($1::int, $2) n) numbered
    RETURNING id, created_at, substr(number, 2)::int AS n)
    INSERT INTO order_lines (order_id, line_no, line_id, sku, name, unit_price, quantity,
        cancelled_quantity, fulfilled_quantity, shipped_quantity, delivered_quantity,
        return_requested_quantity, returned_quantity, amount, discount, allocated_discount, tax,
        created_at)
    SELECT id, 1, 'l1', 'S,' || n % 5, 'A lamp', 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, created_at
      FROM added";

impl Views {
    /// Empty views and a read API on them.
    pub async fn start(env: &TestEnv) -> anyhow::Result<Self> {
        Self::start_told(env, |config| config.redis_timeout_ms = PATIENCE).await
    }

    /// Empty views and a read API that is told something else. It has no copies of
    /// its own of what Redis has: what a trial does to Redis shows at once.
    pub async fn start_told(
        env: &TestEnv,
        change: impl FnOnce(&mut Config),
    ) -> anyhow::Result<Self> {
        env.orderlog_ok(&["migrate"]).await?;
        let role = env.role("read-api");
        let role = role.config(|config| config.near_cache_bytes = 0);
        let mut role = role.config(change).spawn()?;
        role.ready().await?;
        Ok(Self {
            api: Api::new(env, &role).await?,
            pool: pool(&env.config.views_url, 2)?,
            role,
        })
    }

    /// Views with orders 1 to `count`.
    pub async fn with_orders(env: &TestEnv, count: i32) -> anyhow::Result<Self> {
        let views = Self::start(env).await?;
        views.add_orders(1, count).await?;
        Ok(views)
    }

    /// Adds orders `first` to `last`.
    pub async fn add_orders(&self, first: i32, last: i32) -> anyhow::Result<()> {
        self.run(sqlx::query(ORDERS).bind(first).bind(last)).await
    }

    /// Adds one order in version 1, with this document.
    pub async fn add_order(
        &self,
        id: Uuid,
        external_id: &str,
        document: &str,
    ) -> anyhow::Result<()> {
        self.add_orders(0, 0).await?;
        let update =
            "UPDATE orders SET id = $1, external_id = $2, document = $3 WHERE number = 'N0'";
        self.run(
            sqlx::query(update)
                .bind(id)
                .bind(external_id)
                .bind(document),
        )
        .await
    }

    /// Runs a statement.
    pub async fn run(
        &self,
        query: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>,
    ) -> anyhow::Result<()> {
        query.execute(&self.pool).await?;
        Ok(())
    }

    /// Runs a fixed statement.
    pub async fn execute(&self, sql: &str) -> anyhow::Result<()> {
        self.run(sqlx::query(sql)).await
    }

    /// Ids that a condition and an order choose, straight from the table.
    pub async fn ids(&self, condition: &str) -> anyhow::Result<Vec<String>> {
        let sql = format!("SELECT id::text FROM orders WHERE {condition}");
        Ok(sqlx::query_scalar(&sql).fetch_all(&self.pool).await?)
    }

    /// Says that the projection has come to `position` in the partition of
    /// `order`, at offset `next`; the token to wait for it.
    pub async fn advance(&self, order: Uuid, position: i64, next: i64) -> anyhow::Result<String> {
        let token = token(order, position);
        let insert = sqlx::query(
            "INSERT INTO projection_offsets (projection, \"partition\", build, next, epoch, xid, position) \
             VALUES ('orders', $1, 1, $2, 1, $3, $3) ON CONFLICT (projection, \"partition\") \
             DO UPDATE SET next = excluded.next, xid = excluded.xid, position = excluded.position",
        );
        self.run(insert.bind(token.partition).bind(next).bind(position))
            .await?;
        Ok(token.to_string())
    }

    /// Says that something has moved, as projectors do.
    pub async fn notify(&self) -> anyhow::Result<()> {
        let notify = sqlx::query("SELECT pg_notify($1, 'orders:0')");
        self.run(notify.bind(NOTIFY_CHANNEL)).await
    }

    /// Changes an order's version and document, and tells nobody.
    pub async fn change(&self, id: Uuid, version: i64, document: &str) -> anyhow::Result<()> {
        let update = "UPDATE orders SET version = $2, document = $3 WHERE id = $1";
        self.run(sqlx::query(update).bind(id).bind(version).bind(document))
            .await
    }

    /// GET with a header.
    pub async fn get_with(&self, path: &str, name: &str, value: &str) -> anyhow::Result<Answer> {
        answer(self.api.request(Method::GET, path).header(name, value)).await
    }
}

/// How long Redis may take in a test that is not about its being slow, in
/// milliseconds: the machine may be busy.
pub const PATIENCE: u64 = 5_000;

/// The Redis of a test.
pub fn redis(config: &Config) -> anyhow::Result<Redis> {
    let mut config = config.clone();
    config.redis_timeout_ms = PATIENCE;
    Ok(Redis::new(&config)?)
}

/// Says that an order has changed, as projectors do.
pub async fn announce(redis: &Redis, id: Uuid, version: i64) -> anyhow::Result<()> {
    let version = Version {
        build: version.cast_unsigned(),
        number: 0,
    };
    announce_documents(redis, ORDERS_FAMILY, &[(id.to_string(), version)]).await?;
    Ok(())
}

/// The token of a place in the log, in the partition of `order`.
pub fn token(order: Uuid, position: i64) -> PositionToken {
    let key = order.to_string();
    PositionToken {
        topic: topics::ORDER_EVENTS.into(),
        partition: partition_of(key.as_bytes(), topics::ORDER_EVENTS_PARTITIONS),
        at: LogPosition {
            epoch: 1,
            xid: position.cast_unsigned(),
            position,
        },
    }
}

/// Ids of a page.
pub fn ids_of(page: &Answer) -> Vec<String> {
    let data = page.json["data"].as_array();
    let ids = data
        .into_iter()
        .flatten()
        .map(|row| row["id"].as_str().unwrap_or_default());
    ids.map(str::to_owned).collect()
}
