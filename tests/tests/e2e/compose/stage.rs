//! Services as processes: each instance has an address, as a container has one.

use super::{
    file::{Compose, Condition, Image, Service},
    servers,
};
use crate::front::{
    names::Names,
    nginx::{deployed_upstreams, nginx, resolves},
};
use anyhow::{Context as _, Result, bail, ensure};
use infra::{config::Config, local_servers::free_port};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tests::{PrivateServers, TestEnv, orderlog, root, wait_until, wait_until_within};
use tokio::process::{Child, Command};

/// The port that services listen on in their containers.
const PORT: &str = ":8080";

/// Everything that runs.
pub struct Stage<'a> {
    env: &'a TestEnv,
    compose: Compose,
    image: Image,
    nginx: PathBuf,
    names: Names,
    /// In place of [`PORT`], which somebody may listen on here.
    port: u16,
    /// Where servers are, by `name:port`.
    places: BTreeMap<String, String>,
    /// Volumes, and what containers have for themselves.
    scratch: TempDir,
    running: BTreeMap<String, Vec<Instance>>,
    completed: BTreeSet<String>,
}

struct Instance {
    address: Ipv4Addr,
    process: Child,
    log: PathBuf,
}

impl<'a> Stage<'a> {
    /// With its servers, and nothing else; none where there is no nginx.
    pub async fn set(
        env: &'a TestEnv,
        servers: &PrivateServers,
        compose: Compose,
    ) -> Result<Option<Self>> {
        let Some(nginx) = nginx().await? else {
            return Ok(None);
        };
        if !resolves(&nginx).await? {
            return Ok(None);
        }
        let mut config = Config::default();
        servers.configure(&mut config);
        Ok(Some(Self {
            places: servers::told(&compose, &config).await?,
            env,
            compose,
            image: Image::read()?,
            nginx,
            names: Names::serve().await?,
            port: free_port()?,
            scratch: tempfile::tempdir()?,
            running: BTreeMap::new(),
            completed: BTreeSet::new(),
        }))
    }

    /// `up` of all but some, with two of each of some: a service is started once
    /// what it depends on is as it says.
    pub async fn up(&mut self, twice: &[&str], without: &[&str]) -> Result<()> {
        let names: Vec<String> = self.compose.services.keys().cloned().collect();
        let mut waiting: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        for name in without {
            ensure!(waiting.remove(name), "there is no {name}");
        }
        while !waiting.is_empty() {
            let ready = waiting.iter().copied().find(|name| {
                let on = &self.compose.services[*name].depends_on;
                on.keys().all(|on| !waiting.contains(on.as_str()))
            });
            let name = ready.context("services wait for each other, or for none")?;
            waiting.remove(name);
            let service = self.compose.service(name)?.clone();
            for (on, dependency) in &service.depends_on {
                self.is(on, dependency.condition).await?;
            }
            let instances = if twice.contains(&name) { 2 } else { 1 };
            for _ in 0..instances {
                self.start(name, &service).await?;
            }
        }
        let all: Vec<String> = self.running.keys().cloned().collect();
        for name in all {
            self.is(&name, Condition::Healthy).await?;
        }
        Ok(())
    }

    /// Waits until a service is as another one needs it.
    async fn is(&mut self, name: &str, condition: Condition) -> Result<()> {
        if self.is_server(name) {
            // It has answered already.
            return Ok(());
        }
        match condition {
            Condition::Started => ensure!(self.running.contains_key(name)),
            Condition::CompletedSuccessfully => ensure!(self.completed.contains(name)),
            Condition::Healthy => {
                let test = self.compose.service(name)?.health(&self.image);
                let test = test.with_context(|| format!("{name} has no health check"))?;
                let test = test.to_vec();
                let addresses: Vec<_> = self.instances(name)?.iter().map(|i| i.address).collect();
                for address in addresses {
                    wait_until(&format!("{name} to be healthy"), async || {
                        self.must_run(name)?;
                        let healthy = self.is_healthy(name, address, &test).await?;
                        Ok(healthy.then_some(()))
                    })
                    .await?;
                }
            }
        }
        Ok(())
    }

    /// Whether the harness runs it.
    fn is_server(&self, name: &str) -> bool {
        let of_it = |place: &String| place.split(':').next() == Some(name);
        self.places.keys().any(of_it)
    }

    fn instances(&self, name: &str) -> Result<&Vec<Instance>> {
        let instances = self.running.get(name);
        instances.with_context(|| format!("{name} does not run"))
    }

    fn must_run(&mut self, name: &str) -> Result<()> {
        for instance in self.running.get_mut(name).into_iter().flatten() {
            if let Some(status) = instance.process.try_wait()? {
                let log = fs::read_to_string(&instance.log)?;
                bail!("{name} ended ({status}): {log}");
            }
        }
        Ok(())
    }

    /// Runs a health check, or what comes to the same where its tool is not here.
    async fn is_healthy(&self, name: &str, own: Ipv4Addr, test: &[String]) -> Result<bool> {
        let (program, arguments) = test.split_first().context("an empty test")?;
        let service = self.compose.service(name)?;
        let mut local = Vec::new();
        for argument in arguments {
            local.push(self.local(service, own, argument)?);
        }
        match program.as_str() {
            "orderlog" => {
                let mut check = Command::new(orderlog()?);
                check.env_clear().args(&local).stdin(Stdio::null());
                Ok(check.output().await?.status.success())
            }
            "wget" => {
                let url = local.last().context("no address")?;
                let answer = reqwest::get(url).await;
                Ok(answer.is_ok_and(|answer| answer.status() == 200))
            }
            other => bail!("{name} is checked by {other}"),
        }
    }

    /// Starts one instance; one that does not run on has to end well.
    async fn start(&mut self, name: &str, service: &Service) -> Result<()> {
        if self.is_server(name) {
            return Ok(());
        }
        let address = self.names.new_address();
        let mut command = if service.is_ours() {
            let program = self.program(service)?;
            self.of_ours(program, service, address, &service.command)?
        } else {
            ensure!(name == "nginx", "{name} is nothing that could be run here");
            self.front(service, address)?
        };
        if service.restart.as_deref() == Some("no") {
            to_its_end(name, command).await?;
            self.completed.insert(name.to_owned());
            return Ok(());
        }
        let number = self.running.get(name).map_or(1, |others| others.len() + 1);
        let log = self.env.logs().join(format!("{name}-{number}.log"));
        let output = File::options().create(true).append(true).open(&log)?;
        let process = command
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        self.names.add(name, address);
        let instances = self.running.entry(name.to_owned()).or_default();
        instances.push(Instance {
            address,
            process,
            log,
        });
        Ok(())
    }

    /// What a service of our image is begun with: our program, or the image's shell.
    fn program(&self, service: &Service) -> Result<Command> {
        let entrypoint = service.entrypoint.as_ref();
        let entrypoint = entrypoint.unwrap_or(&self.image.entrypoint);
        let (program, arguments) = entrypoint.split_first().context("no program")?;
        let mut command = match program.as_str() {
            "orderlog" => Command::new(orderlog()?),
            "sh" => Command::new("/bin/sh"),
            other => bail!("the image is not known to have {other}"),
        };
        command.args(arguments);
        Ok(command)
    }

    /// A program with the service's environment and no other.
    fn of_ours(
        &self,
        mut command: Command,
        service: &Service,
        own: Ipv4Addr,
        arguments: &[String],
    ) -> Result<Command> {
        command.env_clear().stdin(Stdio::null()).kill_on_drop(true);
        for argument in arguments {
            command.arg(self.local(service, own, argument)?);
        }
        for (name, value) in &self.image.environment {
            command.env(name, self.local(service, own, value)?);
        }
        for (name, value) in &service.environment {
            // What has no value there is not set in `.env` either.
            if let Some(value) = value {
                command.env(name, self.local(service, own, value)?);
            }
        }
        Ok(command)
    }

    /// nginx by the service's entrypoint.
    fn front(&self, service: &Service, own: Ipv4Addr) -> Result<Command> {
        let folder = self.volume("./deploy/nginx");
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(root().join("deploy/nginx"))? {
            let entry = entry?;
            fs::copy(entry.path(), folder.join(entry.file_name()))?;
        }
        for behind in ["command-api", "read-api", "console"] {
            self.reaches(service, behind)?;
        }
        let upstreams = deployed_upstreams(&self.names, self.port)?;
        fs::write(folder.join("upstreams.conf"), upstreams)?;
        let listen = fs::read_to_string(folder.join("listen.conf"))?;
        ensure!(listen.contains("listen 8080 "), "{listen}");
        let listen = listen.replace("8080", &format!("{own}:{}", self.port));
        fs::write(folder.join("listen.conf"), listen)?;
        let published = service.ports.iter().all(|port| port.ends_with(PORT));
        ensure!(published && service.ports.len() == 1, "{:?}", service.ports);

        let entrypoint = service.entrypoint.as_ref().context("no entrypoint")?;
        let (program, arguments) = entrypoint.split_first().context("no program")?;
        ensure!(program == "nginx" && service.command.is_empty());
        let temporary = self.scratch.path().join("front");
        fs::create_dir_all(&temporary)?;
        let mut command = Command::new(&self.nginx);
        command.stdin(Stdio::null()).kill_on_drop(true);
        for argument in arguments {
            let argument = match argument.as_str() {
                "/tmp" => temporary.display().to_string(),
                // One process: nobody is left where the test ends early.
                "daemon off;" => "daemon off; master_process off;".to_owned(),
                other => self.local(service, own, other)?,
            };
            command.arg(argument);
        }
        Ok(command)
    }

    /// A text of a service, with the places of here for those of its container.
    fn local(&self, service: &Service, own: Ipv4Addr, text: &str) -> Result<String> {
        let mut text = text.to_owned();
        for host in ["0.0.0.0", "127.0.0.1"] {
            text = text.replace(&format!("{host}{PORT}"), &format!("{own}:{}", self.port));
        }
        for (name, place) in &self.places {
            if text.contains(name) {
                self.reaches(service, name.split(':').next().unwrap_or_default())?;
                text = text.replace(name, place);
            }
        }
        for (name, instances) in &self.running {
            let (there, here) = (format!("//{name}{PORT}"), instances.first());
            if let (true, Some(first)) = (text.contains(&there), here) {
                self.reaches(service, name)?;
                text = text.replace(&there, &format!("//{}:{}", first.address, self.port));
            }
        }
        for (source, target) in service.mounts()? {
            let here = self.volume(source);
            if text.contains(target) {
                fs::create_dir_all(&here)?;
                text = text.replace(target, &here.display().to_string());
            }
        }
        // Of a volume that it does not have.
        let nowhere = self.scratch.path().join("nowhere");
        Ok(text.replace("file:///objects", &format!("file://{}", nowhere.display())))
    }

    fn volume(&self, source: &str) -> PathBuf {
        let name = source.trim_start_matches("./").replace('/', "-");
        self.scratch.path().join("volumes").join(name)
    }

    /// Whether two services share a network.
    fn reaches(&self, service: &Service, name: &str) -> Result<()> {
        let other = self.compose.service(name)?;
        let shared = service.networks.iter().any(|n| other.networks.contains(n));
        ensure!(
            shared,
            "{name} cannot be reached from {:?}",
            service.networks
        );
        Ok(())
    }

    /// `run --rm`: the program with other arguments; what it has written.
    pub async fn run(&self, name: &str, arguments: &[&str]) -> Result<String> {
        let service = self.compose.service(name)?;
        let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
        let program = self.program(service)?;
        let command = self.of_ours(program, service, Ipv4Addr::LOCALHOST, &arguments)?;
        to_its_end(&arguments.join(" "), command).await
    }

    /// Where the instances of a service listen.
    pub fn addresses(&self, name: &str) -> Result<Vec<String>> {
        let instances = self.instances(name)?.iter();
        Ok(instances
            .map(|i| format!("{}:{}", i.address, self.port))
            .collect())
    }

    /// Where its first instance is asked.
    pub fn url(&self, name: &str) -> Result<String> {
        let addresses = self.addresses(name)?;
        Ok(format!("http://{}", addresses.first().context("none")?))
    }

    /// What its first instance has written.
    pub fn log(&self, name: &str) -> Result<String> {
        let first = self.instances(name)?.first().context("none")?;
        read(&first.log)
    }

    /// `down`: each is told as the file says, and ends well before it is killed.
    pub async fn down(mut self) -> Result<()> {
        for (name, instances) in &self.running {
            let service = self.compose.service(name)?;
            let signal = match service.stop_signal.as_deref() {
                None => Signal::TERM,
                Some("SIGQUIT") => Signal::QUIT,
                Some(other) => bail!("{name} is stopped by {other}"),
            };
            for instance in instances {
                let id = instance.process.id().context("it has ended")?;
                kill_process(
                    Pid::from_raw(i32::try_from(id)?).context("no process")?,
                    signal,
                )?;
            }
        }
        for (name, instances) in &mut self.running {
            let grace = self.compose.services[name].stop_grace_period.as_deref();
            let grace = grace.and_then(|grace| grace.strip_suffix('s')?.parse().ok());
            let grace = Duration::from_secs(grace.context("no time to end in")?);
            for instance in instances {
                let what = format!("{name} to end");
                let ended =
                    wait_until_within(grace, &what, async || Ok(instance.process.try_wait()?));
                let ended = ended.await?;
                ensure!(ended.success(), "{name}: {ended}: {}", read(&instance.log)?);
            }
        }
        Ok(())
    }
}

fn read(log: &Path) -> Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(log)?).into_owned())
}

/// Waits until a command has succeeded; what it has written.
async fn to_its_end(name: &str, mut command: Command) -> Result<String> {
    let output = command.output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{name} ended with {}: {said}",
        output.status
    );
    Ok(String::from_utf8(output.stdout)?)
}
