//! Connections to Kafka as its listener wants them: over TLS, and by a user
//! (<https://kafka.apache.org/protocol.html#sasl_handshake>). Only for what we ask
//! ourselves: librdkafka has both of its own.

use super::{blocking, metadata::answer, wire};
use crate::{
    config::{Config, KafkaSaslMechanism},
    secret::Secret,
    tls::Authorities,
};
use rsasl::prelude::{Mechname, SASLClient, SASLConfig};
use rustls::pki_types::ServerName;
use std::{io, io::ErrorKind, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// How long one server may take to accept a connection, and to take its user.
const PATIENCE: Duration = Duration::from_secs(2);

/// A connection of either kind.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Stream for T {}

/// How to connect.
pub struct Access {
    /// Whose certificates are taken, by TLS; none: in the clear.
    tls: Option<Config>,
    user: Option<User>,
}

struct User {
    mechanism: KafkaSaslMechanism,
    name: String,
    password: Secret,
}

impl Access {
    /// As configured.
    pub fn of(config: &Config) -> Self {
        let protocol = config.kafka_security_protocol;
        Self {
            tls: protocol.is_tls().then(|| config.clone()),
            user: protocol.has_users().then(|| User {
                mechanism: config.kafka_sasl_mechanism,
                name: config.kafka_sasl_username.clone(),
                password: config.kafka_sasl_password.clone(),
            }),
        }
    }

    /// Connects to one server, `host:port`.
    pub async fn connect(&self, server: &str) -> io::Result<Box<dyn Stream>> {
        let mut stream = timeout(PATIENCE, self.open(server)).await??;
        if let Some(user) = &self.user {
            timeout(PATIENCE, user.introduce(&mut stream)).await??;
        }
        Ok(stream)
    }

    async fn open(&self, server: &str) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let Some(config) = &self.tls else {
            return Ok(Box::new(stream));
        };
        // Read anew for each connection: authorities change, and connections are few.
        let config = config.clone();
        let client = blocking(move || Authorities::of(&config)?.client()).await;
        let client = client.map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        let (host, _port) = server.rsplit_once(':').unwrap_or((server, ""));
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        let stream = TlsConnector::from(client).connect(name, stream).await?;
        Ok(Box::new(stream))
    }
}

impl User {
    /// Says who is there, and proves it. Nothing can be asked before.
    async fn introduce(&self, stream: &mut Box<dyn Stream>) -> io::Result<()> {
        let mechanism = self.mechanism.name();
        let mut requests = 0;
        stream
            .write_all(&wire::sasl_handshake(requests, mechanism))
            .await?;
        wire::sasl_handshake_response(&answer(stream).await?, requests).map_err(refused)?;
        let (name, password) = (self.name.clone(), self.password.reveal().to_owned());
        let config = SASLConfig::with_credentials(None, name, password).map_err(unusable)?;
        let mechanism = Mechname::parse(mechanism.as_bytes()).map_err(unusable)?;
        let session = SASLClient::new(config).start_suggested(&[mechanism]);
        let mut session = session.map_err(unusable)?;
        let mut challenge: Option<Vec<u8>> = None;
        loop {
            let mut token = Vec::new();
            let state = session.step(challenge.as_deref(), &mut token);
            let state = state.map_err(unusable)?;
            if !state.has_sent_message() {
                return Ok(());
            }
            requests += 1;
            let request = wire::sasl_authenticate(requests, &token);
            stream.write_all(&request).await?;
            let frame = answer(stream).await?;
            challenge = Some(wire::sasl_authenticate_response(&frame, requests).map_err(refused)?);
            if state.is_finished() {
                return Ok(());
            }
        }
    }
}

fn refused(error: wire::Refused) -> io::Error {
    let kind = match error {
        wire::Refused::Malformed(_) => ErrorKind::InvalidData,
        wire::Refused::Told { .. } => ErrorKind::PermissionDenied,
    };
    io::Error::new(kind, error)
}

fn unusable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, error)
}
