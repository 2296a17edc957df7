//! The yardstick of `append`: one prepared one-row INSERT per transaction into
//! the same table, as pgbench does it. pgbench is not part of the servers that
//! this project fetches, so its loop is done here, in the least code there is:
//! a blocking thread and a socket per client, messages of the protocol put
//! together by hand, no parsing of answers beyond "ready".

use crate::workload::per_second;
use anyhow::{Context as _, bail, ensure};
use infra::{clock, config::Config, postgres};
use sqlx::{Row as _, postgres::PgConnectOptions};
use std::{
    io::{BufReader, Read as _, Write as _},
    net::TcpStream,
    str::FromStr as _,
    thread,
    time::{Duration, Instant},
};

/// Its name in figures.
pub const NAME: &str = "pgbench-like one-row INSERT";

/// Connections at most: the server has no more to spare. Beyond, a yardstick
/// gets no faster.
const CONNECTIONS: usize = 128;

const SQL: &str = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
     event_version, payload, metadata) VALUES ('order', $1, $2, $3, '1', $4, $5)";

/// The rows of one order as the executor stored them: type, payload, metadata.
#[derive(Debug, Clone)]
pub struct Rows(Vec<(String, String, String)>);

impl Rows {
    /// Those of some order that is in the log.
    pub async fn of(config: &Config) -> anyhow::Result<Self> {
        let pool = postgres::pool(&config.events_url, 1)?;
        let rows = sqlx::query(
            "SELECT event_type, payload::text AS payload, metadata::text AS metadata FROM events \
              WHERE aggregate_id = (SELECT aggregate_id FROM events WHERE sequence = 4 LIMIT 1) \
              ORDER BY sequence",
        )
        .fetch_all(&pool)
        .await?;
        let row = |row: &sqlx::postgres::PgRow| {
            Ok((
                row.try_get("event_type")?,
                row.try_get("payload")?,
                row.try_get("metadata")?,
            ))
        };
        let rows = rows
            .iter()
            .map(row)
            .collect::<Result<Vec<_>, sqlx::Error>>()?;
        ensure!(rows.len() == 4, "an order of the workload has four events");
        Ok(Self(rows))
    }
}

/// Rows a second of so many clients.
pub async fn rate(
    config: &Config,
    rows: &Rows,
    clients: usize,
    time: Duration,
) -> anyhow::Result<f64> {
    let options = PgConnectOptions::from_str(&config.events_url)?;
    let rows = rows.clone();
    tokio::task::spawn_blocking(move || {
        let connect = || Client::connect(&options, &rows);
        let clients = (0..clients.min(CONNECTIONS))
            .map(|_| connect())
            .collect::<Result<Vec<_>, _>>()?;
        let began = Instant::now();
        let deadline = began + time;
        let run = |mut client: Client| thread::spawn(move || client.run(deadline));
        let threads: Vec<_> = clients.into_iter().map(run).collect();
        let mut inserted = 0;
        for thread in threads {
            let done = thread
                .join()
                .map_err(|_| anyhow::anyhow!("a client panicked"))?;
            inserted += done?;
        }
        Ok(per_second(inserted, began.elapsed()))
    })
    .await?
}

struct Client {
    input: BufReader<TcpStream>,
    output: TcpStream,
    rows: Rows,
}

impl Client {
    fn connect(options: &PgConnectOptions, rows: &Rows) -> anyhow::Result<Self> {
        let output = TcpStream::connect((options.get_host(), options.get_port()))?;
        output.set_nodelay(true)?;
        let mut client = Self {
            input: BufReader::new(output.try_clone()?),
            output,
            rows: rows.clone(),
        };
        let mut startup = 196_608_i32.to_be_bytes().to_vec();
        let database = options.get_database().context("a database")?;
        for text in ["user", options.get_username(), "database", database, ""] {
            startup.extend_from_slice(text.as_bytes());
            startup.push(0);
        }
        client.send(None, &startup)?;
        client.until_ready()?;
        let mut parse = b"row\0".to_vec();
        parse.extend_from_slice(SQL.as_bytes());
        parse.extend_from_slice(&[0, 0, 0]);
        client.send(Some(b'P'), &parse)?;
        client.send(Some(b'S'), &[])?;
        client.until_ready()?;
        Ok(client)
    }

    /// Until `deadline`; how many rows.
    fn run(&mut self, deadline: Instant) -> anyhow::Result<u64> {
        let mut inserted = 0;
        while Instant::now() < deadline {
            let id = clock::new_id().to_string();
            for sequence in 1..=self.rows.0.len() {
                self.insert(&id, sequence)?;
                inserted += 1;
            }
        }
        Ok(inserted)
    }

    fn insert(&mut self, id: &str, sequence: usize) -> anyhow::Result<()> {
        let (event_type, payload, metadata) = &self.rows.0[sequence - 1];
        // Unique per order, as the executor's is.
        let at = metadata.find("command_id\":\"").context("a command id")? + 13;
        let command = clock::new_id().to_string();
        let metadata = [&metadata[..at], &command, &metadata[at + 36..]].concat();
        let sequence = sequence.to_string();
        let values = [id, &sequence, event_type, payload, &metadata];
        let mut bind = b"\0row\0\0\0".to_vec();
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
