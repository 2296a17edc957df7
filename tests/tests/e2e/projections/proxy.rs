//! A way to a server that can be cut, or slow.

use anyhow::{Context as _, Result};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::sleep,
};

/// Passes connections on to the server of a URL, while it may.
pub struct Proxy {
    way: watch::Sender<Way>,
    url: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// What the server says arrives so much later.
    Open(Duration),
    Cut,
}

impl Proxy {
    /// Listens on a free port.
    pub async fn start(url: &str) -> Result<Self> {
        let (_, rest) = url.split_once("://").context("a URL without a scheme")?;
        let (rest, _) = rest.split_once('/').unwrap_or((rest, ""));
        let (_, server) = rest.rsplit_once('@').unwrap_or(("", rest));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = url.replace(server, &listener.local_addr()?.to_string());
        let (way, state) = watch::channel(Way::Open(Duration::ZERO));
        tokio::spawn(pass(listener, server.parse()?, state));
        Ok(Self { way, url })
    }

    /// The URL through the proxy.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Cuts what is connected, and whoever connects.
    pub fn refuse(&self) {
        self.way.send_replace(Way::Cut);
    }

    /// Lets connections through again.
    pub fn accept(&self) {
        self.delay(Duration::ZERO);
    }

    /// Lets connections through; what the server says arrives so much later.
    pub fn delay(&self, delay: Duration) {
        self.way.send_replace(Way::Open(delay));
    }
}

async fn pass(listener: TcpListener, server: SocketAddr, way: watch::Receiver<Way>) {
    while let Ok((client, _)) = listener.accept().await {
        let mut way = way.clone();
        tokio::spawn(async move {
            if *way.borrow() == Way::Cut {
                return;
            }
            let Ok(server) = TcpStream::connect(server).await else {
                return;
            };
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            let asked = way.clone();
            let delay = move || match *asked.borrow() {
                Way::Open(delay) => delay,
                Way::Cut => Duration::ZERO,
            };
            let both = async {
                tokio::join!(
                    copy(from_client, to_server, || Duration::ZERO),
                    copy(from_server, to_client, delay),
                )
            };
            tokio::select! {
                _ = both => {}
                _ = way.wait_for(|way| *way == Way::Cut) => {}
            }
        });
    }
}

/// Copies to the end of `from`, or until either side fails.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    delay: impl Fn() -> Duration,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let delay = delay();
        if !delay.is_zero() {
            sleep(delay).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    // The other side learns of the end, or has gone itself.
    let _ = to.shutdown().await;
}
