use super::*;
use crate::secret::Secret;
use futures_util::stream;
use sha2::{Digest as _, Sha256};
use std::{fs, io, os::unix::fs::PermissionsExt as _};
use tempfile::TempDir;

/// More than a part, so that it is sent in several.
const LARGE: usize = 20 << 20;

fn place() -> (TempDir, Objects) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config {
        objects_url: format!("file://{}/objects", folder.path().display()),
        ..Config::default()
    };
    let objects = Objects::new(&config).expect("a folder");
    (folder, objects.expect("is configured"))
}

fn pieces(size: usize) -> impl Iterator<Item = Bytes> {
    (0..size >> 20).map(|n| Bytes::from(vec![n.to_le_bytes()[0]; 1 << 20]))
}

fn stored(folder: &TempDir) -> usize {
    fn files(folder: &std::path::Path) -> usize {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        let count = entries.map(|entry| {
            let path = entry.path();
            if path.is_dir() { files(&path) } else { 1 }
        });
        count.sum()
    }
    files(folder.path())
}

#[tokio::test]
async fn what_was_put_is_read_back_whole_or_in_part() {
    let (folder, objects) = place();
    for size in [0, 3 << 20, LARGE] {
        let sent = stream::iter(pieces(size).map(Ok::<_, io::Error>));
        let written = objects.put("a/b", u64::MAX, sent).await.expect("room");
        let all: Vec<u8> = pieces(size).flatten().collect();
        assert_eq!(written.size, size as u64);
        assert_eq!(written.sha256, <[u8; 32]>::from(Sha256::digest(&all)));
        let read = objects.get("a/b", None).await.expect("read");
        let read = read.expect("is there").bytes().await.expect("read");
        assert!(read == all, "{size}");
    }
    let part = objects.get("a/b", Some(GetRange::Bounded(5..9 << 20)));
    let part = part.await.expect("read").expect("is there");
    assert_eq!((part.size, part.range.clone()), (LARGE as u64, 5..9 << 20));
    let all: Vec<u8> = pieces(LARGE).flatten().collect();
    assert!(part.bytes().await.expect("read") == all[5..9 << 20]);
    assert!(objects.get("a/c", None).await.expect("read").is_none());
    let mode = fs::metadata(folder.path().join("objects")).expect("a folder");
    assert_eq!(mode.permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn nothing_is_seen_before_it_is_whole_and_nothing_left_of_what_is_not() {
    let (folder, objects) = place();
    let mut writer = objects.writer("half", u64::MAX).expect("a name");
    for piece in pieces(LARGE) {
        writer.write(piece).await.expect("room");
    }
    assert!(objects.get("half", None).await.expect("read").is_none());
    assert!(objects.list("").next().await.is_none());
    writer.abort().await;
    assert_eq!(stored(&folder), 0);
    let broken = pieces(LARGE).map(Ok).chain([Err("broken")]);
    let refused = objects.put("half", u64::MAX, stream::iter(broken)).await;
    assert!(matches!(refused, Err(PutError::Source("broken"))));
    let limit = LARGE as u64 - 1;
    let large = stream::iter(pieces(LARGE).map(Ok::<_, io::Error>));
    let refused = objects.put("half", limit, large).await;
    let Err(PutError::Objects(ObjectsError::TooLarge { limit: told })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(told, limit);
    assert_eq!(stored(&folder), 0);
}

#[tokio::test]
async fn what_is_listed_is_deleted_by_its_prefix() {
    let (_folder, objects) = place();
    let put = async |name: &str| {
        let sent = stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"x"))]);
        objects.put(name, 1, sent).await.expect("room");
    };
    for name in ["a/1", "a/2", "ab/1"] {
        put(name).await;
    }
    let listed: Vec<Listed> = objects.list("a").try_collect().await.expect("a list");
    assert_eq!(listed.len(), 2, "{listed:?}");
    let past = crate::clock::now() - listed[0].written_at;
    assert!(past.whole_seconds().abs() < 60 && listed[0].size == 1);
    assert_eq!(objects.delete_below("a").await.expect("deleted"), 2);
    objects.delete("a/1").await.expect("gone is gone");
    let left: Vec<Listed> = objects.list("").try_collect().await.expect("a list");
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].name, "ab/1");
}

#[tokio::test]
async fn what_a_killed_process_began_is_deleted_once_it_is_old() {
    let (folder, objects) = place();
    let begun = folder.path().join("objects/a/input#1");
    fs::create_dir_all(begun.parent().expect("a folder")).expect("made");
    fs::write(&begun, "half").expect("written");
    fs::write(folder.path().join("objects/a/input"), "whole").expect("written");
    let hour = objects.delete_unfinished(Duration::from_hours(1)).await;
    assert_eq!(hour.expect("swept"), 0);
    let now = objects.delete_unfinished(Duration::ZERO).await;
    assert_eq!(now.expect("swept"), 1);
    assert!(!begun.exists());
    assert!(objects.get("a/input", None).await.expect("read").is_some());
}

#[tokio::test]
async fn settings_that_cannot_be_meant_are_refused() {
    let of = |change: fn(&mut Config)| {
        let mut config = Config {
            objects_url: "s3://bucket/some/prefix".into(),
            objects_s3_region: "eu-west-1".into(),
            objects_s3_access_key: "key".into(),
            objects_s3_secret_key: Secret::new("hush"),
            ..Config::default()
        };
        change(&mut config);
        let objects = Objects::new(&config);
        let is_bucket = |objects: Objects| matches!(objects.unfinished, Unfinished::Bucket(_));
        objects.map(|objects| objects.map(is_bucket))
    };
    assert_eq!(of(|_| ()).expect("whole"), Some(true));
    assert_eq!(of(|c| c.objects_url.clear()).expect("none"), None);
    let half = of(|c| c.objects_s3_secret_key = Secret::default());
    assert!(matches!(half, Err(ObjectsError::HalfAKey)));
    let clear: fn(&mut Config) = |c| c.objects_s3_endpoint = "http://minio:9000".into();
    assert!(matches!(of(clear), Err(ObjectsError::Unencrypted)));
    let told = of(|c| {
        c.objects_s3_endpoint = "http://minio:9000".into();
        c.objects_s3_allow_http = true;
    });
    assert!(told.is_ok(), "{told:?}");
    for url in ["ftp://host/a", "nothing", "file://host/a", "s3:///a"] {
        let config = Config {
            objects_url: url.into(),
            ..Config::default()
        };
        let refused = Objects::new(&config);
        assert!(matches!(refused, Err(ObjectsError::Url(_))), "{url}");
    }
}
