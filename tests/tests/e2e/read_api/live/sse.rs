//! A client of server-sent events, and orders for it to see.

use anyhow::{Context as _, Result, ensure};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tests::{Api, Role, TestEnv};
use tokio::time::timeout;

/// One block of a stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Block {
    pub id: Option<String>,
    pub event: Option<String>,
    pub data: Option<Value>,
    pub comment: bool,
}

/// A connection.
pub struct Stream {
    response: Response,
    text: String,
    /// What to resume by.
    pub last_id: Option<String>,
}

impl Stream {
    /// Opens a stream, after the place of an earlier one if there is one.
    pub async fn open(api: &Api, path: &str, last_id: Option<&str>) -> Result<Self> {
        let mut request = api.request(Method::GET, path);
        if let Some(id) = last_id {
            request = request.header("Last-Event-ID", id);
        }
        let response = request.send().await?;
        // nginx, where it is between, takes this as told to itself.
        let unbuffered = response.headers().get("x-accel-buffering");
        ensure!(response.status() != 200 || unbuffered.is_some_and(|v| v == "no"));
        Self::of(response, last_id).await
    }

    /// What such a request is answered.
    pub async fn of(response: Response, last_id: Option<&str>) -> Result<Self> {
        ensure!(response.status() == 200, "{}", response.text().await?);
        let header = |name| response.headers().get(name).and_then(|v| v.to_str().ok());
        ensure!(header("content-type") == Some("text/event-stream"));
        ensure!(header("cache-control") == Some("no-store"));
        Ok(Self {
            response,
            text: String::new(),
            last_id: last_id.map(str::to_owned),
        })
    }

    /// The next block; none at the end of the stream.
    pub async fn block(&mut self) -> Result<Option<Block>> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = parse(block)?;
                self.text = String::from(rest);
                self.last_id = block.id.clone().or(self.last_id.take());
                return Ok(Some(block));
            }
            let chunk = timeout(tests::DEADLINE, self.response.chunk());
            let Some(chunk) = chunk.await.context("the stream is silent")?? else {
                ensure!(self.text.is_empty(), "a block was cut: {}", self.text);
                return Ok(None);
            };
            self.text.push_str(std::str::from_utf8(&chunk)?);
        }
    }

    /// The next block with data; none at the end of the stream.
    pub async fn told(&mut self) -> Result<Option<Block>> {
        while let Some(block) = self.block().await? {
            if block.data.is_some() {
                return Ok(Some(block));
            }
        }
        Ok(None)
    }

    /// The data of the next block that has some, and no name.
    pub async fn data(&mut self) -> Result<Value> {
        loop {
            let told = self.told().await?.context("the stream has ended")?;
            if let (None, Some(data)) = (told.event, told.data) {
                return Ok(data);
            }
        }
    }
}

fn parse(text: &str) -> Result<Block> {
    let mut block = Block::default();
    for line in text.lines() {
        let (name, value) = line.split_once(':').context("a line without a name")?;
        let value = value.trim_start().to_owned();
        match name {
            "" => block.comment = true,
            "id" => block.id = Some(value),
            "event" => block.event = Some(value),
            "data" => block.data = Some(serde_json::from_str(&value)?),
            "retry" => ensure!(value.parse::<u32>()? >= 1_000),
            other => anyhow::bail!("a line {other}"),
        }
    }
    Ok(block)
}

/// Commands and queries on a log of their own, and nothing behind them.
pub async fn apis(env: &TestEnv) -> Result<(Api, Api, [Role; 2])> {
    env.orderlog_ok(&["migrate"]).await?;
    let mut roles = [
        env.role("command-api").spawn()?,
        env.role("read-api").spawn()?,
    ];
    for role in &mut roles {
        role.ready().await?;
    }
    let commands = Api::new(env, &roles[0]).await?;
    Ok((commands.clone(), commands.at(&roles[1]), roles))
}

/// Places an order; its path.
pub async fn place(commands: &Api, platform: &str, external_id: &str) -> Result<String> {
    let body = json!({
        "platform": platform, "external_id": external_id, "currency": "GBP",
        "customer": {"name": "Ada Lovelace"},
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 1, "unit_price": 100}],
    });
    let placed = commands.post("/v1/orders", &body).await?.expect(201)?;
    Ok(placed.header("location").to_owned())
}

/// Notes something on an order.
pub async fn note(commands: &Api, path: &str) -> Result<()> {
    let note = json!({"text": "ring twice"});
    let noted = commands.post(&format!("{path}/notes"), &note).await?;
    noted.expect(200)?;
    Ok(())
}

/// The id at the end of an order's path.
pub fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}
