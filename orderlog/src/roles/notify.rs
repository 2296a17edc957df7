//! What the service manager is told (`sd_notify(3)`): when the role is ready, that it
//! is still well, and that it ends. Nobody is told where there is none.

use infra::{
    config::Config,
    http::Readiness,
    lifecycle::{Lifecycle, error_chain},
};
use sd_notify::NotifyState;
use std::{net::SocketAddr, time::Duration};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How often it is asked whether all is well, unless the watchdog wants to hear of it
/// more often.
const LOOK: Duration = Duration::from_secs(5);
/// How often before it is ready for the first time.
const FIRST_LOOK: Duration = Duration::from_millis(250);
/// For how long a start may go on before the manager has to hear of it again, in
/// microseconds: servers may be away, and read models be built.
const MORE_TIME: u32 = 60_000_000;

/// Tells it as long as the role runs, which listens at `address`.
pub fn tell(config: &Config, ready: Readiness, address: SocketAddr, lifecycle: &Lifecycle) {
    let tls = !config.tls_certificate_file.is_empty();
    if std::env::var_os("NOTIFY_SOCKET").is_none() {
        return;
    }
    let shutdown = lifecycle.shutdown.clone();
    lifecycle.spawn("service manager", async move {
        tokio::select! {
            () = watch(&ready, (address, tls), &shutdown) => {}
            () = shutdown.cancelled() => {}
        }
        notify(&[NotifyState::Stopping, NotifyState::Status("ends")]);
        Ok(())
    });
}

async fn watch(
    ready: &Readiness,
    (address, tls): (SocketAddr, bool),
    shutdown: &CancellationToken,
) {
    // Nothing stands between a process and itself.
    let client = reqwest::Client::builder().no_proxy();
    // And no certificate has to name its address.
    let client = client.tls_danger_accept_invalid_certs(tls).build();
    let client = client.unwrap_or_default();
    let scheme = if tls { "https" } else { "http" };
    let url = format!("{scheme}://{address}/livez");
    let watchdog = sd_notify::watchdog_enabled();
    // Twice within the time that it waits.
    let each = watchdog.map_or(LOOK, |longest| (longest / 3).min(LOOK));
    let (mut is_ready, mut told) = (false, String::new());
    while !shutdown.is_cancelled() {
        let report = ready.report().await;
        let failed = report
            .checks
            .iter()
            .filter(|(_, result)| **result == "failed");
        let failed: Vec<&str> = failed.map(|(name, _)| name.as_str()).collect();
        let status = if failed.is_empty() {
            "ready".to_owned()
        } else {
            format!("waits for {}", failed.join(", "))
        };
        if status != told {
            notify(&[NotifyState::Status(&status)]);
            told = status;
        }
        if !is_ready && failed.is_empty() {
            is_ready = true;
            notify(&[NotifyState::Ready]);
        }
        if !is_ready {
            notify(&[NotifyState::ExtendTimeoutUsec(MORE_TIME)]);
        }
        // A process that answers nobody is not well, whatever its own tasks say.
        let answers = timeout(each, client.get(&url).send()).await;
        if matches!(answers, Ok(Ok(answer)) if answer.status().is_success()) {
            notify(&[NotifyState::Watchdog]);
        }
        sleep(if is_ready { each } else { each.min(FIRST_LOOK) }).await;
    }
}

fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(error = error_chain(&error), "service_manager.not_told");
    }
}
