//! What the store keeps, in the form of `s3s-fs`: objects as files below the folder of
//! their bucket, and beside that folder what it knows of uploads in parts.

use super::BUCKET;
use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// The folder of a store.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

/// An upload that is neither complete nor ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Upload {
    /// The object that it is of.
    pub key: String,
    pub id: String,
    pub begun: SystemTime,
}

impl Folder {
    /// An empty bucket there.
    pub fn new(root: &Path) -> Result<Self> {
        fs::create_dir(root.join(BUCKET))?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn objects(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        collect(&self.root.join(BUCKET), "", &mut names)?;
        names.sort();
        Ok(names)
    }

    pub fn leave_behind(&self, name: &str, before: Duration) -> Result<()> {
        let file = self.root.join(BUCKET).join(name);
        fs::create_dir_all(file.parent().context("no folder")?)?;
        fs::write(&file, "left behind")?;
        make_older(&file, before)
    }

    /// Sorted by their objects.
    pub fn uploads(&self) -> Result<Vec<Upload>> {
        let mut uploads = Vec::new();
        for name in self.names()? {
            let Some((key, id)) = upload_of(&name) else {
                continue;
            };
            // What is complete by now is no upload any more.
            let Ok(known) = fs::metadata(self.upload_file(&id)) else {
                continue;
            };
            let begun = known.modified()?;
            uploads.push(Upload { key, id, begun });
        }
        uploads.sort();
        Ok(uploads)
    }

    pub fn parts(&self) -> Result<usize> {
        let names = self.names()?.into_iter();
        Ok(names.filter(|name| name.starts_with(".upload_id-")).count())
    }

    pub fn make_uploads_older(&self, by: Duration) -> Result<()> {
        for upload in self.uploads()? {
            make_older(&self.upload_file(&upload.id), by)?;
        }
        Ok(())
    }

    fn upload_file(&self, id: &str) -> PathBuf {
        self.root.join(format!(".upload-{id}.json"))
    }

    fn names(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(&self.root)?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect()
    }
}

/// `.bucket-BUCKET.object-KEY.upload-ID.metadata.json`, with both names in base64url.
fn upload_of(name: &str) -> Option<(String, String)> {
    let bucket = URL_SAFE_NO_PAD.encode(BUCKET);
    let rest = name.strip_prefix(&format!(".bucket-{bucket}.object-"))?;
    let (key, id) = rest
        .strip_suffix(".metadata.json")?
        .split_once(".upload-")?;
    let key = String::from_utf8(URL_SAFE_NO_PAD.decode(key).ok()?).ok()?;
    Some((key, id.to_owned()))
}

fn make_older(file: &Path, by: Duration) -> Result<()> {
    let file = fs::File::options().write(true).open(file)?;
    let modified = file.metadata()?.modified()?;
    Ok(file.set_modified(modified - by)?)
}

fn collect(folder: &Path, prefix: &str, names: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}
