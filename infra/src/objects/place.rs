//! The settings of objects, and the store that they name.

use super::{Objects, ObjectsError, Unfinished, uploads::Uploads};
use crate::config::Config;
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    local::LocalFileSystem,
    path::Path as ObjectPath,
    prefix::PrefixStore,
};
use std::{
    fmt, fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use url::Url;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long nothing may come of an answer. Not how long all of it may take:
/// whoever downloads sets the pace.
const SILENCE: Duration = Duration::from_mins(1);
/// How long a request is sent again, and how often.
const RETRYING: Duration = Duration::from_secs(30);
const RETRIES: usize = 5;
/// How long a store may keep whoever writes waiting and take it after all, at most: a
/// request that is sent again for the last time, after the longest pause, and is
/// silent for as long as it may.
pub const PATIENCE: Duration = Duration::from_mins(2);
/// The longest pause between requests that are sent again.
const PAUSE: Duration = Duration::from_secs(15);
const _: () = assert!(
    PATIENCE.as_secs()
        >= RETRYING.as_secs() + PAUSE.as_secs() + CONNECT.as_secs() + SILENCE.as_secs()
);

/// Where objects are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In this folder.
    Folder(PathBuf),
    /// In this bucket of an S3-compatible store.
    S3 {
        /// Its name.
        bucket: String,
        /// What the name of each object begins with there.
        prefix: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "folder {}", folder.display()),
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "bucket {bucket}"),
            Self::S3 { bucket, prefix } => write!(f, "bucket {bucket}, prefix {prefix}"),
        }
    }
}

impl Place {
    /// What the settings say; none where they say nothing.
    pub fn of(config: &Config) -> Result<Option<Self>, ObjectsError> {
        let text = &config.objects_url;
        if text.is_empty() {
            return Ok(None);
        }
        let unknown = || ObjectsError::Url(text.clone());
        let url = Url::parse(text).map_err(|_| unknown())?;
        match url.scheme() {
            "file" => {
                let folder = url.to_file_path().map_err(|()| unknown())?;
                Ok(Some(Self::Folder(folder)))
            }
            "s3" => {
                let bucket = url.host_str().ok_or_else(unknown)?.to_owned();
                let prefix = url.path().trim_matches('/').to_owned();
                check_s3(config)?;
                Ok(Some(Self::S3 { bucket, prefix }))
            }
            _ => Err(unknown()),
        }
    }

    /// The store.
    pub fn open(self, config: &Config) -> Result<Objects, ObjectsError> {
        match self {
            Self::Folder(folder) => {
                make(&folder)?;
                let store = LocalFileSystem::new_with_prefix(&folder)?;
                Ok(Objects {
                    store: Arc::new(store.with_fsync(true).with_automatic_cleanup(true)),
                    unfinished: Unfinished::Folder(folder),
                })
            }
            Self::S3 { bucket, prefix } => {
                let client = client(config);
                let store = s3(config, &bucket, client.clone())?;
                Ok(Objects {
                    unfinished: Unfinished::Bucket(Uploads::new(store.clone(), &client, &prefix)?),
                    store: prefixed(store, &prefix)?,
                })
            }
        }
    }

    /// Fails where the folder is not there yet.
    pub fn check_folder(&self) -> Result<(), ObjectsError> {
        match self {
            Self::Folder(folder) => fs::read_dir(folder)
                .map(|_| ())
                .map_err(|source| unusable(folder, source)),
            Self::S3 { .. } => Ok(()),
        }
    }
}

fn check_s3(config: &Config) -> Result<(), ObjectsError> {
    if config.objects_s3_access_key.is_empty() != config.objects_s3_secret_key.is_empty() {
        return Err(ObjectsError::HalfAKey);
    }
    let endpoint = &config.objects_s3_endpoint;
    let is_clear = !endpoint.is_empty() && !endpoint.starts_with("https://");
    if is_clear && !config.objects_s3_allow_http {
        return Err(ObjectsError::Unencrypted);
    }
    Ok(())
}

/// Makes the folder, for us alone: what customers upload has their names in it.
fn make(folder: &Path) -> Result<(), ObjectsError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder
        .create(folder)
        .map_err(|source| unusable(folder, source))
}

fn unusable(folder: &Path, source: std::io::Error) -> ObjectsError {
    ObjectsError::Folder {
        folder: folder.to_owned(),
        source,
    }
}

fn client(config: &Config) -> ClientOptions {
    ClientOptions::new()
        .with_allow_http(config.objects_s3_allow_http)
        .with_connect_timeout(CONNECT)
        .with_timeout_disabled()
        .with_read_timeout(SILENCE)
}

/// The bucket. Its name stands in the path, not in the host, and objects are deleted
/// one by one: that is how all of the compatible stores take it.
fn s3(config: &Config, bucket: &str, client: ClientOptions) -> Result<AmazonS3, ObjectsError> {
    let mut builder = if config.objects_s3_access_key.is_empty() {
        AmazonS3Builder::from_env()
    } else {
        AmazonS3Builder::new()
            .with_access_key_id(&config.objects_s3_access_key)
            .with_secret_access_key(config.objects_s3_secret_key.reveal())
    };
    if !config.objects_s3_endpoint.is_empty() {
        builder = builder.with_endpoint(&config.objects_s3_endpoint);
    }
    if !config.objects_s3_region.is_empty() {
        builder = builder.with_region(&config.objects_s3_region);
    }
    let store = builder
        .with_client_options(client)
        .with_virtual_hosted_style_request(false)
        .with_disable_bulk_delete(true)
        .with_bucket_name(bucket)
        .with_retry(RetryConfig {
            max_retries: RETRIES,
            retry_timeout: RETRYING,
            backoff: BackoffConfig {
                max_backoff: PAUSE,
                ..BackoffConfig::default()
            },
        });
    Ok(store.build()?)
}

fn prefixed(store: AmazonS3, prefix: &str) -> Result<Arc<dyn ObjectStore>, ObjectsError> {
    if prefix.is_empty() {
        return Ok(Arc::new(store));
    }
    let prefix = ObjectPath::parse(prefix).map_err(|_| ObjectsError::Name(prefix.to_owned()))?;
    Ok(Arc::new(PrefixStore::new(store, prefix)))
}
