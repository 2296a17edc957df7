//! Rows that somebody has changed behind the projector's back.

use super::report;
use crate::import::{synthetic, system::System};
use anyhow::{Context as _, Result, ensure};
use infra::postgres::pool;
use serde_json::Value;
use sqlx::{PgPool, Row as _};
use std::collections::BTreeSet;
use tests::TestEnv;
use uuid::Uuid;

/// What is done to the views, to whose order (by its external id, which `$1`
/// is), and what is said of that order then.
const TAMPERING: [(&str, u32, &str); 12] = [
    (
        "UPDATE orders SET document = replace(document, '\"GBP\"', '\"EUR\"') WHERE external_id = $1",
        900_001,
        "orders: another document",
    ),
    (
        "UPDATE orders SET total = total + 1 WHERE external_id = $1",
        900_002,
        "orders: another total",
    ),
    (
        "UPDATE orders SET version = version + 1 WHERE external_id = $1",
        900_003,
        "of version",
    ),
    (
        "DELETE FROM orders WHERE external_id = $1",
        900_004,
        "it has no rows",
    ),
    (
        "DELETE FROM order_lines WHERE line_no = 1 AND order_id = \
            (SELECT id FROM orders WHERE external_id = $1)",
        900_006,
        "order_lines: 1 missing",
    ),
    (
        "UPDATE order_lines SET amount = amount + 1 WHERE line_no = 1 AND order_id = \
            (SELECT id FROM orders WHERE external_id = $1)",
        900_008,
        "order_lines: another amount",
    ),
    (
        "INSERT INTO order_events (order_id, version, entry) \
            SELECT id, 99, '{}' FROM orders WHERE external_id = $1",
        900_009,
        "order_events: 1 too many",
    ),
    (
        "INSERT INTO order_payments (order_id, payment_id, status, amount, captured, refunded, \
            charged_back, created_at) SELECT id, 'p9', 'authorized', 1, 0, 0, 0, now() \
            FROM orders WHERE external_id = $1",
        900_010,
        "order_payments: 1 too many",
    ),
    (
        "UPDATE orders SET delivered_at = now() WHERE external_id = $1",
        900_011,
        "orders: another delivered_at",
    ),
    (
        "UPDATE order_movements SET happened_at = happened_at + interval '1 day', units = units + 1 \
            WHERE version = 1 AND order_id = (SELECT id FROM orders WHERE external_id = $1)",
        900_012,
        "order_movements: another happened_at, units",
    ),
    (
        "INSERT INTO orders SELECT (o).* FROM (SELECT jsonb_populate_record(o, jsonb_build_object( \
            'id', '01990000-0000-7000-8000-0000000000aa', 'external_id', NULL)) o FROM orders o \
            WHERE external_id = $1) copies",
        900_013,
        "the log has no such order",
    ),
    (
        "INSERT INTO order_returns (order_id, return_id, status, units, received, resellable, \
            refunded, credited, requested_at) SELECT '01990000-0000-7000-8000-0000000000bb', 'r1', \
            'requested', 1, 0, 0, 0, 0, now() FROM orders WHERE external_id = $1",
        900_014,
        "order_returns: 1 too many",
    ),
];

/// The orders that nobody knows.
const NOBODYS: [&str; 2] = [
    "01990000-0000-7000-8000-0000000000aa",
    "01990000-0000-7000-8000-0000000000bb",
];

/// A system with orders, nothing of which differs.
async fn imported(env: &TestEnv) -> Result<(System<'_>, PgPool)> {
    let system = System::start(env).await?;
    let (text, shape) = synthetic::file(60);
    system.import(&system.file(&text)?, &[]).await?;
    system
        .verify_clean(shape.invoices - shape.stock_movements)
        .await?;
    Ok((system, pool(&env.config.views_url, 1)?))
}

/// Changes the rows of an order; the order.
async fn tamper(views: &PgPool, statement: &str, external_id: u32) -> Result<Uuid> {
    let external_id = external_id.to_string();
    let order = sqlx::query("SELECT id FROM orders WHERE external_id = $1");
    let order = order.bind(&external_id).fetch_one(views).await?;
    let done = sqlx::query(statement).bind(&external_id);
    let done = done.execute(views).await?;
    ensure!(done.rows_affected() == 1, "{statement}");
    Ok(order.try_get("id")?)
}

/// Of a report: order ids, and what is said of them.
fn told(report: &Value) -> Result<Vec<(String, String)>> {
    let examples = report["examples"].as_array().context("a list")?;
    let told = examples.iter().filter_map(|example| {
        let id = example["order_id"].as_str()?.to_owned();
        Some((id, example["what"].as_str()?.to_owned()))
    });
    Ok(told.collect())
}

/// Exactly the orders that were changed are found, each for what it is; they
/// and the sums are repaired, and nothing differs any more, nor does after the
/// next events.
pub async fn what_was_tampered_with_is_found_and_repaired(env: &TestEnv) -> Result<()> {
    let (system, views) = imported(env).await?;
    let mut expected = BTreeSet::new();
    for (statement, external_id, what) in TAMPERING {
        let order = tamper(&views, statement, external_id).await?.to_string();
        let order = match external_id {
            900_013 => NOBODYS[0].to_owned(),
            900_014 => NOBODYS[1].to_owned(),
            _ => order,
        };
        expected.insert((order, what));
    }
    let (code, found) = report(env, &[]).await?;
    let told = told(&found)?;
    ensure!(code == 1 && told.len() == TAMPERING.len(), "{found}");
    for (order, what) in &expected {
        let is_told = |(id, said): &(String, String)| id == order && said.contains(what);
        ensure!(told.iter().any(is_told), "{order}: {what}: {found}");
    }
    let orders = &found["projections"]["orders"];
    for (kind, count) in [("missing", 1), ("extra", 1), ("versions", 1), ("rows", 9)] {
        ensure!(orders[kind] == count, "{kind}: {found}");
    }
    ensure!(orders["sums_differing"].as_u64() > Some(0), "{found}");
    let (code, again) = report(env, &[]).await?;
    ensure!(code == 1 && again == found, "looking has changed something");

    let (code, repaired) = report(env, &["--repair"]).await?;
    ensure!(code == 0 && repaired["differences"] == 0, "{repaired}");
    let orders = &repaired["projections"]["orders"];
    ensure!(orders["repaired"] == TAMPERING.len(), "{repaired}");
    ensure!(orders["sums_repaired"].as_u64() > Some(0), "{repaired}");
    let parked: i64 = sqlx::query_scalar("SELECT count(*) FROM parked_orders")
        .fetch_one(&views)
        .await?;
    ensure!(parked == 0, "{parked} parked");
    let (text, shape) = synthetic::file(80);
    system.import(&system.file(&text)?, &[]).await?;
    system
        .verify_clean(shape.invoices - shape.stock_movements)
        .await
}

/// What orders share alone: the rows are what they have to be. A word that was
/// lost, one that nobody has, and one that is no word of letters are among it.
/// What is cached of the sums is outdated by it.
pub async fn a_sum_that_is_off_is_set_right(env: &TestEnv) -> Result<()> {
    let (system, views) = imported(env).await?;
    let version = "SELECT sum(next + redriven)::bigint FROM projection_offsets";
    let before: i64 = sqlx::query_scalar(version).fetch_one(&views).await?;
    for (statement, sums) in [
        (
            "UPDATE order_statistics SET revenue = revenue + 1 WHERE ctid = \
                (SELECT min(ctid) FROM order_statistics WHERE revenue <> 0)",
            1_u64,
        ),
        (
            "DELETE FROM customer_statistics WHERE ctid = (SELECT min(ctid) FROM customer_statistics)",
            1,
        ),
        (
            "INSERT INTO order_funnel (day, platform, step, bucket, \"partition\", orders, seconds) \
                VALUES ('2020-01-01', 'web', 'placed', 0, 3, 1, 0)",
            1,
        ),
        (
            "DELETE FROM order_words WHERE ctid = (SELECT min(ctid) FROM order_words)",
            1,
        ),
        (
            "INSERT INTO order_words (word, \"partition\") VALUES ('nobodyswords', 3), ('12345', 3)",
            2,
        ),
    ] {
        ensure!(
            sqlx::query(statement)
                .execute(&views)
                .await?
                .rows_affected()
                == sums
        );
    }
    let (code, found) = report(env, &[]).await?;
    let orders = &found["projections"]["orders"];
    ensure!(code == 1 && orders["sums_differing"] == 6, "{found}");
    ensure!(found["differences"] == 6, "{found}");
    let words = found["examples"].to_string();
    for said in [
        "order_words of nobodyswords 3: rows 1 instead of 0",
        "rows 0 instead of 1",
    ] {
        ensure!(words.contains(said), "{said}: {found}");
    }
    let (code, repaired) = report(env, &["--repair"]).await?;
    let orders = &repaired["projections"]["orders"];
    ensure!(code == 0 && orders["sums_repaired"] == 6, "{repaired}");
    ensure!(
        orders["repaired"] == 0 && orders["sums_differing"] == 0,
        "{repaired}"
    );
    let after: i64 = sqlx::query_scalar(version).fetch_one(&views).await?;
    ensure!(after > before, "what is cached is not outdated");
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM order_funnel WHERE day = '2020-01-01'")
            .fetch_one(&views)
            .await?;
    ensure!(left == 0, "a row of nothing");
    drop(system);
    Ok(())
}

/// The marks stay, the differences too, and the end says so; a projector that
/// comes later does what was asked for.
pub async fn without_a_projector_nothing_is_repaired(env: &TestEnv) -> Result<()> {
    let (mut system, views) = imported(env).await?;
    let projector = system.projector.take().context("a projector")?;
    projector.kill9().await?;
    let (statement, external_id, _) = TAMPERING[4];
    tamper(&views, statement, external_id).await?;
    let (code, found) = report(env, &["--repair", "--wait", "1s"]).await?;
    ensure!(
        code == 1 && found["projections"]["orders"]["rows"] == 1,
        "{found}"
    );
    ensure!(found["projections"]["orders"]["repaired"] == 0, "{found}");
    system.projector = Some(env.role("projector").spawn()?);
    tests::wait_until("the mark to be acted upon", async || {
        let marks: i64 = sqlx::query_scalar("SELECT count(*) FROM redrives")
            .fetch_one(&views)
            .await?;
        Ok((marks == 0).then_some(()))
    })
    .await?;
    let (code, found) = report(env, &["--repair"]).await?;
    ensure!(code == 0 && found["differences"] == 0, "{found}");
    Ok(())
}
