//! The least HTTP client that there is: on two cores, what a client costs is
//! taken from the server. Requests are put together beforehand, of answers
//! only status and length are read.

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// One keep-alive connection.
pub struct Connection {
    address: String,
    /// None: nothing was asked yet.
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

/// An answer.
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body, as it came.
    pub body: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: &str) -> anyhow::Result<Self> {
        Ok(Self {
            stream: Some(connected(address).await?),
            ..Self::later(address)
        })
    }

    /// Connects with the first request: a server gives that a few seconds to arrive.
    pub fn later(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            stream: None,
            buffer: Vec::with_capacity(16 << 10),
        }
    }

    /// One request and its answer.
    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connected(&self.address).await?,
        };
        let answer = self.exchange(&mut stream, request).await?;
        self.stream = Some(stream);
        Ok(answer)
    }

    async fn exchange(&mut self, stream: &mut TcpStream, request: &[u8]) -> anyhow::Result<Answer> {
        stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            self.more(stream).await?;
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head])?.to_ascii_lowercase();
        let status: u16 = text.get(9..12).context("a status")?.parse()?;
        let length = text
            .lines()
            .find_map(|l| l.strip_prefix("content-length: "));
        let length: usize = match length {
            // It never has a body.
            _ if status == 304 => 0,
            length => length.context("an answer without a length")?.parse()?,
        };
        while self.buffer.len() < head + length {
            self.more(stream).await?;
        }
        let body = self.buffer[head..head + length].to_vec();
        Ok(Answer { status, body })
    }

    async fn more(&mut self, stream: &mut TcpStream) -> anyhow::Result<()> {
        if stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server has closed the connection");
        }
        Ok(())
    }
}

async fn connected(address: &str) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}
