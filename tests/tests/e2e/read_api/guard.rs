//! Older documents never take the place of newer ones, whoever is slow.

use super::views;
use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use infra::redis::{Document, DocumentCache, Redis, Version, announce_documents};
use rand::seq::SliceRandom as _;
use std::{
    convert::Infallible,
    future::{Ready, pending, ready},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tests::TestEnv;
use tokio::sync::Notify;

super::suite![
    an_older_document_is_not_kept,
    a_slow_reader_does_not_bring_back_what_was_announced_away,
    racing_writers_leave_the_newest,
    many_who_ask_at_once_are_one_question,
];

const FAMILY: &str = "orders";

type Cache = DocumentCache<Infallible>;

const fn version(build: u64) -> Version {
    Version { build, number: 0 }
}

/// Reads a document of this version.
fn document(build: u64) -> Ready<Result<Option<Document>, Infallible>> {
    ready(Ok(Some(Document {
        version: version(build),
        value: format!("{build}").into(),
        lasting: true,
    })))
}

/// What the cache has under a key.
async fn cached(cache: &Cache, key: &str) -> Option<u64> {
    let found = cache.find(key, None, pending).await;
    found.map(|entry| entry.version.build)
}

async fn put(cache: &Cache, key: &str, build: u64) -> anyhow::Result<()> {
    cache.read_now(key, document(build)).await?;
    Ok(())
}

async fn announce(redis: &Redis, key: &str, build: u64) -> anyhow::Result<()> {
    announce_documents(redis, FAMILY, &[(key.to_owned(), version(build))]).await?;
    Ok(())
}

async fn an_older_document_is_not_kept(env: &TestEnv) -> anyhow::Result<()> {
    let redis = views::redis(&env.config)?;
    let cache = Cache::new(redis.clone(), FAMILY);
    put(&cache, "k", 7).await?;
    put(&cache, "k", 6).await?;
    ensure!(cached(&cache, "k").await == Some(7));
    // An announcement that comes late says nothing new.
    announce(&redis, "k", 6).await?;
    ensure!(cached(&cache, "k").await == Some(7));
    announce(&redis, "k", 8).await?;
    put(&cache, "k", 7).await?;
    ensure!(cached(&cache, "k").await.is_none(), "it is known to be old");
    put(&cache, "k", 8).await?;
    ensure!(cached(&cache, "k").await == Some(8));
    let at_least = cache.find("k", Some(version(9)), pending).await;
    ensure!(at_least.is_none());
    Ok(())
}

async fn a_slow_reader_does_not_bring_back_what_was_announced_away(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let redis = views::redis(&env.config)?;
    let cache = Cache::new(redis.clone(), FAMILY);
    let gate = Arc::new(Notify::new());
    let slow = {
        let (cache, gate) = (cache.clone(), Arc::clone(&gate));
        tokio::spawn(async move {
            let read = async move {
                gate.notified().await;
                document(6).await
            };
            cache.read_now("k", read).await
        })
    };
    announce(&redis, "k", 7).await?;
    gate.notify_one();
    let read = slow.await??.context("a document")?;
    ensure!(read.version == version(6));
    ensure!(cached(&cache, "k").await.is_none());
    Ok(())
}

async fn racing_writers_leave_the_newest(env: &TestEnv) -> anyhow::Result<()> {
    let redis = views::redis(&env.config)?;
    let cache = Cache::new(redis.clone(), FAMILY);
    for round in 0..5 {
        let key = format!("round-{round}");
        let mut versions: Vec<u64> = (1..=60).collect();
        versions.shuffle(&mut rand::rng());
        let writers = versions.into_iter().map(|build| {
            let (cache, redis, key) = (cache.clone(), redis.clone(), key.clone());
            async move {
                if build % 3 == 0 {
                    announce(&redis, &key, build).await?;
                }
                put(&cache, &key, build).await
            }
        });
        try_join_all(writers).await?;
        ensure!(cached(&cache, &key).await == Some(60));
    }
    Ok(())
}

async fn many_who_ask_at_once_are_one_question(env: &TestEnv) -> anyhow::Result<()> {
    let cache = Cache::new(views::redis(&env.config)?, FAMILY);
    let (questions, gate) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let ask = || {
        let (questions, gate) = (Arc::clone(&questions), Arc::clone(&gate));
        cache.read("k", async move {
            questions.fetch_add(1, Ordering::Relaxed);
            gate.notified().await;
            document(3).await
        })
    };
    let mut all = Box::pin(try_join_all((0..20).map(|_| ask())));
    ensure!(futures_util::poll!(&mut all).is_pending());
    gate.notify_one();
    for answer in all.await? {
        ensure!(answer.context("a document")?.version == version(3));
    }
    ensure!(questions.load(Ordering::Relaxed) == 1);
    Ok(())
}
