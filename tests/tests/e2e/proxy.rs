//! A way to a server that can be cut, or slow.

use anyhow::{Context as _, Result};
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::sleep,
};

/// What a proxy does with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It passes everything on, answers so much later.
    Open(Duration),
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
    /// A way to the server of a URL, on a free port.
    pub async fn start(url: &str) -> Result<Self> {
        let server = server_of(url)?;
        let (way, address) = listen(server, false).await?;
        let url = url.replace(&server.to_string(), &address.to_string());
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
        self.delay(Duration::ZERO);
    }

    /// Lets everything through; what the server says arrives so much later.
    pub fn delay(&self, delay: Duration) {
        self.way.send_replace(Way::Open(delay));
    }
}

/// A way to the server of a URL, on a free port, by which connections go as they
/// are passed on, from a client to the server; the URL through it.
pub async fn way_to<F>(
    url: &str,
    pass: impl Fn(TcpStream, TcpStream) -> F + Send + 'static,
) -> Result<String>
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let server = server_of(url)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((from_client, _)) = listener.accept().await {
            let Ok(to_server) = TcpStream::connect(server).await else {
                // Its client finds out.
                continue;
            };
            // Small messages, one after the other.
            let hurried = from_client.set_nodelay(true);
            if hurried.and(to_server.set_nodelay(true)).is_ok() {
                tokio::spawn(pass(from_client, to_server));
            }
        }
    });
    Ok(url.replace(&server.to_string(), &address.to_string()))
}

/// Where the server of a URL is.
fn server_of(url: &str) -> Result<SocketAddr> {
    let (_, rest) = url.split_once("://").context("a URL without a scheme")?;
    let (rest, _) = rest.split_once('/').unwrap_or((rest, ""));
    let (_, server) = rest.rsplit_once('@').unwrap_or(("", rest));
    Ok(server.parse()?)
}

async fn listen(server: SocketAddr, kafka: bool) -> Result<(watch::Sender<Way>, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (way, state) = watch::channel(Way::Open(Duration::ZERO));
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
            matches!(way, Way::Open(_) | Way::Unanswered).then_some(Duration::ZERO)
        });
        let answered = async {
            match renamed {
                None => carry(from_server, to_client, way, open).await,
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

/// How much later answers arrive, where they do.
const fn open(way: Way) -> Option<Duration> {
    match way {
        Way::Open(delay) => Some(delay),
        Way::Unanswered | Way::Silent | Way::Refused => None,
    }
}

/// Carries bytes, and the end of them, while it `may`, and as late.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut way: watch::Receiver<Way>,
    may: impl Fn(Way) -> Option<Duration>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut buffer).await?;
        let _ = way.wait_for(|way| may(*way).is_some()).await;
        let delay = may(*way.borrow()).unwrap_or_default();
        if !delay.is_zero() {
            sleep(delay).await;
        }
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
            let _ = way.wait_for(|way| open(*way).is_some()).await;
            return to.shutdown().await;
        };
        let mut answer = vec![0; length as usize];
        from.read_exact(&mut answer).await?;
        while let Some(at) = answer.windows(old.len()).position(|bytes| bytes == old) {
            answer[at..at + old.len()].copy_from_slice(new);
        }
        let _ = way.wait_for(|way| open(*way).is_some()).await;
        to.write_u32(length).await?;
        to.write_all(&answer).await?;
    }
}
