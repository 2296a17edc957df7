//! Roles under a service manager, which is told how they are (`sd_notify(3)`).

use anyhow::{Result, ensure};
use infra::secret::Secret;
use libtest_mimic::Trial;
use rustix::process::Signal;
use std::time::Duration;
use tests::{Api, TestEnv, on_servers};
use tokio::{net::UnixDatagram, time::timeout};

/// All tests of managed roles.
pub fn trials() -> Vec<Trial> {
    vec![on_servers(
        "managed::each_role_tells_when_it_is_ready_well_and_ending",
        each_role_tells_when_it_is_ready_well_and_ending,
    )]
}

/// What the manager is told until it hears of this.
async fn heard_until(manager: &UnixDatagram, wanted: &str) -> Result<Vec<String>> {
    let mut heard = Vec::new();
    loop {
        let mut message = [0; 4096];
        let received = timeout(Duration::from_mins(1), manager.recv(&mut message)).await;
        let length = received.map_err(|_| anyhow::anyhow!("no {wanted} in {heard:?}"))??;
        let text = String::from_utf8_lossy(&message[..length]).into_owned();
        heard.extend(text.lines().map(str::to_owned));
        if heard.iter().any(|line| line == wanted) {
            return Ok(heard);
        }
    }
}

async fn each_role_tells_when_it_is_ready_well_and_ending(env: &TestEnv) -> Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    // Of these the worker and the console are clients.
    let mut apis = [
        env.role("command-api").spawn()?,
        env.role("read-api").spawn()?,
    ];
    for api in &mut apis {
        api.ready().await?;
    }
    let key = Api::new(env, &apis[0]).await?;
    let folder = tempfile::tempdir()?;
    for name in [
        "command-api",
        "read-api",
        "relay",
        "projector",
        "worker",
        "console",
    ] {
        let socket = folder.path().join(name);
        let manager = UnixDatagram::bind(&socket)?;
        let role = env
            .role(name)
            .config(|config| {
                apis[0].url().clone_into(&mut config.command_url);
                apis[1].url().clone_into(&mut config.read_url);
                config.api_key = Secret::new(key.key());
            })
            .variable("NOTIFY_SOCKET", &socket)
            .variable("WATCHDOG_USEC", "3000000");
        let role = role.spawn()?;
        let heard = heard_until(&manager, "READY=1").await?;
        let status = heard.iter().rfind(|line| line.starts_with("STATUS="));
        ensure!(
            status.is_some_and(|status| status == "STATUS=ready"),
            "{name}: {heard:?}"
        );
        heard_until(&manager, "WATCHDOG=1").await?;
        heard_until(&manager, "WATCHDOG=1").await?;
        role.signal(Signal::TERM)?;
        heard_until(&manager, "STOPPING=1").await?;
        let ended = role.ended().await?;
        ensure!(ended.success(), "{name}: {ended}");
    }
    // It is not ready while something is away, which it names, and asks for patience.
    let socket = folder.path().join("waiting");
    let manager = UnixDatagram::bind(&socket)?;
    let waiting = env
        .role("read-api")
        .config(|config| config.views_url = "postgres://nobody@127.0.0.1:1/views".into())
        .variable("NOTIFY_SOCKET", &socket);
    let _waiting = waiting.spawn()?;
    let heard = heard_until(&manager, "EXTEND_TIMEOUT_USEC=60000000").await?;
    ensure!(
        heard.contains(&"STATUS=waits for views".to_owned()),
        "{heard:?}"
    );
    ensure!(!heard.contains(&"READY=1".to_owned()), "{heard:?}");
    Ok(())
}
