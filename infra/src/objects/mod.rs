//! Large objects: what is uploaded, and what is made to be downloaded, in a
//! folder or an S3-compatible store (`objects_url`).
//!
//! | file | what |
//! |---|---|
//! | `place.rs` | the settings, and the store that they name |
//! | `writer.rs` | an object while it is written |
//! | `read.rs` | an object that is read, all or a part of it |
//! | `leftovers.rs` | what a killed process leaves in a folder |
//! | `uploads.rs` | what it leaves in a bucket |
//! | `error.rs` | what goes wrong |
//!
//! An object is there as a whole or not at all, whoever is killed meanwhile, and
//! durable once [`ObjectWriter::finish`] or [`Objects::put`] has answered. Names
//! are paths, `operations/ID/input`. Nobody else's memory of what there is: rows
//! in the ops database say which objects count, and schedules delete the others.

mod error;
mod leftovers;
mod place;
mod read;
#[cfg(test)]
mod tests;
mod uploads;
mod writer;

pub use error::{ObjectsError, PutError};
pub use object_store::GetRange;
pub use place::PATIENCE;
pub use read::Object;
pub use writer::{ObjectWriter, Written};

use crate::config::Config;
use actix_web::web::Bytes;
use error::is_missing;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream::BoxStream};
use object_store::{ObjectStore, ObjectStoreExt as _, path::Path};
use std::{path::PathBuf, sync::Arc, time::Duration};
use time::OffsetDateTime;
use uploads::Uploads;

/// Where objects are.
#[derive(Debug, Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    unfinished: Unfinished,
}

/// Where that is which was begun and not finished.
#[derive(Debug, Clone)]
enum Unfinished {
    /// Beside what is whole.
    Folder(PathBuf),
    /// Nowhere among the objects.
    Bucket(Uploads),
}

/// What a list says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its size, in bytes.
    pub size: u64,
    /// When it was written, to the second.
    pub written_at: OffsetDateTime,
}

impl Objects {
    /// The place that is configured, none where none is; a folder is made.
    ///
    /// # Errors
    /// Settings that cannot be meant, and a folder that cannot be made.
    pub fn new(config: &Config) -> Result<Option<Self>, ObjectsError> {
        let place = place::Place::of(config)?;
        place.map(|place| place.open(config)).transpose()
    }

    /// What is written under this name, once it is whole; at most `limit` bytes.
    /// An object of that name is replaced then.
    pub fn writer(&self, name: &str, limit: u64) -> Result<ObjectWriter, ObjectsError> {
        Ok(ObjectWriter::new(
            Arc::clone(&self.store),
            path(name)?,
            limit,
        ))
    }

    /// Writes what comes, as fast as the store takes it.
    ///
    /// # Errors
    /// Whatever `pieces` ends with, or the store says; nothing is left then.
    pub async fn put<E>(
        &self,
        name: &str,
        limit: u64,
        pieces: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<Written, PutError<E>> {
        let mut writer = self.writer(name, limit)?;
        let mut pieces = std::pin::pin!(pieces);
        while let Some(piece) = pieces.next().await {
            let taken = match piece {
                Ok(piece) => writer.write(piece).await.map_err(PutError::Objects),
                Err(error) => Err(PutError::Source(error)),
            };
            if let Err(error) = taken {
                writer.abort().await;
                return Err(error);
            }
        }
        Ok(writer.finish().await?)
    }

    /// An object, or a part of it; none where there is none of this name.
    pub async fn get(
        &self,
        name: &str,
        range: Option<GetRange>,
    ) -> Result<Option<Object>, ObjectsError> {
        read::get(&self.store, &path(name)?, range).await
    }

    /// Deletes an object, if there is one of this name.
    pub async fn delete(&self, name: &str) -> Result<(), ObjectsError> {
        match self.store.delete(&path(name)?).await {
            Err(error) if !is_missing(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Everything below `prefix`, in no order; `a` is above `a/b`, not above
    /// `ab`.
    pub fn list(&self, prefix: &str) -> BoxStream<'static, Result<Listed, ObjectsError>> {
        let prefix = Path::from(prefix);
        let listed = self.store.list(Some(&prefix));
        let told = listed.map_ok(|meta| Listed {
            name: meta.location.to_string(),
            size: meta.size,
            written_at: OffsetDateTime::from_unix_timestamp(meta.last_modified.timestamp())
                .unwrap_or(OffsetDateTime::UNIX_EPOCH),
        });
        told.map_err(ObjectsError::from).boxed()
    }

    /// Deletes everything below `prefix`, and says how much that was.
    pub async fn delete_below(&self, prefix: &str) -> Result<u64, ObjectsError> {
        let mut deleted = 0;
        let mut listed = self.list(prefix);
        while let Some(object) = listed.try_next().await? {
            self.delete(&object.name).await?;
            deleted += 1;
        }
        Ok(deleted)
    }

    /// Deletes what was begun and never finished, by processes that were killed or
    /// whose store was away: in a folder what nothing was added to for `age`, in a
    /// bucket what was begun so long ago. How much that was.
    pub async fn delete_unfinished(&self, age: Duration) -> Result<u64, ObjectsError> {
        match &self.unfinished {
            Unfinished::Folder(folder) => leftovers::delete(folder.clone(), age).await,
            Unfinished::Bucket(uploads) => uploads.end(age).await,
        }
    }
}

/// Asks the place that is configured whether it answers, changing nothing; none
/// where none is configured.
pub async fn check(config: &Config) -> Result<Option<String>, ObjectsError> {
    let Some(place) = place::Place::of(config)? else {
        return Ok(None);
    };
    place.check_folder()?;
    let (what, objects) = (place.to_string(), place.open(config)?);
    let first = objects.list("").next().await;
    first.transpose()?;
    Ok(Some(what))
}

fn path(name: &str) -> Result<Path, ObjectsError> {
    Path::parse(name).map_err(|_| ObjectsError::Name(name.to_owned()))
}
