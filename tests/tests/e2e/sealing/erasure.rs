//! A subject's key is deleted: what was sealed under it is gone, and nothing
//! else is.

use super::{
    diary::{Diaries, Untagged},
    scene::{Readers, Scene, following},
};
use anyhow::{Result, ensure};
use infra::{command::Outcome, log::LogReader};
use orderlog::{keys::sealing, verify};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tests::{TestEnv, wait_until_within};

fn seen(outcome: &Outcome<Diaries>) -> &[Value] {
    &outcome.state.aggregate.seen
}

/// At once for a process that has not met it, within seconds for one that has
/// it in memory. Commands go on.
pub async fn a_deleted_key_is_gone_for_every_process(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let old = scene.process()?;
    let id = old.place("ada-lovelace").await?;
    scene.erase(id).await?;
    let erased = json!({"erased": true});
    let noted = scene.process()?.note(id, "ring-twice").await?;
    ensure!(seen(&noted)[0] == erased, "{:?}", seen(&noted));
    // Six seconds: five, and a busy machine.
    wait_until_within(
        Duration::from_secs(6),
        "the old process to forget",
        async || {
            let mut stream = old.stored(id).await?;
            old.sealing.open(&mut stream).await?;
            Ok((!stream[0].payload.contains("ada-lovelace")).then_some(()))
        },
    )
    .await
}

/// Views made anew no longer have it; the others' data is as before.
pub async fn a_rebuild_shows_what_is_erased_and_verify_agrees(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let (process, readers) = (scene.process()?, scene.readers().await?);
    let (ada, eve) = (
        process.place("ada-lovelace").await?,
        process.place("eve-moneypenny").await?,
    );
    scene.shows(ada, "ada-lovelace").await?;
    scene.shows(eve, "eve-moneypenny").await?;
    scene.erase(ada).await?;
    let log = LogReader::new(scene.log.clone());
    let (mapping, sealing) = (Arc::new(Untagged), sealing(&env.config)?);
    projections::rebuild(&env.config, log, mapping.clone(), sealing.clone(), &|_| {}).await?;
    let views = scene.all_views().await?;
    ensure!(!views.contains("ada-lovelace"), "{views}");
    ensure!(
        views.contains("eve-moneypenny") && views.contains("\"erased\""),
        "{views}"
    );
    let options = verify::Options {
        wait: Duration::from_mins(1),
        examples: 10,
        sample: None,
        repair: false,
    };
    let report = Box::pin(verify::verify(
        &env.config,
        (mapping, &sealing),
        options,
        &|_| {},
    ))
    .await?;
    ensure!(report.differences == 0, "{report}");
    readers.stop().await
}

/// After an erasure the subject gets a new key with its next event. A
/// projector that has the old one in memory, or knows it as gone, asks again
/// before it takes anything for erased.
pub async fn a_new_key_of_an_erased_subject_is_not_taken_for_the_old_one(
    env: &TestEnv,
) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let readers = Readers::none();
    readers.relay(&env.config)?;
    let projector = readers.projector(&env.config)?;
    following(&projector).await?;
    let id = scene.process()?.place("ada-lovelace").await?;
    scene.shows(id, "ada-lovelace").await?;
    scene.erase(id).await?;
    for note in ["the-first-new-key", "the-second-new-key"] {
        scene.process()?.note(id, note).await?;
        scene.shows(id, note).await?;
        scene.erase(id).await?;
    }
    ensure!(projector.ready());
    readers.stop().await
}
