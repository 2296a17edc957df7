//! Commands: open what they decide on, seal what they store.

use super::{
    diary::{Diaries, Write, customer, text},
    scene::{Process, Scene, place},
};
use anyhow::{Context as _, Result, ensure};
use infra::{
    clock,
    command::{ExecuteError, Outcome},
    config::{Config, EventStoreKind},
    lifecycle::error_chain,
};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use tests::TestEnv;

fn seen(outcome: &Outcome<Diaries>) -> &[Value] {
    &outcome.state.aggregate.seen
}

/// The answer is readable, the log is not, and the next command reads it.
pub async fn what_is_stored_is_sealed(env: &TestEnv, kind: EventStoreKind) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let first = Process::told(&env.config, kind)?;
    let id = clock::new_id();
    let placed = first.write(id, place(id, "ada-lovelace")).await?;
    ensure!(seen(&placed) == [customer("ada-lovelace")], "{placed:?}");
    let second = Process::told(&env.config, kind)?;
    let noted = second.note(id, "ring-twice").await?;
    ensure!(noted.events.len() == 1);
    ensure!(seen(&noted) == [customer("ada-lovelace"), text("ring-twice")]);
    let stored = scene.all_stored().await?;
    for clear in ["ada-lovelace", "example.com", "ring-twice"] {
        ensure!(!stored.contains(clear), "{clear} is in the log: {stored}");
    }
    ensure!(stored.contains(&id.to_string()) && stored.contains("sealed"));
    Ok(())
}

/// Somebody is erased while a command is decided, and has a new key before it is
/// sealed: what the command has of the old data is not written under the new key.
pub async fn what_was_erased_meanwhile_is_not_sealed_again(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let process = scene.process()?;
    let id = process.place("ada-lovelace").await?;
    let erased_meanwhile = AtomicBool::new(false);
    let copied = process.repeat_first(id, async || {
        if !erased_meanwhile.swap(true, Ordering::Relaxed) {
            process.forget(&scene, id).await?;
        }
        Ok(())
    });
    let copied = copied.await?;
    ensure!(erased_meanwhile.into_inner());
    let gone = json!({"erased": true});
    ensure!(seen(&copied) == [gone.clone(), gone], "{copied:?}");
    Ok(())
}

/// The same of what a command has from another aggregate: it is not stored.
pub async fn what_was_erased_meanwhile_is_not_copied_elsewhere(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let process = scene.process()?;
    let id = process.place("ada-lovelace").await?;
    let copied = process.keys_of(id).await?;
    process.forget(&scene, id).await?;
    let other = clock::new_id();
    let placed = Write::Place {
        id: other,
        subject: Some(id),
        personal: customer("ada-lovelace"),
    };
    let refused = process.write_copying(other, placed, copied).await;
    let away = matches!(refused, Err(ExecuteError::Unavailable { .. }));
    ensure!(away, "{refused:?}");
    ensure!(process.stored(other).await?.is_empty());
    Ok(())
}

/// A process whose ops database does not answer.
fn without_keys(config: &Config) -> Result<Process> {
    let mut without = config.clone();
    without.ops_url = "postgres://nobody@127.0.0.1:1/ops".into();
    Process::told(&without, EventStoreKind::Grouped)
}

/// Events without personal data do not need the ops database.
pub async fn without_personal_data_no_key_is_asked_for(env: &TestEnv) -> Result<()> {
    Scene::new(&env.config).await?;
    let process = without_keys(&env.config)?;
    let (id, subject) = (clock::new_id(), None);
    for personal in [Value::Null, serde_json::json!({"erased": true})] {
        let placed = Write::Place {
            id,
            subject,
            personal: personal.clone(),
        };
        process.write(id, placed).await.context("placing")?;
        let note = Write::Note { id, personal };
        process.write(id, note).await.context("noting")?;
    }
    Ok(())
}

/// Personal data is never stored without a key.
pub async fn without_the_keys_nothing_is_stored(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let process = without_keys(&env.config)?;
    let id = clock::new_id();
    let refused = process.write(id, place(id, "ada-lovelace")).await;
    ensure!(
        matches!(
            refused,
            Err(ExecuteError::Unavailable { unknown: false, .. })
        ),
        "{refused:?}"
    );
    let nobody = Write::Place {
        id,
        subject: None,
        personal: customer("ada-lovelace"),
    };
    let refused = scene.process()?.write(id, nobody).await;
    ensure!(
        matches!(refused, Err(ExecuteError::Broken(_))),
        "{refused:?}"
    );
    ensure!(scene.all_stored().await?.is_empty(), "something is stored");
    // What is stored is not read without its key either.
    let id = scene.process()?.place("ada-lovelace").await?;
    let refused = process.note(id, "ring-twice").await;
    ensure!(
        matches!(
            refused,
            Err(ExecuteError::Unavailable { unknown: false, .. })
        ),
        "{refused:?}"
    );
    Ok(())
}

/// Base64 makes a third more of it: what Kafka has to carry is that.
pub async fn the_size_that_counts_is_the_sealed_one(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let process = scene.process()?;
    let id = process.place("ada-lovelace").await?;
    process.note(id, &"x".repeat(600_000)).await?;
    let refused = process.note(id, &"x".repeat(800_000)).await;
    ensure!(
        matches!(refused, Err(ExecuteError::TooLarge { size, .. }) if size > 1_000_000),
        "{:?}",
        refused.map(|outcome| outcome.events.len())
    );
    Ok(())
}

/// One order's customer put into another order's event is damage, not data.
pub async fn a_moved_ciphertext_is_named(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let process = scene.process()?;
    let (ada, eve) = (process.place("ada").await?, process.place("eve").await?);
    sqlx::query(
        "UPDATE events SET payload = (SELECT payload FROM events WHERE aggregate_id = $1) \
          WHERE aggregate_id = $2",
    )
    .bind(ada.to_string())
    .bind(eve.to_string())
    .execute(&scene.log)
    .await?;
    match scene.process()?.note(eve, "ring-twice").await {
        Err(ExecuteError::Broken(source)) => {
            let reason = error_chain(source.as_ref());
            ensure!(reason.contains(&format!("event 1 of {eve}")), "{reason}");
        }
        other => anyhow::bail!("{other:?}"),
    }
    Ok(())
}
