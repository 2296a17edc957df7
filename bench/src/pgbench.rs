//! The loop of pgbench, which is not part of the servers that this project
//! fetches, in the least code there is: a blocking thread and a socket per
//! client, one prepared statement, messages of the protocol put together by
//! hand, no parsing of answers beyond "ready".

use crate::workload::per_second;
use anyhow::{Context as _, bail};
use sqlx::postgres::PgConnectOptions;
use std::{
    io::{BufReader, Read as _, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

/// Connections at most: the server has no more to spare. Beyond, a yardstick
/// gets no faster.
const CONNECTIONS: usize = 128;

/// One connection with its prepared statement.
pub struct Client {
    input: BufReader<TcpStream>,
    output: TcpStream,
}

/// Runs `work` on so many connections until the time is over: it is called
/// again and again, and says how many statements it has executed. Statements a
/// second.
pub async fn rate<W>(
    url: &str,
    sql: &'static str,
    clients: usize,
    time: Duration,
    work: W,
) -> anyhow::Result<f64>
where
    W: FnMut(&mut Client) -> anyhow::Result<u64> + Clone + Send + 'static,
{
    let options: PgConnectOptions = url.parse()?;
    tokio::task::spawn_blocking(move || {
        let clients = (0..clients.min(CONNECTIONS))
            .map(|_| Client::connect(&options, sql))
            .collect::<Result<Vec<_>, _>>()?;
        let began = Instant::now();
        let deadline = began + time;
        let run = |mut client: Client| {
            let mut work = work.clone();
            thread::spawn(move || {
                let mut executed = 0;
                while Instant::now() < deadline {
                    executed += work(&mut client)?;
                }
                anyhow::Ok(executed)
            })
        };
        let threads: Vec<_> = clients.into_iter().map(run).collect();
        let mut executed = 0;
        for thread in threads {
            let done = thread
                .join()
                .map_err(|_| anyhow::anyhow!("a client panicked"))?;
            executed += done?;
        }
        Ok(per_second(executed, began.elapsed()))
    })
    .await?
}

impl Client {
    fn connect(options: &PgConnectOptions, sql: &str) -> anyhow::Result<Self> {
        let output = TcpStream::connect((options.get_host(), options.get_port()))?;
        output.set_nodelay(true)?;
        let mut client = Self {
            input: BufReader::new(output.try_clone()?),
            output,
        };
        let mut startup = 196_608_i32.to_be_bytes().to_vec();
        let database = options.get_database().context("a database")?;
        for text in ["user", options.get_username(), "database", database, ""] {
            startup.extend_from_slice(text.as_bytes());
            startup.push(0);
        }
        client.send(None, &startup)?;
        client.until_ready()?;
        let mut parse = b"one\0".to_vec();
        parse.extend_from_slice(sql.as_bytes());
        parse.extend_from_slice(&[0, 0, 0]);
        client.send(Some(b'P'), &parse)?;
        client.send(Some(b'S'), &[])?;
        client.until_ready()?;
        Ok(client)
    }

    /// Executes the statement with these values, as text, and waits for all of
    /// its answer.
    pub fn execute(&mut self, values: &[&str]) -> anyhow::Result<()> {
        let mut bind = b"\0one\0\0\0".to_vec();
        bind.extend_from_slice(&u16::try_from(values.len())?.to_be_bytes());
        for value in values {
            bind.extend_from_slice(&i32::try_from(value.len())?.to_be_bytes());
            bind.extend_from_slice(value.as_bytes());
        }
        bind.extend_from_slice(&[0, 0]);
        let mut message = Vec::with_capacity(bind.len() + 32);
        put(&mut message, Some(b'B'), &bind)?;
        put(&mut message, Some(b'E'), &[0, 0, 0, 0, 0])?;
        put(&mut message, Some(b'S'), &[])?;
        self.output.write_all(&message)?;
        self.until_ready()
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> anyhow::Result<()> {
        let mut message = Vec::new();
        put(&mut message, kind, body)?;
        Ok(self.output.write_all(&message)?)
    }

    fn until_ready(&mut self) -> anyhow::Result<()> {
        loop {
            let mut head = [0; 5];
            self.input.read_exact(&mut head)?;
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
            let mut body = vec![0; usize::try_from(length)?.saturating_sub(4)];
            self.input.read_exact(&mut body)?;
            match head[0] {
                b'Z' => return Ok(()),
                b'E' => bail!("the server says {}", String::from_utf8_lossy(&body)),
                _ => {}
            }
        }
    }
}

/// A message of the protocol: its kind, its length with itself, its body.
fn put(message: &mut Vec<u8>, kind: Option<u8>, body: &[u8]) -> anyhow::Result<()> {
    message.extend(kind);
    message.extend_from_slice(&u32::try_from(body.len() + 4)?.to_be_bytes());
    message.extend_from_slice(body);
    Ok(())
}
