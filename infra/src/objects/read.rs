//! An object that is read.

use super::{ObjectsError, error::is_missing};
use crate::http::Source;
use actix_web::web::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use object_store::{GetOptions, GetRange, GetResultPayload, ObjectStore, path::Path};
use std::{fmt, io::SeekFrom, ops::Range, sync::Arc};
use tokio::{
    fs::File,
    io::{AsyncReadExt as _, AsyncSeekExt as _},
};
use tokio_util::io::ReaderStream;

/// Bytes of a file that are read at a time.
const PIECE: usize = 64 << 10;

/// An object, or a part of one.
pub struct Object {
    /// How large it is as a whole, in bytes.
    pub size: u64,
    /// Which part of it comes.
    pub range: Range<u64>,
    /// That part, read as it is taken.
    pub body: BoxStream<'static, Result<Bytes, ObjectsError>>,
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Object");
        shown.field("size", &self.size).field("range", &self.range);
        shown.finish_non_exhaustive()
    }
}

impl Object {
    /// All of the part at once: for what is known to be small.
    pub async fn bytes(self) -> Result<Vec<u8>, ObjectsError> {
        let fold = |mut all: Vec<u8>, piece: Bytes| async move {
            all.extend_from_slice(&piece);
            Ok(all)
        };
        self.body.try_fold(Vec::new(), fold).await
    }
}

impl Source for Object {
    type Error = ObjectsError;

    async fn piece(&mut self) -> Result<Option<Bytes>, ObjectsError> {
        self.body.try_next().await
    }
}

pub(super) async fn get(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    range: Option<GetRange>,
) -> Result<Option<Object>, ObjectsError> {
    let found = store.get_opts(path, GetOptions::new().with_range(range));
    let found = match found.await {
        Ok(found) => found,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let (size, range) = (found.meta.size, found.range.clone());
    let body = match found.payload {
        // The store's own stream takes a task for each 8 KiB.
        GetResultPayload::File(file, _) => {
            let mut file = File::from_std(file);
            file.seek(SeekFrom::Start(range.start)).await?;
            let part = file.take(range.end - range.start);
            ReaderStream::with_capacity(part, PIECE)
                .map_err(ObjectsError::from)
                .boxed()
        }
        GetResultPayload::Stream(stream) => stream.map_err(ObjectsError::from).boxed(),
    };
    Ok(Some(Object { size, range, body }))
}
