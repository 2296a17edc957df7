//! The file that remembers how far a replay came.

use super::{args::Request, lines::FileMark};
use anyhow::{Context as _, ensure};
use contracts::PositionToken;
use infra::epoch::LogIdentity;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// How far it came. Nothing in it is ahead of what was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Last event that was read, whether it was wanted or not.
    pub position: Option<PositionToken>,
    /// Events that were written.
    pub count: u64,
    /// How long the file was, where standard output is one.
    pub file: Option<FileMark>,
}

#[derive(Serialize, Deserialize)]
struct Content {
    log: LogIdentity,
    request: Request,
    reached: Reached,
}

/// The file, and what it is about.
pub struct Resume {
    path: PathBuf,
    content: Content,
}

impl Resume {
    /// Reads it, or begins it. `log` is the identity of the log's first epoch,
    /// which it keeps for ever.
    pub fn open(path: &Path, log: LogIdentity, request: Request) -> anyhow::Result<Self> {
        let path = path.to_owned();
        let named = format!("the resume file {}", path.display());
        let content = match fs::read(&path) {
            Ok(bytes) => {
                let content: Content = serde_json::from_slice(&bytes)
                    .with_context(|| format!("{named} is not one, or is damaged"))?;
                ensure!(
                    content.log == log,
                    "{named} belongs to another log: {}",
                    content.log
                );
                ensure!(
                    content.request == request,
                    "{named} belongs to a replay with other filters, another beginning or end, or \
                     another target: repeat that command, or name another file"
                );
                content
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Content {
                log,
                request,
                reached: Reached::default(),
            },
            Err(error) => return Err(error).with_context(|| format!("{named} cannot be read")),
        };
        Ok(Self { path, content })
    }

    /// How far the last run came.
    pub const fn reached(&self) -> &Reached {
        &self.content.reached
    }

    /// Replaces the file as a whole: whatever happens, there is the old one or
    /// the new one.
    pub fn save(&mut self, reached: &Reached) -> anyhow::Result<()> {
        self.content.reached = reached.clone();
        self.write()
            .with_context(|| format!("the resume file {} cannot be written", self.path.display()))
    }

    fn write(&self) -> io::Result<()> {
        let mut name = self.path.clone().into_os_string();
        name.push(".new");
        let mut file = File::create(&name)?;
        serde_json::to_writer(&file, &self.content)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&name, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::super::args::Place;
    use super::*;

    fn log(system: &str) -> LogIdentity {
        LogIdentity {
            system: system.to_owned(),
            timeline: None,
            database: 5,
        }
    }

    fn request(platform: &str) -> Request {
        Request {
            from: Place::Start,
            to: None,
            types: Vec::new(),
            platforms: vec![platform.to_owned()],
            orders: Vec::new(),
            to_topic: None,
        }
    }

    #[test]
    fn what_was_reached_is_there_the_next_time_and_for_the_same_replay_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("position");
        let mut resume = Resume::open(&path, log("1"), request("web")).expect("new");
        assert_eq!(resume.reached(), &Reached::default());
        let reached = Reached {
            count: 7,
            ..Reached::default()
        };
        resume.save(&reached).expect("writable");
        let again = Resume::open(&path, log("1"), request("web")).expect("there");
        assert_eq!(again.reached(), &reached);
        for (log, request) in [(log("2"), request("web")), (log("1"), request("shop"))] {
            let refused = Resume::open(&path, log, request).err();
            let refused = refused.expect("another one").to_string();
            assert!(refused.contains("belongs to"), "{refused}");
        }
        fs::write(&path, "{").expect("writable");
        assert!(Resume::open(&path, log("1"), request("web")).is_err());
    }
}
