//! What clients cost while everything is told to all of them.

use super::sse::{Stream, apis, id_of, note};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use infra::open_files;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use std::{collections::HashMap, sync::Arc, time::Instant};
use tests::{Api, TestEnv};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    net::TcpStream,
    task::JoinSet,
};

super::super::suite![a_thousand_busy_clients_share_what_they_are_told];

const EVENTS: &str = "/v1/events/stream";
/// Clients that are told everything.
const WHOLE: usize = 1_000;
/// Clients of each filter that are told some of it.
const SOME: usize = 125;
const FILTERS: [&str; 2] = ["?platform=shop", "?type=order.note_added"];
/// Orders of 14 KiB, each of which is noted something on.
const ORDERS: usize = 60;
/// How much memory each client may cost at the most, in KiB.
const MOST_KIB: u64 = 80;

/// A connection, read as bytes: thousands of them have to keep up.
struct Client {
    connection: BufReader<TcpStream>,
    text: Vec<u8>,
}

impl Client {
    async fn open(api: &Api, filter: &str) -> Result<Self> {
        let connection = api.connect(&format!("{EVENTS}{filter}")).await?;
        let mut connection = BufReader::new(connection);
        let mut line = String::new();
        connection.read_line(&mut line).await?;
        ensure!(line.contains(" 200 "), "{line}");
        while line != "\r\n" {
            line.clear();
            connection.read_line(&mut line).await?;
        }
        let mut client = Self {
            connection,
            text: Vec::new(),
        };
        // The greeting: it follows from now on.
        while !client.line().await?.is_empty() {}
        Ok(client)
    }

    /// The next chunk of the answer (RFC 9112 §7.1).
    async fn read(&mut self) -> Result<()> {
        let mut size = String::new();
        self.connection.read_line(&mut size).await?;
        let size = usize::from_str_radix(size.trim(), 16).context("the stream has ended")?;
        let begin = self.text.len();
        self.text.resize(begin + size + 2, 0);
        self.connection.read_exact(&mut self.text[begin..]).await?;
        self.text.truncate(begin + size);
        Ok(())
    }

    async fn line(&mut self) -> Result<Vec<u8>> {
        let mut searched = 0;
        loop {
            let fresh = &self.text[searched..];
            if let Some(end) = fresh.iter().position(|byte| *byte == b'\n') {
                let rest = self.text.split_off(searched + end + 1);
                let mut line = std::mem::replace(&mut self.text, rest);
                line.pop();
                return Ok(line);
            }
            searched = self.text.len();
            self.read().await?;
        }
    }

    /// Reads events up to the one with this id; their ids.
    async fn told(mut self, last: &str) -> Result<Vec<String>> {
        let (mut ids, mut id) = (Vec::new(), None);
        while ids.last().is_none_or(|id| id != last) {
            let line = self.line().await?;
            if let Some(value) = line.strip_prefix(b"id: ") {
                id = Some(String::from_utf8(value.to_vec())?);
            } else if line.starts_with(b"data: ") {
                ids.push(id.take().context("an event without an id")?);
            }
        }
        Ok(ids)
    }
}

/// Places an order on one of two platforms, and notes something on it; its id
/// and whether it is of the shop.
async fn write(commands: &Api, number: usize) -> Result<(String, bool)> {
    let is_shop = number.is_multiple_of(2);
    let name = "x".repeat(1_300);
    let lines: Value = (0..10)
        .map(|n| json!({"sku": format!("S{n}"), "name": name, "quantity": 1, "unit_price": 1}))
        .collect();
    let order = json!({
        "platform": if is_shop { "shop" } else { "web" },
        "external_id": format!("B-{number}"), "currency": "GBP", "lines": lines,
    });
    let placed = commands.post("/v1/orders", &order).await?.expect(201)?;
    let path = placed.header("location");
    note(commands, path).await?;
    Ok((id_of(path).to_owned(), is_shop))
}

/// Everything at once, which is as busy as it gets.
async fn a_thousand_busy_clients_share_what_they_are_told(env: &TestEnv) -> Result<()> {
    open_files::raise_limit();
    let (commands, queries, roles) = apis(env).await?;
    let mut one = Stream::open(&queries, EVENTS, None).await?;
    write(&commands, ORDERS).await?;
    let mut early = Vec::new();
    for _ in 0..2 {
        let event = one.data().await?;
        early.push(
            event["position"]
                .as_str()
                .context("no position")?
                .to_owned(),
        );
    }
    let before = roles[1].resident_kib()?;
    let filters = [("", WHOLE), (FILTERS[0], SOME), (FILTERS[1], SOME)];
    let mut clients = Vec::new();
    for (filter, count) in filters {
        for _ in 0..count / 25 {
            let opened = (0..25).map(|_| Client::open(&queries, filter));
            let opened = try_join_all(opened).await?;
            clients.extend(opened.into_iter().map(|client| (filter, client)));
        }
    }
    let idle = roles[1].resident_kib()?.saturating_sub(before) / clients.len() as u64;

    // Nothing is final as long as this is open.
    let mut log = PgConnection::connect(&env.config.events_url).await?;
    let mut open = log.begin().await?;
    sqlx::query("SELECT pg_current_xact_id()")
        .execute(&mut *open)
        .await?;
    let mut shops = HashMap::new();
    for number in 0..ORDERS / 10 {
        let written = (0..10).map(|order| write(&commands, number * 10 + order));
        shops.extend(try_join_all(written).await?);
    }
    let began = Instant::now();
    open.rollback().await?;
    // All take the last one: nothing may come twice before it.
    let last = write(&commands, ORDERS + 2).await?;
    shops.extend([last]);

    let mut told: HashMap<&str, Vec<String>> = HashMap::new();
    for _ in 0..shops.len() * 2 {
        let event = one.data().await?;
        let id = event["position"].as_str().context("no position")?;
        let order = event["subject"].as_str().context("no order")?;
        let is_shop = shops.get(order).context("another order")?;
        for (filter, takes) in [
            ("", true),
            (FILTERS[0], *is_shop),
            (FILTERS[1], event["type"] == "order.note_added"),
        ] {
            let ids = told.entry(filter).or_default();
            ids.extend(takes.then(|| id.to_owned()));
        }
    }
    let (told, count) = (Arc::new((early, told)), clients.len() as u64);
    let mut readers = JoinSet::new();
    for (filter, client) in clients {
        let told = Arc::clone(&told);
        readers.spawn(async move {
            let (early, told) = &*told;
            let expected = told.get(filter).context("no events")?;
            let last = expected.last().context("no events")?;
            let mut ids = client.told(last).await?;
            // From now on may have been a moment ago.
            ids.retain(|id| !early.contains(id));
            ensure!(&ids == expected, "{filter}: {ids:?} are not {expected:?}");
            anyhow::Ok(())
        });
    }
    while let Some(read) = readers.join_next().await {
        read??;
    }
    let each = roles[1].peak_resident_kib()?.saturating_sub(before) / count;
    let figures = format!(
        "{each} KiB for each of {count} busy clients, {idle} while they were idle; \
         all was told after {:?}",
        began.elapsed()
    );
    ensure!(each <= MOST_KIB, "{figures}");
    eprintln!("{figures}");
    Ok(())
}
