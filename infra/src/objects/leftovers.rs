//! What a process that was killed leaves in a folder: an object is written beside
//! its name, as `NAME#1`, which no list shows, and renamed when it is whole.

use super::ObjectsError;
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Deletes what was begun, and not added to for `age`.
pub async fn delete(folder: PathBuf, age: Duration) -> Result<u64, ObjectsError> {
    let deleting = tokio::task::spawn_blocking(move || delete_in(&folder, age));
    let deleted = deleting.await.map_err(io::Error::other)?;
    Ok(deleted?)
}

fn delete_in(folder: &Path, age: Duration) -> io::Result<u64> {
    let mut deleted = 0;
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // Somebody else has tidied here.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        // Whatever vanishes meanwhile is somebody's who has finished.
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        let is_old = metadata.modified()?.elapsed().is_ok_and(|past| past >= age);
        if metadata.is_dir() {
            deleted += delete_in(&entry.path(), age)?;
            if is_old {
                // An empty one; whoever is about to write there makes it again.
                let _ = fs::remove_dir(entry.path());
            }
        } else if is_old && is_unfinished(&entry.path()) && fs::remove_file(entry.path()).is_ok() {
            deleted += 1;
        }
    }
    Ok(deleted)
}

fn is_unfinished(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let count = name.rsplit_once('#').map(|(_, count)| count);
    count.is_some_and(|count| !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()))
}
