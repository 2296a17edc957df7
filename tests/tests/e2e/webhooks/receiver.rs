//! A receiver of webhooks: what it was sent, and how it answers.

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tests::wait_until;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::task::AbortOnDropHandle;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// When its body had come.
    pub at: Instant,
    /// Header fields, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Body.
    pub body: String,
    /// The same as JSON.
    pub json: Value,
}

/// How it is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// With a status, header lines and a body.
    Status(u16, &'static str, &'static str),
    /// Later.
    After(Duration, u16),
    /// The connection is reset.
    Reset,
    /// Not at all.
    Never,
}

/// 200.
pub const OK: Reply = Reply::Status(200, "", "ok");

/// Answers a message as `answer` says when it comes for the first time, then with
/// 200: a second failure would be repeated after five minutes.
pub fn first_time(
    answer: impl Fn(&Received) -> Reply + Send + Sync + 'static,
) -> impl Fn(&Received) -> Reply + Send + Sync + 'static {
    let seen = Mutex::new(BTreeSet::new());
    move |received| {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.insert(received.id().to_owned()) {
            answer(received)
        } else {
            OK
        }
    }
}

type Answering = dyn Fn(&Received) -> Reply + Send + Sync;

/// Listens until it is dropped.
pub struct Receiver {
    /// Where.
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
    _listening: AbortOnDropHandle<()>,
}

impl Receiver {
    /// Listens on this machine.
    pub async fn start(
        answer: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hooks", listener.local_addr()?);
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let (all, answer): (_, Arc<Answering>) = (received.clone(), Arc::new(answer));
        let listening = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (all, answer) = (all.clone(), answer.clone());
                // A client that goes away is no concern.
                tokio::spawn(async move { serve(connection, &all, &*answer).await.ok() });
            }
        });
        Ok(Self {
            url,
            received,
            _listening: AbortOnDropHandle::new(listening),
        })
    }

    /// Everything, in the order in which it came.
    pub fn received(&self) -> Vec<Received> {
        let received = self.received.lock();
        received.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at everything, and copies none of it.
    pub fn look<T>(&self, at: impl FnOnce(&[Received]) -> T) -> T {
        let received = self.received.lock();
        at(&received.unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for so many requests.
    pub async fn until(&self, wanted: usize) -> Result<Vec<Received>> {
        wait_until(&format!("{wanted} requests"), async || {
            let received = self.received();
            Ok((received.len() >= wanted).then_some(received))
        })
        .await
    }
}

impl Received {
    /// A header field; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// `webhook-id`.
    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    /// Whether one of the signatures is by this secret.
    pub fn is_signed_by(&self, secret: &str) -> Result<bool> {
        let secret = secret.strip_prefix("whsec_").context("no secret")?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(secret)?)?;
        let signed = format!(
            "{}.{}.{}",
            self.id(),
            self.header("webhook-timestamp"),
            self.body
        );
        mac.update(signed.as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let mut signatures = self.header("webhook-signature").split(' ');
        Ok(signatures.any(|signature| signature == expected))
    }
}

async fn serve(
    mut connection: TcpStream,
    all: &Mutex<Vec<Received>>,
    answer: &Answering,
) -> Result<()> {
    loop {
        let received = read(&mut connection).await?;
        let reply = answer(&received);
        all.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(received);
        let told = match reply {
            Reply::Status(status, headers, body) => told(status, headers, body),
            Reply::After(pause, status) => {
                tokio::time::sleep(pause).await;
                told(status, "", "")
            }
            Reply::Reset => {
                connection.set_zero_linger()?;
                return Ok(());
            }
            Reply::Never => std::future::pending().await,
        };
        connection.write_all(told.as_bytes()).await?;
    }
}

fn told(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} Told\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

async fn read(connection: &mut TcpStream) -> Result<Received> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if connection.read_buf(&mut bytes).await? == 0 {
            bail!("no request");
        }
    };
    let text = std::str::from_utf8(&bytes[..head])?;
    let fields = text.lines().skip(1).filter_map(|line| line.split_once(':'));
    let headers: BTreeMap<String, String> = fields
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers
        .get("content-length")
        .context("no length")?
        .parse()?;
    while bytes.len() < head + 4 + length {
        if connection.read_buf(&mut bytes).await? == 0 {
            bail!("half a request");
        }
    }
    let body = String::from_utf8(bytes[head + 4..].to_vec())?;
    Ok(Received {
        at: Instant::now(),
        headers,
        json: serde_json::from_str(&body).unwrap_or_default(),
        body,
    })
}
