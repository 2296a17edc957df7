//! A way to a PostgreSQL server that hears which statements are carried out.

use crate::proxy::way_to;
use anyhow::Result;
use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
};

/// Messages of clients (PostgreSQL, "Message Formats"): a statement is prepared,
/// carried out as it was prepared, or carried out as it stands.
const PARSE: u8 = b'P';
const BIND: u8 = b'B';
const QUERY: u8 = b'Q';

/// Passes connections on to a server.
pub struct Overheard {
    statements: Arc<Mutex<Vec<String>>>,
    url: String,
}

impl Overheard {
    /// A way to the server of a URL, on a free port.
    pub async fn to(url: &str) -> Result<Self> {
        let statements = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&statements);
        let url = way_to(url, move |client, server| {
            pass(client, server, Arc::clone(&heard))
        });
        Ok(Self {
            statements,
            url: url.await?,
        })
    }

    /// The URL through it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every statement that was carried out so far, in order, whoever asked.
    pub fn statements(&self) -> Vec<String> {
        let statements = self.statements.lock();
        statements.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn pass(
    client: TcpStream,
    server: TcpStream,
    heard: Arc<Mutex<Vec<String>>>,
) -> io::Result<()> {
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = server.into_split();
    tokio::select! {
        said = questions(from_client, to_server, &heard) => said,
        answered = tokio::io::copy(&mut from_server, &mut to_client) => answered.map(drop),
    }
}

/// Carries the client's messages: first those without a letter, up to that
/// which begins the session, then a letter, a length, the rest.
async fn questions(
    from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    heard: &Mutex<Vec<String>>,
) -> io::Result<()> {
    /// Protocol 3.0, the only one there is.
    const BEGINS: [u8; 2] = 3_u16.to_be_bytes();
    let (mut from, mut prepared) = (BufReader::new(from), HashMap::new());
    loop {
        let body = message(&mut from, &mut to, None).await?;
        if body.starts_with(&BEGINS) {
            break;
        }
    }
    loop {
        let letter = from.read_u8().await?;
        let body = message(&mut from, &mut to, Some(letter)).await?;
        let mut texts = body.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        let mut text = || texts.next().unwrap_or_default().into_owned();
        let carried_out = match letter {
            PARSE => {
                prepared.insert(text(), text());
                None
            }
            // The name of the portal comes first.
            BIND => {
                text();
                prepared.get(&text()).cloned()
            }
            QUERY => Some(text()),
            _ => None,
        };
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.extend(carried_out);
    }
}

/// The rest of a message, which is passed on.
async fn message(
    from: &mut BufReader<OwnedReadHalf>,
    to: &mut OwnedWriteHalf,
    letter: Option<u8>,
) -> io::Result<Vec<u8>> {
    let length = from.read_u32().await?;
    // The length counts itself.
    let mut body = vec![0; (length as usize).saturating_sub(4)];
    from.read_exact(&mut body).await?;
    let head: Vec<u8> = letter.into_iter().chain(length.to_be_bytes()).collect();
    to.write_all(&[&head[..], &body[..]].concat()).await?;
    Ok(body)
}
