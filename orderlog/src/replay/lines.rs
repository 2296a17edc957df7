//! Standard output: one event a line.

use anyhow::Context as _;
use infra::log::PublishedEvent;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, Seek as _, SeekFrom, Write as _},
    os::{fd::AsFd as _, unix::fs::MetadataExt as _},
};
use tokio::task::block_in_place;

/// Lines are written in pieces of about this size.
const PIECE: usize = 64 << 10;

/// Whoever read standard output does not any more.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads standard output any more")]
pub struct ReaderGone;

/// What is known to be written, where standard output is a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMark {
    device: u64,
    inode: u64,
    length: u64,
}

/// Standard output.
pub struct Lines {
    out: File,
    buffer: Vec<u8>,
    regular: bool,
}

impl Lines {
    /// Takes hold of it. A file that a last run left with `mark` is cut back to
    /// that, as what comes after it will come again; if it is another file, or a
    /// pipe, it stays as it is.
    pub fn open(mark: Option<FileMark>) -> anyhow::Result<Self> {
        let out = io::stdout().as_fd().try_clone_to_owned();
        let mut out = File::from(out.context("standard output is closed")?);
        let metadata = out.metadata()?;
        let regular = metadata.is_file();
        if let Some(mark) = mark {
            let same = regular && (metadata.dev(), metadata.ino()) == (mark.device, mark.inode);
            if same && metadata.len() > mark.length {
                out.set_len(mark.length)
                    .context("what the last run left unfinished cannot be cut off")?;
                out.seek(SeekFrom::End(0))?;
            }
        }
        Ok(Self {
            out,
            buffer: Vec::with_capacity(2 * PIECE),
            regular,
        })
    }

    /// One event.
    pub fn write(&mut self, event: &PublishedEvent) -> anyhow::Result<()> {
        let line = event.envelope.to_json(&event.data);
        let line = line.with_context(|| format!("event {} is not JSON", event.envelope.id))?;
        self.write_line(&line)
    }

    /// A line of another kind.
    pub fn write_line(&mut self, line: &[u8]) -> anyhow::Result<()> {
        self.buffer.extend_from_slice(line);
        self.buffer.push(b'\n');
        if self.buffer.len() >= PIECE {
            self.flush()?;
        }
        Ok(())
    }

    /// Hands on what was written. Waits as long as the reader does.
    pub fn flush(&mut self) -> anyhow::Result<()> {
        let written = block_in_place(|| self.out.write_all(&self.buffer));
        self.buffer.clear();
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ReaderGone.into()),
            written => written.context("standard output cannot be written"),
        }
    }

    /// The same, and a file is safe on its disk; how long it is then.
    pub fn settle(&mut self) -> anyhow::Result<Option<FileMark>> {
        self.flush()?;
        if !self.regular {
            return Ok(None);
        }
        block_in_place(|| self.out.sync_data())?;
        let metadata = self.out.metadata()?;
        Ok(Some(FileMark {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
        }))
    }
}
