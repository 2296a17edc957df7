//! What goes wrong with objects.

use std::{io, path::PathBuf};

/// Why an object cannot be written, read or deleted.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// The setting names no place.
    #[error("objects_url is to be file:///FOLDER or s3://BUCKET/PREFIX, not {0:?}")]
    Url(String),
    /// Half of a pair of keys.
    #[error(
        "objects_s3_access_key and objects_s3_secret_key belong together; with neither, the \
         credentials of the environment are used"
    )]
    HalfAKey,
    /// The endpoint would be told everything in the clear.
    #[error("objects_s3_endpoint is no https:// URL, and objects_s3_allow_http is not set")]
    Unencrypted,
    /// The folder is not there, or cannot be made.
    #[error("the folder {} of objects cannot be used", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A name that no object can have.
    #[error("{0:?} is no name of an object")]
    Name(String),
    /// More came than may.
    #[error("the object is larger than {limit} bytes")]
    TooLarge {
        /// How much may come.
        limit: u64,
    },
    /// The store refuses, or does not answer.
    #[error("the object store failed")]
    Store(#[source] Box<object_store::Error>),
    /// The disk, or the connection.
    #[error("an object could not be written or read")]
    Io(#[source] io::Error),
}

impl From<object_store::Error> for ObjectsError {
    fn from(error: object_store::Error) -> Self {
        Self::Store(Box::new(error))
    }
}

impl From<io::Error> for ObjectsError {
    fn from(error: io::Error) -> Self {
        match error.downcast::<object_store::Error>() {
            Ok(error) => error.into(),
            Err(error) => Self::Io(error),
        }
    }
}

/// Why nothing was put: the store, or whoever sent.
#[derive(Debug, thiserror::Error)]
pub enum PutError<E> {
    /// The store, or the limit.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// What was to be put ended early.
    #[error("what was to be stored ended early")]
    Source(#[source] E),
}
