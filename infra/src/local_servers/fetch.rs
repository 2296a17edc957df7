//! Fetches the servers as packages, by their coordinates, through Maven and
//! the user's own settings for it.

use super::{LocalServersError, Progress, Step, error::file, unpack};
use crate::hex::hex;
use sha2::{Digest as _, Sha256};
use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
    time::Instant,
};
use tokio::process::Command;

/// What is fetched, pinned.
const POM: &str = include_str!("pom.xml");
/// How Kafka logs; found by log4j on the class path.
const KAFKA_LOGGING: &str = include_str!("log4j2.properties");

/// Where the programs of the servers are.
#[derive(Debug, Clone)]
pub struct Binaries {
    root: PathBuf,
}

/// What the packages call this machine.
struct Platform {
    postgres: &'static str,
    redis_program: &'static str,
}

impl Binaries {
    /// A program of PostgreSQL: `initdb`, `postgres`.
    pub(super) fn postgres(&self, program: &str) -> PathBuf {
        self.root.join("postgres/bin").join(program)
    }

    /// The program of Redis.
    pub(super) fn redis(&self) -> PathBuf {
        self.root.join("redis-server")
    }

    /// Class path of Kafka and its logging.
    pub(super) fn kafka_class_path(&self) -> String {
        let root = self.root.display();
        format!("{root}/conf:{root}/jars/*")
    }

    /// Folder that holds all of them.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}

/// Makes sure that the servers are in `cache`, fetching and unpacking them
/// when they are not. A folder per version of the list: it is renamed into
/// place when complete, so what is there is whole. Several processes may call
/// this at once; one fetches and the others wait.
pub async fn fetch(cache: &Path, progress: Progress<'_>) -> Result<Binaries, LocalServersError> {
    let platform = Platform::of_this_machine()?;
    fs::create_dir_all(cache).map_err(file("create", cache))?;
    let cache = cache.canonicalize().map_err(file("find", cache))?;
    let root = cache.join(platform.version());
    if root.is_dir() {
        return Ok(Binaries { root });
    }
    let _lock = wait_for_lock(cache.join("lock")).await?;
    if !root.is_dir() {
        let what = "fetch PostgreSQL, Redis and Kafka through Maven (once, about 100 MB)";
        progress(Step::Begun(what));
        let began = Instant::now();
        fetch_into(&cache.join("partial"), &root, &platform).await?;
        progress(Step::Done(what, began.elapsed()));
    }
    Ok(Binaries { root })
}

impl Platform {
    fn of_this_machine() -> Result<Self, LocalServersError> {
        match (env::consts::OS, env::consts::ARCH) {
            ("linux", "x86_64") => Ok(Self {
                postgres: "linux-amd64",
                redis_program: "redis-server-7.0.15-linux-amd64",
            }),
            ("linux", "aarch64") => Ok(Self {
                postgres: "linux-arm64v8",
                redis_program: "redis-server-7.0.15-linux-arm64",
            }),
            (os, arch) => Err(LocalServersError::Unsupported { os, arch }),
        }
    }

    /// Name of the folder: changes with the list and the machine.
    fn version(&self) -> String {
        let digest = Sha256::new()
            .chain_update(POM)
            .chain_update(KAFKA_LOGGING)
            .chain_update(self.postgres)
            .finalize();
        hex(&digest[..6])
    }
}

async fn wait_for_lock(path: PathBuf) -> Result<File, LocalServersError> {
    let locked = tokio::task::spawn_blocking(move || {
        let lock = File::create(&path).map_err(file("open", &path))?;
        lock.lock().map_err(file("lock", &path))?;
        Ok(lock)
    });
    locked.await.unwrap_or_else(|panic| {
        Err(file("lock", "the server cache")(std::io::Error::other(
            panic,
        )))
    })
}

async fn fetch_into(
    partial: &Path,
    root: &Path,
    platform: &Platform,
) -> Result<(), LocalServersError> {
    if partial.exists() {
        fs::remove_dir_all(partial).map_err(file("delete", partial))?;
    }
    let conf = partial.join("conf");
    fs::create_dir_all(&conf).map_err(file("create", &conf))?;
    for (path, text) in [
        (partial.join("pom.xml"), POM),
        (conf.join("log4j2.properties"), KAFKA_LOGGING),
    ] {
        fs::write(&path, text).map_err(file("write", &path))?;
    }
    run_maven(partial, platform).await?;

    let (folder, program) = (partial.to_owned(), platform.redis_program);
    let unpacked = tokio::task::spawn_blocking(move || unpack_all(&folder, program));
    unpacked
        .await
        .unwrap_or_else(|panic| Err(file("unpack", partial)(std::io::Error::other(panic))))?;
    fs::rename(partial, root).map_err(file("rename", partial))
}

async fn run_maven(partial: &Path, platform: &Platform) -> Result<(), LocalServersError> {
    let output = Command::new("mvn")
        .args(["-q", "-B", "-f", "pom.xml", "-Dstyle.color=never"])
        .arg("dependency:copy-dependencies")
        .args(["-DoutputDirectory=jars", "-DincludeScope=runtime"])
        .arg(format!("-Dpostgres.platform={}", platform.postgres))
        .current_dir(partial)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|source| LocalServersError::Program {
            program: "mvn".to_owned(),
            hint: "install Maven, for example with `apt-get install maven`",
            source,
        })?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let said = |line: &&str| !matches!(line.trim(), "" | "[ERROR]");
    let lines: Vec<&str> = text.lines().filter(said).collect();
    Err(LocalServersError::Maven {
        status: output.status,
        output: lines[lines.len().saturating_sub(15)..].join("\n"),
    })
}

/// Unpacks PostgreSQL and Redis and deletes their packages, so that `jars`
/// holds Kafka alone.
fn unpack_all(folder: &Path, redis_program: &str) -> Result<(), LocalServersError> {
    let jars = folder.join("jars");
    for entry in fs::read_dir(&jars).map_err(file("read", &jars))? {
        let package = entry.map_err(file("read", &jars))?.path();
        let name = package.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("embedded-postgres-binaries-") {
            unpack::postgres(&package, &folder.join("postgres"))?;
        } else if name.starts_with("embedded-redis-") {
            unpack::redis(&package, redis_program, &folder.join("redis-server"))?;
        } else {
            continue;
        }
        fs::remove_file(&package).map_err(file("delete", &package))?;
    }
    Ok(())
}
