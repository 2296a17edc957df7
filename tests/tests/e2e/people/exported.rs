//! Files and filters of exports once somebody is forgotten.

use super::town::{self, MARL, QUILL, Town};
use anyhow::{Result, ensure};
use infra::postgres;
use serde_json::json;
use tests::{TestEnv, wait_until};

/// Several channels in one text are several; a file of another one alone stays.
pub async fn a_file_of_several_channels_is_taken_back_however_they_were_asked_for(
    env: &TestEnv,
) -> Result<()> {
    let town = Town::open(env).await?;
    town.order(&QUILL, Some("c-1")).await?;
    town.order(&MARL, Some("c-2")).await?;
    let mut exports = Vec::new();
    for (platform, state) in [
        (json!("web,shop"), "expired"),
        (json!(["shop", "web"]), "expired"),
        (json!(["shop,web", "pos"]), "expired"),
        (json!("web"), "expired"),
        (json!("shop,pos"), "done"),
    ] {
        let filters = json!({"platform": platform});
        let body = json!({"kind": "orders", "format": "csv", "filters": filters});
        exports.push((town.export(&body).await?, state));
    }
    town.done("erase", &json!({"platform": "web", "customer_id": "c-1"}))
        .await?;
    for (export, state) in &exports {
        let export = town.see(export).await?.expect(200)?.json;
        ensure!(export["state"] == *state, "{export}");
    }
    let files = town.scene.stored()?;
    let left = files.iter().filter(|file| file.contains("/exports/"));
    ensure!(left.count() == 1, "{files:?}");
    Ok(())
}

/// Ids and words that name somebody; what others are named by is left.
pub async fn filters_that_name_somebody_are_forgotten(env: &TestEnv) -> Result<()> {
    let town = Town::open(env).await?;
    let mut body = town::order(&QUILL, Some("c-1"));
    body["external_id"] = "T-1".into();
    let placed = town
        .scene
        .api
        .post("/v1/orders", &body)
        .await?
        .expect(201)?;
    let path = placed.header("location").to_owned();
    town.read(&path, &placed.json["position"]).await?;
    let mut exports = Vec::new();
    for (filters, left) in [
        (
            json!({"customer": ["c-1", "c-2"]}),
            json!({"customer": ["[erased]", "c-2"]}),
        ),
        (
            json!({"external_id": "T-1", "platform": "web,shop"}),
            json!({"external_id": "[erased]", "platform": "web,shop"}),
        ),
        (json!({"q": "quillfeather"}), json!({"q": "[erased]"})),
        (
            json!({"customer": "c-1", "platform": "shop"}),
            json!({"customer": "c-1", "platform": "shop"}),
        ),
        (json!({"external_id": "T-2"}), json!({"external_id": "T-2"})),
    ] {
        let body = json!({"kind": "orders", "format": "csv", "filters": filters});
        exports.push((town.export(&body).await?, left));
    }
    town.done("erase", &json!({"platform": "web", "customer_id": "c-1"}))
        .await?;
    for (export, left) in &exports {
        let export = town.see(export).await?.expect(200)?.json;
        ensure!(export["filters"] == *left, "{export}");
    }
    Ok(())
}

/// What names somebody cannot be forgotten before it was looked for.
pub async fn an_export_that_waits_and_names_somebody_keeps_an_erasure_open(
    env: &TestEnv,
) -> Result<()> {
    let mut town = Town::open(env).await?;
    town.order(&QUILL, Some("c-1")).await?;
    town.kill_worker().await?;
    let body = json!({"kind": "orders", "format": "csv", "filters": {"customer": "c-1"}});
    let asked = town.scene.api.post("/v1/exports", &body).await?;
    let export = asked.expect(202)?.header("location").to_owned();
    let ops = postgres::pool(&env.config.ops_url, 1)?;
    let due_in = async |hours: f64| {
        let sql = "UPDATE jobs SET run_at = now() + $1 * interval '1 hour', \
                          announce_at = now() + $1 * interval '1 hour' \
                    WHERE id = (SELECT job_id FROM exports) AND state = 'pending'";
        let done = sqlx::query(sql).bind(hours).execute(&ops).await?;
        ensure!(done.rows_affected() == 1, "it does not wait");
        Ok::<_, anyhow::Error>(())
    };
    due_in(1.0).await?;
    town.worker = Some(town.scene.worker().await?);
    let body = json!({"platform": "web", "customer_id": "c-1"});
    let location = town.ask("erase", &body).await?;
    wait_until("word of the export", async || {
        let sql = "SELECT coalesce(j.progress ->> 'text', '') \
                     FROM operations o JOIN jobs j ON j.id = o.job_id";
        let text: String = sqlx::query_scalar(sql).fetch_one(&ops).await?;
        Ok(text.contains("1 exports are not written yet").then_some(()))
    })
    .await?;
    due_in(0.0).await?;
    town.scene.until_ended(&location, "succeeded").await?;
    let export = town.see(&export).await?.expect(200)?.json;
    ensure!(export["filters"]["customer"] == "[erased]", "{export}");
    Ok(())
}
