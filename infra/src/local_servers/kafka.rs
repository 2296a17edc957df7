//! Apache Kafka as one `KRaft` node: format, settings, and whether it answers.

use super::{LocalServersError, Server, Site, error::file, ports::Ports, process};
use crate::clock;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer as _},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{net::TcpStream, process::Command};

/// One node, small internal topics, short times: it is alone, so nobody else
/// could take over while it waits. The cleaner's buffer is 128 MB by default,
/// half of the heap. `log.dirs` is relative to the working folder, because a
/// comma in a path would be read as two.
const SETTINGS: &str = "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=CLIENTS://127.0.0.1:{main},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENTS://127.0.0.1:{main}
listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENTS
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=8388608
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=2000
";

/// A quick start matters more than the last tenth of throughput.
const JVM: &[&str] = &[
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
];

/// Formats its storage, unless it is there.
pub(super) async fn prepare(site: &Site) -> Result<(), LocalServersError> {
    let data = site.folder.data(Server::Kafka);
    let scratch = scratch(site);
    fs::create_dir_all(&scratch).map_err(file("create", &scratch))?;
    if data.join("meta.properties").exists() {
        return Ok(());
    }
    let new = site.folder.data_in_the_making(Server::Kafka);
    if new.exists() {
        fs::remove_dir_all(&new).map_err(file("delete", &new))?;
    }
    // The ports are not kept in the storage: any will do here.
    let settings = write_settings(site, "kafka-format.properties", &new, Ports::free()?)?;
    let mut command = java(site, "kafka.tools.StorageTool");
    command
        .args(["format", "--cluster-id", &new_cluster_id(), "--config"])
        .arg(settings);
    for user in &site.kafka.users {
        command.args(["--add-scram", user]);
    }
    process::run(
        "kafka-storage format",
        command,
        site.folder.log("kafka-format"),
    )
    .await?;
    fs::rename(&new, &data).map_err(file("rename", &new))
}

/// The server itself, in the foreground.
pub(super) fn command(site: &Site, ports: Ports) -> Result<Command, LocalServersError> {
    let data = site.folder.data(Server::Kafka);
    let settings = write_settings(site, "kafka.properties", &data, ports)?;
    let mut command = java(site, "kafka.Kafka");
    command.arg(settings);
    Ok(command)
}

/// What clients are given.
pub(super) fn bootstrap_servers(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// Whether the broker has joined itself and tells where it is.
pub(super) async fn answers(port: u16) -> bool {
    // librdkafka would log every refused connection.
    if TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        return false;
    }
    let asked = tokio::task::spawn_blocking(move || {
        ClientConfig::new()
            .set("bootstrap.servers", bootstrap_servers(port))
            .set("client.id", "orderlog-start")
            .create::<BaseConsumer>()
            .and_then(|client| client.fetch_metadata(None, Duration::from_secs(2)))
    });
    matches!(asked.await, Ok(Ok(metadata)) if !metadata.brokers().is_empty())
}

fn write_settings(
    site: &Site,
    name: &str,
    data: &Path,
    ports: Ports,
) -> Result<PathBuf, LocalServersError> {
    let path = site.folder.run(name);
    let folder = data.file_name().unwrap_or_default().to_string_lossy();
    let text = format!("{SETTINGS}{}", site.kafka.settings);
    let text = text
        .replace("{main}", &ports.main.to_string())
        .replace("{controller}", &ports.controller.to_string())
        .replace("{data}", &folder);
    fs::write(&path, text).map_err(file("write", &path))?;
    Ok(path)
}

fn java(site: &Site, class: &str) -> Command {
    let program = match env::var_os("JAVA_HOME") {
        Some(home) => Path::new(&home).join("bin/java"),
        None => PathBuf::from("java"),
    };
    let mut temporary = std::ffi::OsString::from("-Djava.io.tmpdir=");
    temporary.push(scratch(site));
    let mut command = Command::new(program);
    command
        .args(JVM)
        // Native parts of the compression libraries are unpacked there; in
        // /tmp they would stay for ever after a kill -9.
        .arg(temporary)
        .args(["-cp", &site.binaries.kafka_class_path()])
        .arg(class)
        .current_dir(site.folder.root().join("data"));
    command
}

fn scratch(site: &Site) -> PathBuf {
    site.folder.run("kafka-tmp")
}

/// Kafka's ids are 16 bytes in URL-safe base64.
fn new_cluster_id() -> String {
    URL_SAFE_NO_PAD.encode(clock::new_id().as_bytes())
}
