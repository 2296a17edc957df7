//! A way to a server that can be cut.

use anyhow::{Context as _, Result};
use std::net::SocketAddr;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Passes connections on to the server of a URL, while it may.
pub struct Proxy {
    open: watch::Sender<bool>,
    url: String,
}

impl Proxy {
    /// Listens on a free port.
    pub async fn start(url: &str) -> Result<Self> {
        let (_, rest) = url.split_once('@').context("a URL without a user")?;
        let (server, _) = rest.split_once('/').context("a URL without a path")?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = url.replace(server, &listener.local_addr()?.to_string());
        let (open, state) = watch::channel(true);
        tokio::spawn(pass(listener, server.parse()?, state));
        Ok(Self { open, url })
    }

    /// The URL through the proxy.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Cuts what is connected, and whoever connects.
    pub fn refuse(&self) {
        self.open.send_replace(false);
    }

    /// Lets connections through again.
    pub fn accept(&self) {
        self.open.send_replace(true);
    }
}

async fn pass(listener: TcpListener, server: SocketAddr, open: watch::Receiver<bool>) {
    while let Ok((mut client, _)) = listener.accept().await {
        let mut open = open.clone();
        tokio::spawn(async move {
            if !*open.borrow() {
                return;
            }
            let Ok(mut server) = TcpStream::connect(server).await else {
                return;
            };
            tokio::select! {
                _ = copy_bidirectional(&mut client, &mut server) => {}
                _ = open.wait_for(|open| !open) => {}
            }
        });
    }
}
