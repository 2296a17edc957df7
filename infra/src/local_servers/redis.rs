//! Redis: its settings, and whether it answers.

use super::{LocalServersError, Server, Site, error::file};
use std::{fs, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::Command,
    time::timeout,
};

/// Nothing in Redis is truth; it is kept all the same, so that a restart of
/// the system does not begin with an empty cache. No path stands in here: the
/// working folder is the data folder.
const SETTINGS: &str = "bind 127.0.0.1
port {port}
daemonize no
save \"\"
appendonly yes
appendfsync everysec
proc-title-template \"{title} {config-file}\"
";

/// Writes its settings and makes its folder.
pub(super) fn prepare(site: &Site) -> Result<(), LocalServersError> {
    let data = site.folder.data(Server::Redis);
    fs::create_dir_all(&data).map_err(file("create", &data))
}

/// The server itself, in the foreground.
pub(super) fn command(site: &Site, port: u16) -> Result<Command, LocalServersError> {
    let path = site.folder.run("redis.conf");
    fs::write(&path, SETTINGS.replace("{port}", &port.to_string()))
        .map_err(file("write", &path))?;
    let mut command = Command::new(site.binaries.redis());
    command
        .arg(path)
        .current_dir(site.folder.data(Server::Redis));
    Ok(command)
}

/// Where it is.
pub(super) fn url(port: u16) -> String {
    format!("redis://127.0.0.1:{port}")
}

/// Whether it answers and has loaded its data.
pub(super) async fn answers(port: u16) -> bool {
    timeout(Duration::from_secs(1), ping(port))
        .await
        .is_ok_and(|reply| reply.is_ok_and(|reply| reply.starts_with(b"+PONG")))
}

async fn ping(port: u16) -> std::io::Result<[u8; 5]> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"PING\r\n").await?;
    let mut reply = [0; 5];
    stream.read_exact(&mut reply).await?;
    Ok(reply)
}
