//! Operations that end otherwise, and what is kept of them.

use super::scene::{Scene, count};
use crate::bulk::client::{place, stored, text};
use anyhow::{Context as _, Result, ensure};
use infra::{clock, postgres::pool};
use serde_json::{Value, json};
use std::{fs, time::Duration};
use tests::{TestEnv, wait_until};

pub async fn an_operation_that_is_cancelled_has_results_of_what_was_done(
    env: &TestEnv,
) -> Result<()> {
    const LINES: usize = 20_000;
    let scene = Scene::start(env).await?;
    let waiting = scene.upload("", text(&[place("never")])).await?;
    let cancel = async |location: &str| {
        scene
            .api
            .post(&format!("{location}/cancel"), &json!({}))
            .await
    };
    let told = cancel(&waiting).await?.expect(200)?;
    ensure!(told.json["cancel_requested"] == true, "{}", told.json);
    let _worker = scene.worker().await?;
    scene.until_ended(&waiting, "cancelled").await?;
    cancel(&waiting).await?.expect(200)?;

    let lines: Vec<Value> = (0..LINES).map(|n| place(&format!("C{n}"))).collect();
    let location = scene.upload("", text(&lines)).await?;
    scene
        .until(&location, "under way", |operation| {
            count(operation, "done") > 0
        })
        .await?;
    cancel(&location).await?.expect(200)?;
    let ended = scene.until_ended(&location, "cancelled").await?;
    let done = count(&ended, "done");
    ensure!(done > 0 && done < LINES as u64, "{ended}");
    let results = scene.results(&location).await?;
    ensure!(results.results.len() as u64 == done, "{ended}");
    // What was carried out is what has a result.
    ensure!(stored(env).await?.0.cast_unsigned() == done);
    let other = scene.upload("", text(&[place("last")])).await?;
    scene.until_ended(&other, "succeeded").await?;
    let late = cancel(&other).await?;
    late.expect_problem(409, "operation_finished")?;
    let none = cancel("/v1/operations/nothing").await?;
    none.expect_problem(404, "operation_not_found")?;
    Ok(())
}

pub async fn what_was_kept_for_long_enough_is_thrown_away(env: &TestEnv) -> Result<()> {
    let scene = Scene::start(env).await?;
    let ops = pool(&env.config.ops_url, 1)?;
    // One whose job has died, and that nobody has set going again for a day.
    let given_up = scene.upload("", text(&[place("0")])).await?;
    sqlx::query("UPDATE jobs SET state = 'dead', finished_at = now() - interval '25 hours'")
        .execute(&ops)
        .await?;
    let _worker = scene.worker().await?;
    let run = async |external_id: &str| {
        let location = scene.upload("", text(&[place(external_id)])).await?;
        let ended = scene.until_ended(&location, "succeeded").await?;
        anyhow::Ok((location, ended))
    };
    let (old, ended) = run("1").await?;
    let kept_for = sqlx::query_scalar::<_, f64>(
        "SELECT extract(epoch FROM expires_at - finished_at)::float8 / 86400 FROM operations \
          WHERE finished_at IS NOT NULL",
    );
    let days = kept_for.fetch_one(&ops).await?;
    ensure!((days - 30.0).abs() < 0.1, "{days}");
    let (young, _) = run("2").await?;
    sqlx::query("UPDATE operations SET expires_at = now() WHERE id = $1::uuid")
        .bind(ended["id"].as_str().context("an id")?)
        .execute(&ops)
        .await?;
    // An upload that nobody came back for, and one that may be under way.
    for (id, hours) in [(1, 25), (2, 23)] {
        let folder = scene.folder.path().join(format!(
            "operations/00000000-0000-7000-8000-00000000000{id}"
        ));
        fs::create_dir_all(&folder)?;
        let file = fs::File::create(folder.join("input"))?;
        file.set_modified((clock::now() - Duration::from_hours(hours)).into())?;
    }
    // What was uploaded goes after the end was told.
    wait_until("the results and what was left", async || {
        Ok((scene.stored()?.len() == 5).then_some(()))
    })
    .await?;
    env.orderlog_ok(&["schedules", "run", "operations-retention"])
        .await?;
    let left = wait_until("what is old to go", async || {
        let stored = scene.stored()?;
        Ok((stored.len() == 2).then_some(stored))
    })
    .await?;
    let young_id = young.rsplit('/').next().context("an id")?;
    ensure!(
        left.iter().any(|file| file.contains(young_id))
            && left.iter().any(|file| file.contains("00000000002/input")),
        "{left:?}"
    );
    scene
        .read(&old)
        .await?
        .expect_problem(404, "operation_not_found")?;
    scene.results(&young).await?;
    let failed = scene.read(&given_up).await?.expect(200)?.json;
    ensure!(
        !failed["finished_at"].is_null() && failed["error"]["code"] == "gave_up",
        "{failed}"
    );
    Ok(())
}
