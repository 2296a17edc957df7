//! Two instances of the command API, and rounds between them.

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};
use std::env;
use tests::{Answer, Api, Role, TestEnv, answer};

/// Rounds of each race; `ORDERLOG_RACE_ROUNDS` says another number.
const ROUNDS: usize = 1_000;
/// Rounds of a race that is a variation of another one.
const VARIATION: usize = 250;
/// Rounds that run at the same time.
const AT_ONCE: usize = 12;

/// Two instances and a client of each.
pub struct Arena {
    pub left: Api,
    pub right: Api,
    rounds: usize,
    _roles: [Role; 2],
}

/// A command: method, path behind the order's, body, idempotency key.
#[derive(Debug, Clone)]
pub struct Command {
    pub method: Method,
    pub path: String,
    pub body: Value,
    pub key: Option<String>,
}

impl Command {
    /// `POST`, the usual one.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self {
            method: Method::POST,
            path: path.into(),
            body,
            key: None,
        }
    }

    async fn send(&self, api: &Api) -> anyhow::Result<Answer> {
        let mut request = api.request(self.method.clone(), &self.path);
        if let Some(key) = &self.key {
            request = request.header("Idempotency-Key", key);
        }
        answer(request.json(&self.body)).await
    }
}

/// How one round ended: both answers, and the order afterwards.
pub struct Round {
    pub left: Answer,
    pub right: Answer,
    pub order: Value,
}

impl Arena {
    /// Starts both instances.
    pub async fn new(env: &TestEnv) -> anyhow::Result<Self> {
        Self::of(ROUNDS, env).await
    }

    /// The same for a race that is a variation of another one.
    pub async fn variation(env: &TestEnv) -> anyhow::Result<Self> {
        Self::of(VARIATION, env).await
    }

    async fn of(rounds: usize, env: &TestEnv) -> anyhow::Result<Self> {
        let rounds = match env::var("ORDERLOG_RACE_ROUNDS") {
            Ok(text) => text.parse().context("ORDERLOG_RACE_ROUNDS")?,
            Err(_) => rounds,
        };
        env.orderlog_ok(&["migrate"]).await?;
        let mut roles = [
            env.role("command-api").spawn()?,
            env.role("command-api").spawn()?,
        ];
        for role in &mut roles {
            role.ready().await?;
        }
        let left = Api::new(env, &roles[0]).await?;
        let right = left.at(&roles[1]);
        Ok(Self {
            left,
            right,
            rounds,
            _roles: roles,
        })
    }

    /// Runs a round again and again, several at once.
    pub async fn rounds<F>(&self, round: impl Fn(usize) -> F) -> anyhow::Result<()>
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        stream::iter(0..self.rounds)
            .map(round)
            .buffer_unordered(AT_ONCE)
            .try_for_each(|()| async { Ok(()) })
            .await
    }

    /// Runs all rounds: each prepares an order by `setup` commands, races
    /// two commands on it, and hands the outcome to `judge`.
    pub async fn race(
        &self,
        setup: &[(&str, Value)],
        racers: [(&str, Value); 2],
        judge: impl Fn(&Round) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let judge = &judge;
        self.rounds(|_| async {
            let (path, _) = self.prepared(setup).await?;
            let [left, right] = racers
                .each_ref()
                .map(|(to, body)| Command::post(format!("{path}{to}"), body.clone()));
            let (left, right) = self.at_once(&left, &right).await?;
            let round = Round {
                left,
                right,
                order: self.order(&path).await?,
            };
            judge(&round).with_context(|| told(&round))
        })
        .await
    }

    /// A new order that these commands were carried out on: its path and its
    /// last answer.
    pub async fn prepared(&self, setup: &[(&str, Value)]) -> anyhow::Result<(String, Value)> {
        let placed = self.left.post("/v1/orders", &order()).await?.expect(201)?;
        let id = placed.json["order_id"].as_str().context("no id")?;
        let path = format!("/v1/orders/{id}");
        let mut last = placed.json.clone();
        for (to, body) in setup {
            last = self.done(&path, to, body).await?;
        }
        Ok((path, last))
    }

    async fn done(&self, path: &str, to: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.left.post(&format!("{path}{to}"), body).await?;
        ensure!(answer.status.is_success(), "{to}: {}", answer.json);
        Ok(answer.json)
    }

    /// Sends both at the same moment, one to each instance.
    pub async fn at_once(
        &self,
        left: &Command,
        right: &Command,
    ) -> anyhow::Result<(Answer, Answer)> {
        tokio::try_join!(left.send(&self.left), right.send(&self.right))
    }

    /// The order as it is: the answer of a command that changes nothing of
    /// what is judged.
    pub async fn order(&self, path: &str) -> anyhow::Result<Value> {
        let tag = self
            .right
            .request(Method::PUT, &format!("{path}/tags/seen"));
        let answer = answer(tag).await?.expect(200)?;
        Ok(answer.json)
    }
}

/// An order of two lamps at 50.00 each.
pub fn order() -> Value {
    json!({
        "platform": "web", "currency": "GBP",
        "lines": [{"sku": "LAMP", "name": "Lamp", "quantity": 2, "unit_price": 5000}],
    })
}

/// Exactly one succeeded; the other one was refused with one of these codes.
pub fn one_wins(round: &Round, codes: &[&str]) -> anyhow::Result<()> {
    let (won, lost) = match (
        round.left.status.is_success(),
        round.right.status.is_success(),
    ) {
        (true, false) => (&round.left, &round.right),
        (false, true) => (&round.right, &round.left),
        both => anyhow::bail!("succeeded: {both:?}"),
    };
    ensure!(won.status == 200, "{}", won.status);
    ensure!(lost.status == 409, "{}", lost.status);
    let code = lost.json["code"].as_str().unwrap_or_default();
    ensure!(codes.contains(&code), "{code}");
    Ok(())
}

fn told(round: &Round) -> String {
    let Round { left, right, order } = round;
    format!(
        "left {} {}\nright {} {}\norder {order}",
        left.status, left.json, right.status, right.json
    )
}
