//! Files and filters of exports once somebody is forgotten.

use super::town::{MARL, QUILL, Town};
use anyhow::{Result, ensure};
use serde_json::json;
use tests::TestEnv;

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
