//! Roles as processes: the real binary, killed for real.

use crate::{TestEnv, binary, live, wait_until};
use anyhow::{Context as _, bail};
use infra::{config::Config, local_servers::free_port};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};
use tokio::process::{Child, Command};

/// Lines of a role's log that a failure shows.
const TAIL_LINES: usize = 25;

/// A role before its start.
#[derive(Debug)]
pub struct RoleBuilder<'a> {
    env: &'a TestEnv,
    name: String,
    args: Vec<String>,
    variables: Vec<(String, OsString)>,
    config: Config,
    listen: Option<String>,
}

impl<'a> RoleBuilder<'a> {
    pub(crate) fn new(env: &'a TestEnv, subcommand: &str) -> Self {
        Self {
            env,
            name: subcommand.to_owned(),
            args: vec![subcommand.to_owned()],
            variables: Vec::new(),
            config: env.config.clone(),
            listen: None,
        }
    }

    /// More arguments.
    #[must_use]
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    /// A variable of its environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Another configuration than the rest of the test's.
    #[must_use]
    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Where it listens, where others know it by its address.
    #[must_use]
    pub fn at(mut self, address: impl Into<String>) -> Self {
        self.listen = Some(address.into());
        self
    }

    /// Starts it. Each role listens on a port of its own, unless [`Self::at`]
    /// says where, whatever `listen` says.
    pub fn spawn(self) -> anyhow::Result<Role> {
        let mut config = self.config;
        config.listen = match self.listen {
            Some(address) => address,
            None => format!("127.0.0.1:{}", free_port()?),
        };
        let (log, path) = next_log(self.env.logs(), &self.name)?;
        let child = command(&config)?
            .args(&self.args)
            .envs(self.variables)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("orderlog {} cannot be started", self.args.join(" ")))?;
        let id = child.id().context("the role has no process id")?;
        let pid = Pid::from_raw(i32::try_from(id)?).context("a process id of zero")?;
        live::add_role(pid);
        Ok(Role {
            name: self.name,
            url: format!("http://{}", config.listen),
            child,
            pid,
            log: path,
        })
    }
}

/// A running `orderlog` process; killed when dropped.
#[derive(Debug)]
pub struct Role {
    name: String,
    url: String,
    child: Child,
    pid: Pid,
    log: PathBuf,
}

impl Role {
    /// `http://127.0.0.1:PORT`, where a role with HTTP answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Everything it has written so far.
    pub fn log(&self) -> String {
        fs::read(&self.log).map_or_else(
            |error| error.to_string(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// Where it writes, also when it has ended.
    pub fn log_path(&self) -> PathBuf {
        self.log.clone()
    }

    /// Waits until `/readyz` answers 200.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        let url = format!("{}/readyz", self.url);
        let http = reqwest::Client::new();
        let what = format!("{} to be ready", self.name);
        wait_until(&what, async || {
            self.must_live()?;
            let ready = http.get(&url).send().await;
            Ok(ready
                .is_ok_and(|answer| answer.status().is_success())
                .then_some(()))
        })
        .await
    }

    /// Waits until its log holds a text; the line that does.
    pub async fn log_line(&mut self, text: &str) -> anyhow::Result<String> {
        let what = format!("{text:?} in the log of {}", self.name);
        wait_until(&what, async || {
            let log = self.log();
            let found = log
                .lines()
                .find(|line| line.contains(text))
                .map(str::to_owned);
            if found.is_none() {
                self.must_live()?;
            }
            Ok(found)
        })
        .await
    }

    /// Sends a signal: SIGSTOP freezes it, SIGCONT lets it go on.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        Ok(kill_process(self.pid, signal)?)
    }

    /// Ends it as a crash would, and waits until it is gone.
    pub async fn kill9(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        live::remove_role(self.pid);
        Ok(())
    }

    /// Ends it with SIGTERM and waits for it; how it ended.
    pub async fn terminate(self) -> anyhow::Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.ended().await
    }

    /// Waits until it ends by itself; how it ended.
    pub async fn ended(mut self) -> anyhow::Result<ExitStatus> {
        let what = format!("{} to end", self.name);
        let status = wait_until(&what, async || Ok(self.child.try_wait()?)).await?;
        live::remove_role(self.pid);
        Ok(status)
    }

    /// Its resident memory, in KiB.
    pub fn resident_kib(&self) -> anyhow::Result<u64> {
        self.status_kib("VmRSS:")
    }

    /// The most that its resident memory has been, in KiB.
    pub fn peak_resident_kib(&self) -> anyhow::Result<u64> {
        self.status_kib("VmHWM:")
    }

    fn status_kib(&self, name: &str) -> anyhow::Result<u64> {
        let path = format!("/proc/{}/status", self.pid.as_raw_nonzero());
        let status = fs::read_to_string(path)?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.context("the process has ended")?.parse()?)
    }

    fn must_live(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("{} ended ({status}):\n{}", self.name, tail(&self.log));
        }
        Ok(())
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        live::remove_role(self.pid);
    }
}

/// `orderlog`, told this configuration and no other: arguments are to follow.
pub fn command(config: &Config) -> anyhow::Result<Command> {
    let mut command = Command::new(binary::orderlog()?);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("ORDERLOG_") {
            command.env_remove(name);
        }
    }
    let values = serde_json::to_value(config)?;
    for (key, value) in values.as_object().context("a configuration is an object")? {
        let text = match value {
            Value::String(text) => text.clone(),
            // Tables are written as in TOML, not as in JSON.
            Value::Object(_) => toml::Value::try_from(value)?.to_string(),
            other => other.to_string(),
        };
        command.env(format!("ORDERLOG_{}", key.to_uppercase()), text);
    }
    // A secret is never written out.
    for (name, secret) in [
        ("API_KEY", &config.api_key),
        ("KAFKA_SASL_PASSWORD", &config.kafka_sasl_password),
        ("OBJECTS_S3_SECRET_KEY", &config.objects_s3_secret_key),
    ] {
        command.env(format!("ORDERLOG_{name}"), secret.reveal());
    }
    Ok(command)
}

/// The end of a log.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// A new log file in the test's folder: a role that is started again gets
/// another one.
fn next_log(folder: &Path, name: &str) -> anyhow::Result<(fs::File, PathBuf)> {
    for number in 1.. {
        let path = folder.join(format!("{name}-{number}.log"));
        match fs::File::create_new(&path) {
            Ok(log) => return Ok((log, path)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    unreachable!("there are enough numbers")
}
