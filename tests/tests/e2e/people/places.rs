//! Where servers and roles keep bytes, and what of somebody is in them.

use super::town::{QUILL, Town};
use anyhow::{Context as _, Result};
use flate2::read::MultiGzDecoder;
use sqlx::{Connection as _, PgConnection};
use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};
use tests::TestEnv;

/// A document, whose text is packed: nothing else draws any here.
pub const DRAWN: &str = "a PDF";

/// Folders, and what is kept there.
pub struct Places(Vec<(String, PathBuf)>);

impl Places {
    /// Those of the servers, the roles and the store of objects.
    pub async fn of(env: &TestEnv, town: &Town<'_>) -> Result<Self> {
        let mut connection = PgConnection::connect(&env.config.views_url).await?;
        let folder: String = sqlx::query_scalar("SHOW data_directory")
            .fetch_one(&mut connection)
            .await?;
        let data = Path::new(&folder).parent().context("no folder")?.to_owned();
        let root = data.parent().context("no folder")?;
        let mut places = vec![
            ("objects".to_owned(), town.scene.folder.path().to_owned()),
            ("logs of servers".to_owned(), root.join("log")),
            ("logs of roles".to_owned(), env.logs().to_owned()),
        ];
        for entry in fs::read_dir(&data)? {
            let path = entry?.path();
            let name = path
                .file_name()
                .context("no name")?
                .to_string_lossy()
                .into_owned();
            places.push((name, path));
        }
        Ok(Self(places))
    }

    /// Where something of the person is, or a document, by place and file.
    pub fn search(&self) -> BTreeSet<String> {
        self.search_in(|_| true)
    }

    /// The same of some places.
    pub fn search_in(&self, such: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (name, folder) in self.0.iter().filter(|(name, _)| such(name)) {
            for file in files(folder) {
                // Files come and go meanwhile.
                let Ok(bytes) = unpacked(&file) else { continue };
                if name == "redis" && memchr::memmem::find(&bytes, b"%PDF-").is_some() {
                    found.insert(DRAWN.to_owned());
                }
                for text in QUILL.texts() {
                    if memchr::memmem::find(&bytes, text.as_bytes()).is_some() {
                        found.insert(name.clone());
                        found.insert(format!("{text:?} in {}", file.display()));
                    }
                }
            }
        }
        found
    }
}

/// What is in a file, as whoever opens it sees it.
fn unpacked(file: &Path) -> io::Result<Vec<u8>> {
    let bytes = fs::read(file)?;
    match file.extension().and_then(|end| end.to_str()) {
        Some("zst") => zstd::decode_all(&bytes[..]),
        Some("gz") => {
            let mut unpacked = Vec::new();
            MultiGzDecoder::new(&bytes[..]).read_to_end(&mut unpacked)?;
            Ok(unpacked)
        }
        _ => Ok(bytes),
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.flatten().map(|entry| entry.path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}
