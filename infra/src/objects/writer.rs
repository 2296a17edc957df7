//! An object while it is written.

use super::ObjectsError;
use actix_web::web::Bytes;
use object_store::{ObjectStore, buffered::BufWriter, path::Path};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::{io::AsyncWriteExt as _, runtime::Handle};

/// Bytes that are sent at a time, once there are more: S3 takes 10,000 parts, so
/// 80 GiB fit.
const PART: usize = 8 << 20;
/// Parts on their way at a time; whoever writes waits beyond them.
const AT_ONCE: usize = 2;

/// An object while it is written: nobody sees it before [`ObjectWriter::finish`].
/// Dropped before, it is taken back.
#[derive(Debug)]
pub struct ObjectWriter {
    /// None once it is finished.
    writer: Option<BufWriter>,
    digest: Sha256,
    size: u64,
    limit: u64,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// In bytes.
    pub size: u64,
    /// Of all of it.
    pub sha256: [u8; 32],
}

impl ObjectWriter {
    pub(super) fn new(store: Arc<dyn ObjectStore>, path: Path, limit: u64) -> Self {
        let writer = BufWriter::with_capacity(store, path, PART);
        Self {
            writer: Some(writer.with_max_concurrency(AT_ONCE)),
            digest: Sha256::new(),
            size: 0,
            limit,
        }
    }

    /// Bytes that were written.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds some bytes; waits while the store has enough of them in hand.
    ///
    /// # Errors
    /// Beyond the limit, and where the store fails: it cannot be finished any
    /// more.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectsError> {
        let size = self.size.saturating_add(bytes.len() as u64);
        if size > self.limit {
            return Err(ObjectsError::TooLarge { limit: self.limit });
        }
        self.digest.update(&bytes);
        self.size = size;
        match &mut self.writer {
            Some(writer) => Ok(writer.put(bytes).await?),
            None => Ok(()),
        }
    }

    /// Makes it visible as a whole, and durable.
    pub async fn finish(mut self) -> Result<Written, ObjectsError> {
        if let Some(mut writer) = self.writer.take() {
            writer.shutdown().await?;
        }
        Ok(Written {
            size: self.size,
            sha256: std::mem::take(&mut self.digest).finalize().into(),
        })
    }

    /// Takes back what was written, before it returns.
    pub async fn abort(mut self) {
        if let Some(writer) = self.writer.take() {
            take_back(writer).await;
        }
    }
}

impl Drop for ObjectWriter {
    fn drop(&mut self) {
        // A folder is tidied by the drop itself, a store has to be told.
        if let (Some(writer), Ok(runtime)) = (self.writer.take(), Handle::try_current()) {
            runtime.spawn(take_back(writer));
        }
    }
}

async fn take_back(mut writer: BufWriter) {
    if let Err(error) = writer.abort().await {
        tracing::warn!(error = %error, "objects.upload_not_taken_back");
    }
}
