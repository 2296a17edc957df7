//! Where an export is written.

use anyhow::Context as _;
use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write as _},
    os::fd::AsFd as _,
    path::{Path, PathBuf},
};
use tokio::task::block_in_place;

/// Whoever read standard output does not any more.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads standard output any more")]
pub struct ReaderGone;

/// A file that has its name only in the end, or standard output.
pub struct Output {
    out: File,
    file: Option<Names>,
}

struct Names {
    unfinished: PathBuf,
    finished: PathBuf,
}

impl Output {
    /// Opens it.
    pub fn create(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(finished) = file else {
            let out = io::stdout().as_fd().try_clone_to_owned();
            let out = File::from(out.context("standard output is closed")?);
            return Ok(Self { out, file: None });
        };
        let mut unfinished = OsString::from(finished);
        unfinished.push(".part");
        let unfinished = PathBuf::from(unfinished);
        let named = || format!("{} cannot be written", unfinished.display());
        Ok(Self {
            out: File::create(&unfinished).with_context(named)?,
            file: Some(Names {
                finished: finished.to_owned(),
                unfinished: unfinished.clone(),
            }),
        })
    }

    /// Writes some of it; waits as long as a reader does.
    pub fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        match block_in_place(|| self.out.write_all(bytes)) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && self.file.is_none() => {
                Err(ReaderGone.into())
            }
            written => written.context("the export cannot be written"),
        }
    }

    /// It is whole: a file is safe on its disk, and gets its name.
    pub fn keep(self) -> anyhow::Result<()> {
        let Some(Names {
            unfinished,
            finished,
        }) = self.file
        else {
            return Ok(());
        };
        block_in_place(|| self.out.sync_all())?;
        let named = || format!("{} cannot be written", finished.display());
        fs::rename(&unfinished, &finished).with_context(named)
    }

    /// It is not: a file is deleted.
    pub fn discard(self) {
        if let Some(names) = self.file {
            // Its name says that it is none.
            let _ = fs::remove_file(names.unfinished);
        }
    }
}
