//! The projector opens what it writes to the views; nobody before it does.

use super::scene::{Readers, Scene, following};
use crate::proxy::Proxy;
use anyhow::{Result, ensure};
use infra::views::{ORDERS, parked};
use tests::{TestEnv, wait_until};

/// Names are where they can be rewritten, and nowhere else.
pub async fn log_and_kafka_are_ciphertext_and_views_are_readable(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let (process, readers) = (scene.process()?, scene.readers().await?);
    let id = process.place("ada-lovelace").await?;
    process.note(id, "ring-twice").await?;
    scene.shows(id, "ring-twice").await?;
    let sealed: Vec<String> = sqlx::query_scalar(
        "SELECT coalesce(payload -> 'OrderPlaced', payload -> 'NoteAdded') \
                #>> '{personal,sealed}' FROM events",
    )
    .fetch_all(&scene.log)
    .await?;
    // One ciphertext: what Kafka has is what the log has.
    let published = wait_until("the same ciphertexts on Kafka", async || {
        let published = scene.all_published().await?;
        let there = sealed.iter().all(|sealed| published.contains(sealed));
        Ok((there && sealed.len() == 2).then_some(published))
    })
    .await?;
    let (views, stored) = (scene.all_views().await?, scene.all_stored().await?);
    for clear in ["ada-lovelace", "example.com", "ring-twice"] {
        ensure!(views.contains(clear), "{clear} is not in the views");
        ensure!(!stored.contains(clear), "{clear} is in the log");
        ensure!(!published.contains(clear), "{clear} is on Kafka");
    }
    readers.stop().await
}

/// The ops database goes away and comes back: the role waits, and takes
/// nothing for erased.
pub async fn without_the_keys_it_waits_and_loses_nothing(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let proxy = Proxy::start(&env.config.ops_url).await?;
    let mut through = env.config.clone();
    through.ops_url = proxy.url();
    let readers = Readers::none();
    readers.relay(&env.config)?;
    let projector = readers.projector(&through)?;
    following(&projector).await?;
    let process = scene.process()?;
    let first = process.place("ada-lovelace").await?;
    scene.shows(first, "ada-lovelace").await?;
    proxy.refuse();
    let second = process.place("eve-moneypenny").await?;
    wait_until("word of the keys", async || {
        let workers = format!("{:?}", projector.workers());
        Ok(workers
            .contains("the subject keys cannot be read")
            .then_some(()))
    })
    .await?;
    ensure!(
        scene.document(second).await?.is_none(),
        "it went on without"
    );
    proxy.accept();
    scene.shows(second, "eve-moneypenny").await?;
    readers.stop().await
}

/// An order whose row is lost is folded anew from the log, readable.
pub async fn a_gap_is_refolded_readable(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let (process, readers) = (scene.process()?, scene.readers().await?);
    let id = process.place("ada-lovelace").await?;
    scene.shows(id, "ada-lovelace").await?;
    for table in ["order_events", "order_lines", "orders"] {
        let sql = format!("DELETE FROM {table}");
        sqlx::query(&sql).execute(&scene.views).await?;
    }
    process.note(id, "ring-twice").await?;
    let document = scene.shows(id, "ring-twice").await?;
    ensure!(document.contains("ada-lovelace"), "{document}");
    readers.stop().await
}

/// A ciphertext that belongs to another event parks its order, which is named;
/// what came before it is applied, and other orders are. What waits is
/// ciphertext. Once the log is mended the order is readable.
pub async fn a_damaged_record_parks_its_order(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let readers = Readers::none();
    let projector = readers.projector(&env.config)?;
    following(&projector).await?;
    let process = scene.process()?;
    let id = process.place("ada-lovelace").await?;
    for note in ["sound", "damaged"] {
        process.note(id, note).await?;
    }
    let payload: String = sqlx::query_scalar("SELECT payload::text FROM events WHERE sequence = 3")
        .fetch_one(&scene.log)
        .await?;
    sqlx::query(
        "UPDATE events SET payload = json_build_object('NoteAdded', jsonb_set( \
            (payload -> 'NoteAdded')::jsonb, '{personal}', \
            (SELECT payload #> '{NoteAdded,personal}' FROM events WHERE sequence = 2)::jsonb)) \
          WHERE sequence = 3",
    )
    .execute(&scene.log)
    .await?;
    readers.relay(&env.config)?;
    let other = process.place("eve-moneypenny").await?;
    scene.shows(other, "eve-moneypenny").await?;
    let order = id.to_string();
    let parked = wait_until("the order to be parked", async || {
        parked::find(&scene.views, ORDERS, &order)
            .await
            .map_err(Into::into)
    })
    .await?;
    let named = format!("event 3 of {id}");
    ensure!(parked.reason.contains(&named), "{parked:?}");
    ensure!(parked.version == 2, "{parked:?}");
    scene.shows(id, "sound").await?;
    let waiting = parked::waiting(&scene.views, ORDERS, &order, 1).await?;
    let waits = waiting[0].value.as_deref().unwrap_or_default();
    ensure!(waits.contains("\"sealed\""), "{waits}");

    sqlx::query("UPDATE events SET payload = $1::json WHERE sequence = 3")
        .bind(payload)
        .execute(&scene.log)
        .await?;
    parked::request_redrive(&scene.views, ORDERS, Some(&order)).await?;
    scene.shows(id, "damaged").await?;
    readers.stop().await
}
