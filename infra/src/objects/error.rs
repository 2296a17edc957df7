//! What goes wrong with objects.

use object_store::{Error as StoreError, client::HttpError};
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
    /// There is no such bucket.
    #[error("the bucket in objects_url is not there")]
    NoBucket(#[source] Box<StoreError>),
    /// The keys are others, or may not do this.
    #[error(
        "the object store does not let us in: objects_s3_access_key and objects_s3_secret_key are \
         wrong, or may not do this"
    )]
    Refused(#[source] Box<StoreError>),
    /// The store does not answer, or is not well.
    #[error("the object store failed")]
    Store(#[source] Box<StoreError>),
    /// The same, of what is asked of it directly.
    #[error("the object store does not answer")]
    Unanswered(#[source] HttpError),
    /// An answer that is none.
    #[error("the object store's answer cannot be read")]
    Answer(#[source] Box<quick_xml::DeError>),
    /// The disk, or the connection.
    #[error("an object could not be written or read")]
    Io(#[source] io::Error),
}

impl From<StoreError> for ObjectsError {
    fn from(error: StoreError) -> Self {
        if is_of_bucket(&error) {
            return Self::NoBucket(Box::new(error));
        }
        match error {
            StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => {
                Self::Refused(Box::new(error))
            }
            // Those of lists have no kind of their own.
            error if says(&error, &["status code: 401", "status code: 403"]) => {
                Self::Refused(Box::new(error))
            }
            error => Self::Store(Box::new(error)),
        }
    }
}

/// Whether there is no such object, in a bucket that is there.
pub(super) fn is_missing(error: &StoreError) -> bool {
    matches!(error, StoreError::NotFound { .. }) && !is_of_bucket(error)
}

fn is_of_bucket(error: &StoreError) -> bool {
    says(error, &["<Code>NoSuchBucket</Code>"])
}

/// What a store has answered is told as text alone.
fn says(error: &StoreError, texts: &[&str]) -> bool {
    let told = error.to_string();
    texts.iter().any(|text| told.contains(text))
}

impl From<io::Error> for ObjectsError {
    fn from(error: io::Error) -> Self {
        match error.downcast::<StoreError>() {
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
