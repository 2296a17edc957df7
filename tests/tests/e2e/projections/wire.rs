//! A way to a PostgreSQL server that ends after a statement, as a crash in the
//! middle of a transaction does.

use crate::proxy::way_to;
use anyhow::Result;
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// Asks whether the connection may be encrypted (PostgreSQL, "Message Formats").
const SSL_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();
/// The server has carried a statement out.
const COMMAND_COMPLETE: u8 = b'C';

/// Passes connections on to a server, and reads along what it has done.
pub struct Wire {
    read: Arc<Mutex<Read>>,
    url: String,
}

/// What was read.
#[derive(Default)]
struct Read {
    /// What the statements of the last transaction did, from its BEGIN on.
    done: Vec<String>,
    /// Whether it goes on.
    open: bool,
    /// After how many statements of a transaction its connection ends.
    cut_after: Option<usize>,
}

impl Wire {
    /// A way to the server of a URL, on a free port.
    pub async fn to(url: &str) -> Result<Self> {
        let read = Arc::<Mutex<Read>>::default();
        let shared = Arc::clone(&read);
        let url = way_to(url, move |client, server| {
            pass(client, server, Arc::clone(&shared))
        });
        Ok(Self {
            read,
            url: url.await?,
        })
    }

    /// The URL through it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The connection of the next transaction ends when the server has carried
    /// out so many of its statements, BEGIN and COMMIT among them, before the
    /// client hears of the last one. Of a shorter one it does not.
    pub fn cut_after(&self, statements: usize) {
        lock(&self.read).cut_after = Some(statements);
    }

    /// What the statements of the last transaction did, as far as it came.
    pub fn done(&self) -> Vec<String> {
        lock(&self.read).done.clone()
    }
}

fn lock(read: &Mutex<Read>) -> MutexGuard<'_, Read> {
    read.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Read {
    /// A statement was carried out; whether nobody is to hear of it.
    fn note(&mut self, tag: &str) -> bool {
        if tag == "BEGIN" {
            self.done.clear();
            self.open = true;
        }
        if !self.open {
            return false;
        }
        self.done.push(tag.to_owned());
        let cut = self.cut_after == Some(self.done.len());
        self.open = !cut && !matches!(tag, "COMMIT" | "ROLLBACK");
        if !self.open {
            self.cut_after = None;
        }
        cut
    }
}

async fn pass(
    mut client: TcpStream,
    mut server: TcpStream,
    read: Arc<Mutex<Read>>,
) -> io::Result<()> {
    let mut first = [0; 8];
    client.read_exact(&mut first).await?;
    if first[4..] == SSL_REQUEST {
        client.write_all(b"N").await?;
    } else {
        server.write_all(&first).await?;
    }
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    tokio::select! {
        said = tokio::io::copy(&mut from_client, &mut to_server) => said.map(drop),
        answered = answers(from_server, to_client, &read) => answered,
    }
}

/// Carries the server's messages: a letter, a length, the rest.
async fn answers(
    from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    read: &Mutex<Read>,
) -> io::Result<()> {
    let mut from = BufReader::new(from);
    loop {
        let (letter, length) = (from.read_u8().await?, from.read_u32().await?);
        let mut message = vec![letter];
        message.extend(length.to_be_bytes());
        // The length counts itself.
        let body = message.len();
        message.resize(1 + length as usize, 0);
        from.read_exact(&mut message[body..]).await?;
        if letter == COMMAND_COMPLETE {
            let tag = String::from_utf8_lossy(&message[body..]);
            if lock(read).note(tag.trim_end_matches('\0')) {
                return Ok(());
            }
        }
        to.write_all(&message).await?;
    }
}
