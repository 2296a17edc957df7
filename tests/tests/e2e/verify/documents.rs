//! Documents on `orders.state.v1` that are not the served ones.

use super::report;
use crate::import::{synthetic, system::System};
use anyhow::{Context as _, Result, ensure};
use contracts::{
    partition::partition_of,
    topics::{ORDER_STATE, STATE},
};
use infra::{
    kafka::{client_config, headers},
    postgres::pool,
};
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::Value;
use sqlx::{PgPool, Row as _};
use std::time::Duration;
use tests::TestEnv;

/// An order's key, its version and its document.
type Served = (String, i64, String);

/// A system with orders, all of which are published.
async fn imported(env: &TestEnv) -> Result<(System<'_>, PgPool)> {
    let system = System::start(env).await?;
    let (text, shape) = synthetic::file(60);
    system.import(&system.file(&text)?, &[]).await?;
    let orders = shape.invoices - shape.stock_movements;
    system.verify_clean(orders).await?;
    let (_, clean) = report(env, &[]).await?;
    let documents = &clean["projections"]["orders"]["documents"];
    ensure!(*documents == orders, "{clean}");
    Ok((system, pool(&env.config.views_url, 2)?))
}

async fn served(views: &PgPool, limit: i64) -> Result<Vec<Served>> {
    let rows = sqlx::query("SELECT id::text, version, document FROM orders ORDER BY id LIMIT $1")
        .bind(limit)
        .fetch_all(views)
        .await?;
    let rows = rows.iter().map(|row| {
        Ok((
            row.try_get("id")?,
            row.try_get("version")?,
            row.try_get("document")?,
        ))
    });
    rows.collect()
}

/// Writes to the topic as somebody might who should not.
async fn publish(env: &TestEnv, key: &str, version: i64, document: Option<&str>) -> Result<()> {
    let topic = env.config.kafka_name(ORDER_STATE);
    let told = [
        ("ce_epoch", "1".into()),
        ("ce_sequence", version.to_string()),
    ];
    let mut record = FutureRecord::to(&topic)
        .partition(partition_of(key.as_bytes(), STATE.partitions))
        .key(key)
        .headers(headers(&told));
    record.payload = document;
    let producer: FutureProducer = client_config(&env.config).create()?;
    let sent = producer.send(record, Duration::from_secs(10)).await;
    sent.map(drop).map_err(|(error, _)| error.into())
}

fn is_told(found: &Value, order: &str, what: &str) -> Result<()> {
    let examples = found["examples"].as_array().context("a list")?;
    let told = examples.iter().any(|example| {
        let said = example["what"].as_str().unwrap_or_default();
        example["order_id"] == order && said.starts_with(ORDER_STATE) && said.contains(what)
    });
    ensure!(told, "{order}: {what}: {found}");
    Ok(())
}

/// Another document, an older one, none, one without headers and one of an order
/// that there is not: each is found, in a sample too, and published again or
/// taken away. A key that is nobody's stays until somebody takes it away.
pub async fn what_is_published_wrongly_is_found_and_published_again(env: &TestEnv) -> Result<()> {
    let (_system, views) = imported(env).await?;
    let orders = served(&views, 3).await?;
    let [
        (first, version, document),
        (second, later, older),
        (third, ..),
    ] = &orders[..]
    else {
        anyhow::bail!("{orders:?}");
    };
    let nobody = "01990000-0000-7000-8000-0000000000aa";
    let other = document.replace("\"id\"", "\"no\"");
    publish(env, first, *version, Some(other.as_str())).await?;
    publish(env, second, later - 1, Some(older.as_str())).await?;
    publish(env, third, 1, None).await?;
    publish(env, nobody, 1, Some("{}")).await?;
    publish(env, "somebody", 1, Some("{}")).await?;

    let (code, found) = report(env, &[]).await?;
    let of = &found["projections"]["orders"];
    ensure!(
        code == 1 && of["documents_differing"] == 5,
        "{code}: {found}"
    );
    ensure!(found["differences"] == 5, "in all: {found}");
    is_told(&found, first, "another document")?;
    is_told(&found, second, &format!("version {} of epoch 1", later - 1))?;
    is_told(&found, third, "no document")?;
    is_told(&found, nobody, "there is no such order")?;
    ensure!(
        found["examples"].to_string().contains("\\\"somebody\\\""),
        "somebody: {found}"
    );

    // In a sample are orders of the log only.
    let (code, sampled) = report(env, &["--sample", "100%"]).await?;
    let of = &sampled["projections"]["orders"];
    ensure!(
        code == 1 && of["documents_differing"] == 3,
        "{code}, sampled: {sampled}"
    );

    let (code, repaired) = report(env, &["--repair"]).await?;
    let of = &repaired["projections"]["orders"];
    ensure!(code == 1 && of["documents_repaired"] == 4, "{repaired}");
    ensure!(of["documents_differing"] == 1, "{repaired}");
    publish(env, "somebody", 1, None).await?;
    let (code, clean) = report(env, &[]).await?;
    ensure!(code == 0 && clean["differences"] == 0, "{clean}");
    Ok(())
}

/// A row that is wrong is told, and not the document that was right; both are
/// what they have to be after a repair.
pub async fn a_row_that_is_wrong_says_nothing_of_its_document(env: &TestEnv) -> Result<()> {
    let (_system, views) = imported(env).await?;
    let (order, ..) = served(&views, 1).await?.remove(0);
    let spoil = "UPDATE orders SET document = replace(document, '\"number\":\"', '\"number\":\"x') \
        WHERE id = $1";
    let spoilt = sqlx::query(spoil).bind(order.parse::<uuid::Uuid>()?);
    ensure!(spoilt.execute(&views).await?.rows_affected() == 1);
    let (code, found) = report(env, &[]).await?;
    let of = &found["projections"]["orders"];
    ensure!(code == 1 && of["rows"] == 1, "{found}");
    ensure!(of["documents_differing"] == 0, "{found}");
    let (code, repaired) = report(env, &["--repair"]).await?;
    ensure!(code == 0 && repaired["differences"] == 0, "{repaired}");
    Ok(())
}

/// What is noted and not published is waited for, and then it is said who is
/// late.
pub async fn documents_that_nobody_publishes_are_named(env: &TestEnv) -> Result<()> {
    let (mut system, views) = imported(env).await?;
    system
        .projector
        .take()
        .context("a projector")?
        .kill9()
        .await?;
    let (order, version, _) = served(&views, 1).await?.remove(0);
    publish(env, &order, version, Some("{}")).await?;
    sqlx::query("INSERT INTO projection_changes (projection, id) VALUES ('orders', $1)")
        .bind(order.parse::<uuid::Uuid>()?)
        .execute(&views)
        .await?;
    let output = env.orderlog(&["verify", "--wait", "1s"]).await?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1), "{}", output.status);
    ensure!(
        error.contains("1 documents are not on orders.state.v1"),
        "{error}"
    );
    system.projector = Some(env.role("projector").spawn()?);
    let (code, clean) = report(env, &[]).await?;
    ensure!(code == 0 && clean["differences"] == 0, "{clean}");
    Ok(())
}
