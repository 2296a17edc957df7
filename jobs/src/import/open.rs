//! Opens a file, decompresses it on the way, and counts how much of it has
//! been read.

use super::ImportError;
use async_compression::tokio::bufread::{GzipDecoder, XzDecoder, ZstdDecoder};
use std::{
    io,
    path::Path,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{
    fs::File,
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, BufReader, ReadBuf},
};

/// First bytes of files of each kind.
const XZ: &[u8] = b"\xFD7zXZ\0";
const ZSTD: &[u8] = b"\x28\xB5\x2F\xFD";
const GZIP: &[u8] = b"\x1F\x8B";
/// Bytes read at a time.
const BUFFER: usize = 64 * 1024;

/// The decompressed bytes of a file.
pub type Reader = Box<dyn AsyncBufRead + Send + Unpin>;

/// An opened file.
pub(super) struct Input {
    /// Its content.
    pub reader: Reader,
    /// Size as it lies on disk, in bytes.
    pub size: u64,
    /// How many of those bytes have been read.
    pub consumed: Arc<AtomicU64>,
}

/// Opens a plain, .gz, .zst or .xz file; which of them it is, its first bytes
/// say.
pub(super) async fn open(path: &Path) -> Result<Input, ImportError> {
    opened(path).await.map_err(|source| ImportError::Open {
        path: path.to_owned(),
        source,
    })
}

async fn opened(path: &Path) -> io::Result<Input> {
    let file = File::open(path).await?;
    let metadata = file.metadata().await?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let consumed = Arc::new(AtomicU64::new(0));
    let counted = Counted {
        inner: file,
        consumed: consumed.clone(),
    };
    let reader = unpacked(BufReader::with_capacity(BUFFER, counted)).await?;
    Ok(Input {
        reader,
        size: metadata.len(),
        consumed,
    })
}

/// What is in a plain, .gz, .zst or .xz file; which of them it is, its first bytes
/// say.
pub(super) async fn unpacked(
    mut raw: impl AsyncBufRead + Send + Unpin + 'static,
) -> io::Result<Reader> {
    /// A file may be several packed ones, one after the other.
    macro_rules! unpacked {
        ($decoder:ident) => {{
            let mut decoder = $decoder::new(raw);
            decoder.multiple_members(true);
            Box::new(BufReader::with_capacity(BUFFER, decoder))
        }};
    }
    let begin = raw.fill_buf().await?;
    Ok(if begin.starts_with(XZ) {
        unpacked!(XzDecoder)
    } else if begin.starts_with(ZSTD) {
        unpacked!(ZstdDecoder)
    } else if begin.starts_with(GZIP) {
        unpacked!(GzipDecoder)
    } else {
        Box::new(raw)
    })
}

/// Counts what passes.
struct Counted<R> {
    inner: R,
    consumed: Arc<AtomicU64>,
}

impl<R: AsyncRead + Unpin> AsyncRead for Counted<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        let read = buf.filled().len() - before;
        self.consumed.fetch_add(read as u64, Ordering::Relaxed);
        polled
    }
}
