//! Lines that are taken now and carried out later.

use crate::exports::no_object_storage;
use actix_web::web::Bytes;
use futures_util::{Stream, future, stream};
use infra::{
    config::Config,
    http::{Forwarding, LineError, Pieces, Problem, Source as _, body::too_large},
    objects::{Objects, ObjectsError, PutError, Written},
};
use sqlx::PgPool;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Uploads at a time: each has some 24 MiB in hand.
const AT_ONCE: usize = 8;

const UPLOADS: &str = "orderlog_operation_uploads_total";

/// Where uploads go.
pub struct Uploads {
    /// Operations.
    pub ops: PgPool,
    /// Their lines; none where nobody has configured that.
    objects: Option<Objects>,
    /// Most bytes of one.
    limit: u64,
    places: Semaphore,
}

impl Uploads {
    /// As it is configured.
    pub fn new(config: &Config, ops: PgPool) -> Result<Self, ObjectsError> {
        metrics::describe_counter!(UPLOADS, "Uploads of operations, by outcome");
        for outcome in ["taken", "repeated", "refused", "too_large", "broken"] {
            metrics::counter!(UPLOADS, "outcome" => outcome).increment(0);
        }
        Ok(Self {
            ops,
            objects: Objects::new(config)?,
            limit: config.operation_max_bytes,
            places: Semaphore::new(AT_ONCE),
        })
    }

    /// A place for an upload.
    ///
    /// # Errors
    /// 503 where there is none, or nowhere to put what comes.
    pub fn begin(&self) -> Result<Upload<'_>, Problem> {
        let objects = self.objects.as_ref().ok_or_else(no_object_storage)?;
        let place = self.places.try_acquire().map_err(|_| {
            let full = Problem::unavailable(5);
            full.detail("as many operations are uploaded as this process takes at a time")
        })?;
        Ok(Upload {
            objects,
            limit: self.limit,
            _place: place,
        })
    }
}

/// What became of an upload.
pub fn count(outcome: &'static str) {
    metrics::counter!(UPLOADS, "outcome" => outcome).increment(1);
}

/// A place for an upload; free again when it is dropped.
pub struct Upload<'a> {
    objects: &'a Objects,
    limit: u64,
    _place: SemaphorePermit<'a>,
}

impl Upload<'_> {
    /// Stores the lines of an operation, or the file that they are made of, as they
    /// come.
    ///
    /// # Errors
    /// What is wrong with the body, 413 where it is too large, 503 where it
    /// cannot be stored; nothing is left then.
    pub async fn store(
        &self,
        name: &str,
        (pieces, forwarding): (Pieces, Forwarding),
    ) -> Result<Written, Problem> {
        let put = self.objects.put(name, self.limit, bytes_of(pieces));
        // The body is handed on by the thread of the connection, beside that.
        let (put, ()) = future::join(put, forwarding).await;
        put.map_err(|error| self.refused(&error))
    }

    /// Takes an upload back that nobody needs.
    pub async fn drop_stored(&self, name: &str) {
        // Retention finds what is left over.
        if let Err(error) = self.objects.delete(name).await {
            tracing::warn!(object = name, error = %error, "operation.upload_left_over");
        }
    }

    fn refused(&self, error: &PutError<LineError>) -> Problem {
        match error {
            PutError::Source(error) => {
                count("broken");
                error.problem()
            }
            PutError::Objects(ObjectsError::TooLarge { .. }) => {
                count("too_large");
                too_large(usize::try_from(self.limit).unwrap_or(usize::MAX))
            }
            PutError::Objects(error) => Problem::unavailable(5)
                .detail("the upload cannot be stored")
                .caused_by(error),
        }
    }
}

fn bytes_of(pieces: Pieces) -> impl Stream<Item = Result<Bytes, LineError>> + Send {
    stream::try_unfold(pieces, |mut pieces| async move {
        let piece = pieces.piece().await?;
        Ok(piece.map(|piece| (piece, pieces)))
    })
}
