//! Objects in a bucket, without roles.

use super::told;
use actix_web::web::Bytes;
use anyhow::{Context as _, Result, ensure};
use futures_util::{future::join_all, stream};
use infra::{
    config::Config,
    objects::{ObjectWriter, Objects, ObjectsError, PutError},
    secret::Secret,
};
use s3_server::Server;
use std::{io, time::Duration};
use tests::wait_until;

/// Whether an error is such one.
type Such = fn(&ObjectsError) -> bool;

/// Two parts, and the beginning of a third one.
const SIZE: usize = 17;
const DAY: Duration = Duration::from_hours(24);

fn objects(store: &Server, change: fn(&mut Config)) -> Result<Objects> {
    let mut config = Config::default();
    told(store)(&mut config);
    change(&mut config);
    Objects::new(&config)?.context("no place")
}

fn piece() -> Bytes {
    Bytes::from(vec![7; 1 << 20])
}

/// An object of which the store has some parts.
async fn half(objects: &Objects, name: &str) -> Result<ObjectWriter> {
    let mut writer = objects.writer(name, u64::MAX)?;
    for _ in 0..SIZE {
        writer.write(piece()).await?;
    }
    Ok(writer)
}

async fn until_ended(store: &Server) -> Result<()> {
    wait_until("no upload to be open", async || {
        Ok((store.open_uploads()? == 0).then_some(()))
    })
    .await
}

pub async fn what_is_not_finished_is_ended_at_once_or_once_it_is_old() -> Result<()> {
    let store = Server::start().await?;
    let ours = objects(&store, |_| {})?;
    let theirs = objects(&store, |config| {
        config.objects_url.push_str("-of-others");
    })?;
    half(&ours, "aborted").await?.abort().await;
    ensure!(store.open_uploads()? == 0);
    let dropped = half(&ours, "dropped").await?;
    ensure!(store.open_uploads()? == 1);
    drop(dropped);
    until_ended(&store).await?;
    let pieces = (0..SIZE).map(|_| Ok(piece())).chain([Err("broken")]);
    let broken = ours.put("broken", u64::MAX, stream::iter(pieces)).await;
    ensure!(matches!(broken, Err(PutError::Source("broken"))));
    let pieces = (0..SIZE).map(|_| Ok::<_, io::Error>(piece()));
    let large = ours.put("large", 10 << 20, stream::iter(pieces)).await;
    ensure!(matches!(
        large,
        Err(PutError::Objects(ObjectsError::TooLarge { .. }))
    ));
    ensure!(store.open_uploads()? == 0);

    // Where the store cannot be told: more than a page of them, and one of others.
    let mut begun = Vec::new();
    for name in ["a/1", "a/2", "b"] {
        begun.push(half(&ours, name).await?);
    }
    begun.push(half(&theirs, "a/1").await?);
    store.go_away();
    join_all(begun.into_iter().map(ObjectWriter::abort)).await;
    store.come_back();
    ensure!(store.open_uploads()? == 4);
    ensure!(ours.delete_unfinished(DAY).await? == 0);
    store.make_uploads_older(DAY + Duration::from_mins(1))?;
    ensure!(ours.delete_unfinished(DAY).await? == 3);
    ensure!(store.open_uploads()? == 1);
    ensure!(theirs.delete_unfinished(DAY).await? == 1);
    ensure!(store.objects()?.is_empty());
    Ok(())
}

pub async fn an_object_that_is_not_there_is_told_from_a_bucket_that_is_not() -> Result<()> {
    let store = Server::start().await?;
    let ours = objects(&store, |_| {})?;
    ensure!(ours.get("nothing", None).await?.is_none());
    ours.delete("nothing").await?;
    let put = async |objects: &Objects| {
        let pieces = stream::iter([Ok::<_, io::Error>(piece())]);
        objects.put("small", u64::MAX, pieces).await
    };
    put(&ours).await?;
    let read = ours.get("small", None).await?.context("it is there")?;
    ensure!(read.bytes().await? == piece());

    let nowhere = objects(&store, |config| {
        "s3://nowhere".clone_into(&mut config.objects_url);
    })?;
    let stranger = objects(&store, |config| {
        config.objects_s3_secret_key = Secret::new("guessed");
    })?;
    let is_nowhere: Such = |error| matches!(error, ObjectsError::NoBucket(_));
    let is_stranger: Such = |error| matches!(error, ObjectsError::Refused(_));
    for (objects, is_so) in [(&nowhere, is_nowhere), (&stranger, is_stranger)] {
        let put = put(objects).await;
        ensure!(
            matches!(&put, Err(PutError::Objects(error)) if is_so(error)),
            "{put:?}"
        );
        let read = objects.get("small", None).await;
        ensure!(matches!(&read, Err(error) if is_so(error)), "{read:?}");
        let deleted = objects.delete("small").await;
        ensure!(
            matches!(&deleted, Err(error) if is_so(error)),
            "{deleted:?}"
        );
        let listed = objects.delete_below("").await;
        ensure!(matches!(&listed, Err(error) if is_so(error)), "{listed:?}");
        // Whoever may not list uploads has a rule of the bucket for them.
        ensure!(objects.delete_unfinished(DAY).await? == 0);
    }
    ensure!(store.objects()?.len() == 1);
    Ok(())
}
