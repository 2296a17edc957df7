//! A command API and a relay, workers beside them, and what came of it.

use anyhow::{Context as _, Result};
use infra::{config::Config, platforms::Platforms, postgres::pool, secret::Secret};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;
use tests::{Api, Role, RoleBuilder, TestEnv, wait_until, wait_until_within};
use time::OffsetDateTime;
use uuid::Uuid;

/// Longest wait for what workers do: what a killed one had taken is nobody
/// else's for a minute.
const WORKED_WITHIN: Duration = Duration::from_mins(3);

/// Roles of one test, and clients of them.
pub struct Scene<'a> {
    env: &'a TestEnv,
    /// A shop.
    pub api: Api,
    pub command_api: Role,
    /// What the workers share.
    pub key: String,
    platforms: Platforms,
    more: Box<dyn Fn(&mut Config) + Send + Sync>,
    log: PgPool,
    ops: PgPool,
    relay: Option<Role>,
}

impl<'a> Scene<'a> {
    /// Everything but a worker. `platforms` as in the configuration.
    pub async fn start(env: &'a TestEnv, platforms: Value) -> Result<Self> {
        Self::start_with(env, platforms, |_| {}).await
    }

    /// The same, where roles are configured otherwise.
    pub async fn start_with(
        env: &'a TestEnv,
        mut platforms: Value,
        more: impl Fn(&mut Config) + Send + Sync + 'static,
    ) -> Result<Self> {
        // Those that are not named are known all the same.
        if let Some(named) = platforms.as_object_mut() {
            named.entry("default").or_insert_with(|| json!({}));
        }
        let platforms: Platforms = serde_json::from_value(platforms)?;
        env.orderlog_ok(&["migrate"]).await?;
        let of_ours = |config: &mut Config| {
            config.platforms = platforms.clone();
            more(config);
        };
        let mut command_api = env.role("command-api").config(of_ours).spawn()?;
        let relay = env.role("relay").spawn()?;
        command_api.ready().await?;
        Ok(Self {
            env,
            api: Api::new(env, &command_api).await?,
            key: Api::new(env, &command_api).await?.key().to_owned(),
            command_api,
            platforms,
            more: Box::new(more),
            log: pool(&env.config.events_url, 2)?,
            ops: pool(&env.config.ops_url, 2)?,
            relay: Some(relay),
        })
    }

    /// Nothing reaches Kafka any more.
    pub async fn stop_relay(&mut self) -> Result<()> {
        let relay = self.relay.take().context("no relay")?;
        relay.kill9().await
    }

    /// It does again.
    pub fn start_relay(&mut self) -> Result<()> {
        self.relay = Some(self.env.role("relay").spawn()?);
        Ok(())
    }

    /// A worker before its start.
    pub fn worker(&self) -> RoleBuilder<'_> {
        self.env.role("worker").config(|config| {
            config.platforms = self.platforms.clone();
            (self.more)(config);
            self.command_api.url().clone_into(&mut config.command_url);
            config.api_key = Secret::new(self.key.clone());
        })
    }

    /// A worker that is ready.
    pub async fn ready_worker(&self) -> Result<Role> {
        let mut worker = self.worker().spawn()?;
        worker.ready().await?;
        Ok(worker)
    }

    /// Places an order that costs 1,000.
    pub async fn place(&self, platform: &str) -> Result<Uuid> {
        let placed = self.api.post("/v1/orders", &order(platform)).await?;
        id_of(&placed.expect(201)?.json)
    }

    /// A command on an order that has to succeed.
    pub async fn command(&self, order: Uuid, action: &str, body: Value) -> Result<Value> {
        let path = format!("/v1/orders/{order}/{action}");
        let answer = self.api.post(&path, &body).await?;
        let created = answer.status.as_u16() == 201;
        Ok(answer.expect(if created { 201 } else { 200 })?.json)
    }

    /// Authorises the whole price.
    pub async fn authorize(&self, order: Uuid) -> Result<()> {
        let body = json!({"amount": 1_000, "provider": "bank", "reference": "x"});
        self.command(order, "payments", body).await?;
        Ok(())
    }

    /// Pays the whole price.
    pub async fn pay(&self, order: Uuid) -> Result<()> {
        self.authorize(order).await?;
        let body = json!({"amount": 1_000});
        self.command(order, "payments/p1/capture", body).await?;
        Ok(())
    }

    /// Calls the order off.
    pub async fn cancel(&self, order: Uuid) -> Result<()> {
        let body = json!({"reason": "changed their mind"});
        self.command(order, "cancel", body).await?;
        Ok(())
    }

    /// Ships everything.
    pub async fn ship(&self, order: Uuid) -> Result<()> {
        let body = json!({"lines": [{"line": "l1", "quantity": 1}]});
        self.command(order, "fulfillments", body).await?;
        let body = json!({"carrier": "post", "tracking_number": "T1"});
        self.command(order, "fulfillments/f1/ship", body).await?;
        Ok(())
    }

    /// The types of an order's events, oldest first.
    pub async fn events(&self, order: Uuid) -> Result<Vec<String>> {
        let types = sqlx::query_scalar(
            "SELECT event_type FROM events WHERE aggregate_id = $1 ORDER BY sequence",
        );
        Ok(types.bind(order.to_string()).fetch_all(&self.log).await?)
    }

    /// Waits until an order has an event of this type; all its events.
    pub async fn until(&self, order: Uuid, event: &str) -> Result<Vec<String>> {
        let has = |events: &[String]| events.iter().any(|e| e == event);
        self.until_events(order, event, has).await
    }

    /// Waits until an order's events are such ones; all of them.
    pub async fn until_events(
        &self,
        order: Uuid,
        what: &str,
        such: impl Fn(&[String]) -> bool,
    ) -> Result<Vec<String>> {
        wait_until(&format!("{what} of {order}"), async || {
            let events = self.events(order).await?;
            Ok(such(&events).then_some(events))
        })
        .await
    }

    /// When the log recorded an order's event of this type.
    pub async fn recorded(&self, order: Uuid, event: &str) -> Result<OffsetDateTime> {
        let at = sqlx::query_scalar(
            "SELECT recorded_at FROM events WHERE aggregate_id = $1 AND event_type = $2",
        );
        let at = at.bind(order.to_string()).bind(event);
        Ok(at.fetch_one(&self.log).await?)
    }

    /// Waits until the worker knows all of an order and nothing is to be done
    /// any more; all its events.
    pub async fn until_idle(&self, order: Uuid) -> Result<Vec<String>> {
        wait_until_within(
            WORKED_WITHIN,
            &format!("nothing to do for {order}"),
            async || {
                let events = self.events(order).await?;
                let known = i64::try_from(events.len())?;
                let idle = self.known(order).await? == known && self.steps(order).await? == 0;
                // An answer to a step may be an event that was not there before.
                let same = idle && self.events(order).await?.len() == events.len();
                Ok(same.then_some(events))
            },
        )
        .await
    }

    /// The version of an order that the workers know; 0: none.
    pub async fn known(&self, order: Uuid) -> Result<i64> {
        let version = sqlx::query_scalar("SELECT version FROM process_orders WHERE order_id = $1");
        let version: Option<i64> = version.bind(order).fetch_optional(&self.ops).await?;
        Ok(version.unwrap_or_default())
    }

    /// Waits until the workers know this version of an order.
    pub async fn until_known(&self, order: Uuid, version: i64) -> Result<()> {
        wait_until(
            &format!("event {version} of {order} to be known"),
            async || Ok((self.known(order).await? >= version).then_some(())),
        )
        .await
    }

    /// Steps of an order that are still to be done.
    pub async fn steps(&self, order: Uuid) -> Result<i64> {
        let count = sqlx::query_scalar(
            "SELECT count(*) FROM process_steps WHERE order_id = $1 AND refused_code IS NULL",
        );
        Ok(count.bind(order).fetch_one(&self.ops).await?)
    }

    /// The codes of everything that was refused.
    pub async fn refusals(&self) -> Result<Vec<String>> {
        let codes = sqlx::query_scalar(
            "SELECT kind || ': ' || refused_code FROM process_steps WHERE refused_code IS NOT NULL",
        );
        Ok(codes.fetch_all(&self.ops).await?)
    }

    /// Events of one type in the whole log.
    pub async fn count(&self, event: &str) -> Result<i64> {
        let count = sqlx::query_scalar("SELECT count(*) FROM events WHERE event_type = $1");
        Ok(count.bind(event).fetch_one(&self.log).await?)
    }

    /// Waits until there are so many events of one type in the whole log.
    pub async fn until_count(&self, event: &str, wanted: i64) -> Result<()> {
        wait_until_within(WORKED_WITHIN, &format!("{wanted} {event}"), async || {
            Ok((self.count(event).await? >= wanted).then_some(()))
        })
        .await
    }

    /// The last event of one type of an order: payload and metadata.
    pub async fn last(&self, order: Uuid, event: &str) -> Result<(Value, Value)> {
        let row = sqlx::query_as(
            "SELECT payload::jsonb, metadata::jsonb FROM events \
              WHERE aggregate_id = $1 AND event_type = $2 ORDER BY sequence DESC LIMIT 1",
        );
        let row = row.bind(order.to_string()).bind(event);
        let row: Option<(Value, Value)> = row.fetch_optional(&self.log).await?;
        let (payload, metadata) = row.with_context(|| format!("no {event} of {order}"))?;
        Ok((payload[event].clone(), metadata))
    }

    /// Takes an order's last event back, as if whoever was about to store it
    /// had died.
    pub async fn forget(&self, order: Uuid, event: &str) -> Result<()> {
        let taken = sqlx::query(
            "DELETE FROM events WHERE aggregate_id = $1 AND event_type = $2 AND sequence = \
                 (SELECT max(sequence) FROM events WHERE aggregate_id = $1)",
        );
        let taken = taken.bind(order.to_string()).bind(event);
        let taken = taken.execute(&self.log).await?.rows_affected();
        anyhow::ensure!(taken == 1, "{event} is not the last event of {order}");
        Ok(())
    }

    /// Waits until some step has this in its last error.
    pub async fn until_error(&self, text: &str) -> Result<()> {
        wait_until(&format!("a step that fails with {text:?}"), async || {
            let errors: Vec<String> =
                sqlx::query_scalar("SELECT last_error FROM process_steps WHERE last_error <> ''")
                    .fetch_all(&self.ops)
                    .await?;
            Ok(errors.iter().any(|e| e.contains(text)).then_some(()))
        })
        .await
    }

    /// The servers of the test.
    pub const fn config(&self) -> &Config {
        &self.env.config
    }
}

/// An order of one lamp for 1,000 pence.
pub fn order(platform: &str) -> Value {
    json!({
        "platform": platform, "currency": "GBP",
        "lines": [{"sku": "LAMP", "name": "Lamp", "quantity": 1, "unit_price": 1_000}],
        "shipping_address": {"country": "GB"},
    })
}

/// The id in an answer.
pub fn id_of(answer: &Value) -> Result<Uuid> {
    let id = answer["order_id"].as_str().context("no order_id")?;
    Ok(id.parse()?)
}

/// A counter of a role's metrics, summed over its labels.
pub async fn counted(role: &Role, name: &str) -> Result<u64> {
    let url = format!("{}/metrics", role.url());
    let text = reqwest::get(url).await?.text().await?;
    let of_name =
        |line: &&str| line.starts_with(name) && line[name.len()..].starts_with([' ', '{']);
    let values = text.lines().filter(of_name);
    let values = values.filter_map(|line| line.rsplit(' ').next());
    let values = values.map(|value| Ok(value.parse::<u64>()?));
    values.sum()
}
