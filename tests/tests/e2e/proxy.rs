//! A way to a server that can be cut.

use anyhow::{Context as _, Result};
use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What a proxy does with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It passes everything on.
    Open,
    /// It passes on what clients say, and keeps the answers.
    Unanswered,
    /// It keeps everything, and connections as they are: nobody is told.
    Silent,
    /// It cuts what is connected, and whoever connects.
    Refused,
}

/// Passes connections on to a server, while it may. What it kept comes late,
/// once it may again.
pub struct Proxy {
    way: watch::Sender<Way>,
    url: String,
}

impl Proxy {
    /// A way to the database of a URL, on a free port.
    pub async fn start(url: &str) -> Result<Self> {
        let (_, rest) = url.split_once('@').context("a URL without a user")?;
        let (server, _) = rest.split_once('/').context("a URL without a path")?;
        let (way, address) = listen(server.parse()?, false).await?;
        let url = url.replace(server, &address.to_string());
        Ok(Self { way, url })
    }

    /// A way to a broker. It tells its clients where it is; what they are told
    /// by this way is where the proxy is.
    pub async fn to_kafka(server: &str) -> Result<Self> {
        let (way, address) = listen(server.parse()?, true).await?;
        let url = address.to_string();
        Ok(Self { way, url })
    }

    /// The URL, or address, through the proxy.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Cuts what is connected, and whoever connects.
    pub fn refuse(&self) {
        self.way.send_replace(Way::Refused);
    }

    /// Passes nothing on, and cuts nothing: as a network that is gone.
    pub fn fall_silent(&self) {
        self.way.send_replace(Way::Silent);
    }

    /// Passes on what the server is told, and nothing of what it says.
    pub fn keep_answers(&self) {
        self.way.send_replace(Way::Unanswered);
    }

    /// Lets everything through again.
    pub fn accept(&self) {
        self.way.send_replace(Way::Open);
    }
}

async fn listen(server: SocketAddr, kafka: bool) -> Result<(watch::Sender<Way>, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (way, state) = watch::channel(Way::Open);
    let renamed = kafka.then(|| (as_kafka_says(server), as_kafka_says(address)));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass(client, server, state.clone(), renamed.clone()));
        }
    });
    Ok((way, address))
}

/// A host and a port in an answer of Kafka's: the text, then 32 bits.
fn as_kafka_says(address: SocketAddr) -> Vec<u8> {
    let mut bytes = address.ip().to_string().into_bytes();
    bytes.extend(u32::from(address.port()).to_be_bytes());
    bytes
}

async fn pass(
    client: TcpStream,
    server: SocketAddr,
    way: watch::Receiver<Way>,
    renamed: Option<(Vec<u8>, Vec<u8>)>,
) {
    let mut cut = way.clone();
    let connected = async {
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = TcpStream::connect(server).await?.into_split();
        let said = carry(from_client, to_server, way.clone(), |way| {
            matches!(way, Way::Open | Way::Unanswered)
        });
        let answered = async {
            match renamed {
                None => carry(from_server, to_client, way, |way| way == Way::Open).await,
                Some((old, new)) => answers(from_server, to_client, way, &old, &new).await,
            }
        };
        tokio::try_join!(said, answered)
    };
    tokio::select! {
        _ = connected => {}
        _ = cut.wait_for(|way| *way == Way::Refused) => {}
    }
}

/// Carries bytes, and the end of them, while it `may`.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut way: watch::Receiver<Way>,
    may: impl Fn(Way) -> bool,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut buffer).await?;
        let _ = way.wait_for(|way| may(*way)).await;
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..read]).await?;
    }
}

/// Carries answers of Kafka's, each after its length, with another address in
/// them. It takes as many bytes.
async fn answers(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut way: watch::Receiver<Way>,
    old: &[u8],
    new: &[u8],
) -> io::Result<()> {
    loop {
        let Ok(length) = from.read_u32().await else {
            let _ = way.wait_for(|way| *way == Way::Open).await;
            return to.shutdown().await;
        };
        let mut answer = vec![0; length as usize];
        from.read_exact(&mut answer).await?;
        while let Some(at) = answer.windows(old.len()).position(|bytes| bytes == old) {
            answer[at..at + old.len()].copy_from_slice(new);
        }
        let _ = way.wait_for(|way| *way == Way::Open).await;
        to.write_u32(length).await?;
        to.write_all(&answer).await?;
    }
}
