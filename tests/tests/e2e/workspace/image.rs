//! What the build of the image can read (`.dockerignore`): every crate, or it
//! fails where nobody looks.

use super::{list, metadata, text};
use anyhow::{Context as _, ensure};
use std::{fs, path::Path};

/// The folder of every crate is let in by its name.
pub fn reads() -> anyhow::Result<()> {
    let metadata = metadata(&["--no-deps"])?;
    let root = Path::new(text(&metadata, "workspace_root")?);
    let ignored = fs::read_to_string(root.join(".dockerignore"))?;
    let read: Vec<_> = ignored
        .lines()
        .filter_map(|l| l.strip_prefix('!'))
        .collect();
    for package in list(&metadata, "packages")? {
        let manifest = Path::new(text(package, "manifest_path")?).parent();
        let folder = manifest.and_then(|folder| folder.strip_prefix(root).ok());
        let folder = folder.and_then(Path::to_str).context("a folder of ours")?;
        ensure!(read.contains(&folder), ".dockerignore keeps {folder} out");
    }
    Ok(())
}
