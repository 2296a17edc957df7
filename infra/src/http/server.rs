//! The HTTP server of a role.

use super::{
    coding::{code, refuse},
    connections::{self, Connections},
    fallback::unclaimed,
    health,
    health::Readiness,
    home::at_home,
    leaving::close_when_leaving,
    observe::{extractors, observe},
    rate::{RateLimits, limit},
};
use crate::{
    config::Config,
    lifecycle::{Lifecycle, RoleError},
    telemetry,
    tls::{Certificate, TlsError, follow_certificate},
    webhooks::InvalidNetwork,
};
use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::{
    App, HttpServer,
    dev::{Extensions, Server, ServerHandle},
    middleware::from_fn,
    web::{self, ServiceConfig},
};
use metrics_exporter_prometheus::PrometheusHandle;
use rustix::net::sockopt::set_tcp_user_timeout;
use std::{any::Any, io, net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, runtime::Handle};

/// Threads that serve requests. Everything slow is awaited, so that few are
/// enough.
const WORKERS: usize = 2;
/// Bytes of an answer that a connection buffers before it sends them, in a piece
/// or more; the last one may exceed it. Answers that are one piece are sent as
/// one; streams give pieces as small as this, so that thousands of them cost
/// little.
pub const WRITE_BUFFER: usize = 8 << 10;
/// How long a request's head may take to arrive.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(5);
/// How long requests in flight may take to finish once nothing new is
/// accepted, in seconds.
const FINISH_SECONDS: u64 = 30;
/// A client that takes nothing of what was sent to it for so long is cut off, by
/// the kernel: an answer that nobody reads would hold its connection for ever.
const STUCK: Duration = Duration::from_mins(1);
/// How often the recorder tidies up what nobody has scraped, and the role is asked
/// whether it is ready, for the metric that says so.
const UPKEEP: Duration = Duration::from_secs(5);

/// The server cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Nothing can listen there.
    #[error("cannot listen on {address}")]
    Listen {
        /// `listen` of the configuration.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nobody would be served.
    #[error("http_connections is 0: nobody would be served")]
    NoConnections,
    /// The certificate cannot be shown.
    #[error("TLS cannot be spoken")]
    Tls(#[from] TlsError),
    /// A proxy is no network.
    #[error("trusted_proxies cannot be used")]
    Proxies(#[from] InvalidNetwork),
    /// Metrics cannot be set up.
    #[error(transparent)]
    Telemetry(#[from] telemetry::TelemetryError),
}

/// Listens on `config.listen` (port 0: any free one) and serves the routes of
/// `configure`, beside health and metrics, until the lifecycle ends: then
/// `/readyz` is 503 for `drain_seconds` while everything is still served, each
/// answer the last one of its connection, nothing new is accepted any more, and
/// requests in flight are finished.
/// Returns the bound address at once. `name` is the role's, for the log.
pub async fn serve<F>(
    config: &Config,
    lifecycle: &Lifecycle,
    name: &str,
    ready: Readiness,
    configure: F,
) -> Result<SocketAddr, ServeError>
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    let metrics = telemetry::metrics()?;
    let failed = |source| ServeError::Listen {
        address: config.listen.clone(),
        source,
    };
    let addresses: Vec<_> = tokio::net::lookup_host(&config.listen)
        .await
        .map_err(failed)?
        .collect();
    let state = web::Data::new(ready.clone());
    if config.http_connections == 0 {
        return Err(ServeError::NoConnections);
    }
    let pools = web::Data::new(lifecycle.pools.clone());
    let limits = RateLimits::of(config)?;
    let certificate = Certificate::of(config)?;
    let keep_alive = Duration::from_secs(config.http_keep_alive_seconds);
    let connections = Connections::new(keep_alive);
    let known = connections.clone();
    let home = Handle::current();
    let application = move || {
        let home = home.clone();
        App::new()
            .app_data(state.clone())
            .app_data(pools.clone())
            .app_data(limits.clone())
            .wrap(from_fn(refuse))
            .wrap(from_fn(limit))
            .wrap(from_fn(observe))
            .wrap(from_fn(code))
            .wrap(from_fn(connections::keep))
            .wrap(from_fn(close_when_leaving))
            .wrap(from_fn(move |request, next| {
                at_home(home.clone(), request, next)
            }))
            .configure(extractors)
            // Looked at in this order.
            .configure(configure.clone())
            .configure(health::routes)
            .default_service(web::to(unclaimed))
    };
    let server = HttpServer::new(application)
        .workers(WORKERS)
        .max_connections(connections::allowed(config.http_connections).div_ceil(WORKERS))
        .keep_alive(keep_alive)
        .h1_write_buffer_size(WRITE_BUFFER)
        // Streams send small pieces that must not wait for each other.
        .tcp_nodelay(true)
        .client_request_timeout(HEAD_TIME)
        .on_connect(move |connection, data| connected(&known, connection, data))
        .shutdown_timeout(FINISH_SECONDS)
        .tls_handshake_timeout(HEAD_TIME)
        .disable_signals();
    let server = match &certificate {
        Some(certificate) => server.bind_rustls_0_23(&addresses[..], certificate.server()),
        None => server.bind(&addresses[..]),
    };
    let server = server.map_err(failed)?;
    let address = server.addrs().first().copied().ok_or_else(|| {
        failed(io::Error::new(
            io::ErrorKind::AddrNotAvailable,
            "no address",
        ))
    })?;
    let tls = certificate.is_some();
    tracing::info!(role = name, %address, tls, "http.listening");
    if let Some(certificate) = certificate {
        follow_certificate(certificate, lifecycle);
    }
    let drain = Duration::from_secs(config.drain_seconds);
    let server = server.run();
    let stop = stop_when_told(lifecycle.clone(), ready.clone(), drain, server.handle());
    lifecycle.spawn(
        format!("{name} http"),
        run(server, stop, connections, (metrics, ready)),
    );
    Ok(address)
}

fn connected(known: &Connections, connection: &dyn Any, data: &mut Extensions) {
    if let Some(stream) = stream_of(connection) {
        cut_off_when_stuck(stream);
        known.add(stream, data);
    }
}

/// Ends a connection whose data is not acknowledged, or not asked for: closed
/// windows and vanished networks alike (`TCP_USER_TIMEOUT`, RFC 5482).
fn cut_off_when_stuck(stream: &TcpStream) {
    let time = u32::try_from(STUCK.as_millis()).unwrap_or(u32::MAX);
    if let Err(error) = set_tcp_user_timeout(stream, time) {
        tracing::debug!(%error, "http.connection_without_timeout");
    }
}

/// The connection itself, below TLS where that is spoken.
fn stream_of(connection: &dyn Any) -> Option<&TcpStream> {
    match connection.downcast_ref::<TlsStream<TcpStream>>() {
        Some(secured) => Some(secured.get_ref().0),
        None => connection.downcast_ref::<TcpStream>(),
    }
}

async fn run(
    http: Server,
    stop: impl Future<Output = ()>,
    connections: Connections,
    (metrics, ready): (PrometheusHandle, Readiness),
) -> Result<(), RoleError> {
    let upkeep = async {
        loop {
            tokio::time::sleep(UPKEEP).await;
            metrics.run_upkeep();
            ready.report().await;
        }
    };
    // The server ends by itself only when it fails, or once it was stopped.
    let stop = async {
        stop.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = http => Ok(ended?),
        () = stop => Ok(()),
        () = upkeep => Ok(()),
        () = connections.watch() => Ok(()),
    }
}

async fn stop_when_told(
    lifecycle: Lifecycle,
    ready: Readiness,
    drain: Duration,
    server: ServerHandle,
) {
    lifecycle.shutdown.cancelled().await;
    ready.drain();
    tokio::time::sleep(drain).await;
    server.stop(true).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::generate_simple_self_signed;
    use rustix::net::sockopt::tcp_user_timeout;
    use std::sync::{Arc, Mutex};

    /// What a connection is, is the server's affair: a new version may wrap it anew.
    #[actix_web::test]
    async fn a_connection_is_cut_off_when_stuck_with_tls_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let config = Config {
            tls_certificate_file: path("tls.crt"),
            tls_key_file: path("tls.key"),
            ..Config::default()
        };
        std::fs::write(&config.tls_certificate_file, made.cert.pem()).expect("writable");
        let key = made.signing_key.serialize_pem();
        std::fs::write(&config.tls_key_file, key).expect("writable");
        let certificate = Certificate::of(&config).expect("usable").expect("named");
        let set = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&set);
        let server = HttpServer::new(App::new)
            .workers(1)
            .disable_signals()
            .on_connect(move |connection, _| {
                let stream = stream_of(connection);
                let time = stream.map(|stream| {
                    cut_off_when_stuck(stream);
                    tcp_user_timeout(stream)
                });
                seen.lock().expect("whole").push(time);
            })
            .bind("127.0.0.1:0")
            .expect("a port")
            .bind_rustls_0_23("127.0.0.1:0", certificate.server())
            .expect("a port");
        let [plain, secured] = server.addrs()[..] else {
            panic!("two addresses");
        };
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_danger_accept_invalid_certs(true)
            .build()
            .expect("a client");
        for url in [format!("http://{plain}/"), format!("https://{secured}/")] {
            client.get(url).send().await.expect("an answer");
        }
        handle.stop(false).await;
        assert_eq!(
            *set.lock().expect("whole"),
            [Some(Ok(60_000)), Some(Ok(60_000))]
        );
    }
}
