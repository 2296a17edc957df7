//! A command goes in over HTTP and comes out of every end: the read API, the
//! statistics, Kafka.

use anyhow::ensure;
use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Api, Role, TestEnv, answer, on_servers, wait_until};

/// All tests of the whole path.
pub fn trials() -> Vec<Trial> {
    macro_rules! trials {
        ($($test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("whole_path::", stringify!($test)),
                async |env: &TestEnv| $test(env).await,
            )),+]
        };
    }
    trials![
        what_a_command_answers_is_what_is_read,
        statistics_follow_an_order_through_its_life,
        a_read_waits_for_what_was_written,
        verify_finds_no_difference_and_finds_one_that_is_made,
        a_parked_order_is_driven_again_by_whoever_asks,
    ]
}

/// Every role, as a process of its own.
pub struct System {
    pub commands: Api,
    pub queries: Api,
    roles: Vec<Role>,
}

impl System {
    pub async fn start(env: &TestEnv) -> anyhow::Result<Self> {
        env.orderlog_ok(&["migrate"]).await?;
        let mut roles = Vec::new();
        for name in ["command-api", "read-api", "relay", "projector"] {
            roles.push(env.role(name).spawn()?);
        }
        for role in &mut roles {
            role.ready().await?;
        }
        let commands = Api::new(env, &roles[0]).await?;
        Ok(Self {
            queries: commands.at(&roles[1]),
            commands,
            roles,
        })
    }

    /// GET that waits for `position`.
    async fn after(&self, path: &str, position: &Value) -> anyhow::Result<Value> {
        let position = position.as_str().unwrap_or_default();
        let mark = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{mark}min_position={position}");
        let request = self.queries.request(Method::GET, &path);
        let request = request.header("Prefer", "wait=20, handling=strict");
        Ok(answer(request).await?.expect(200)?.json)
    }
}

fn order(external_id: &str) -> Value {
    json!({
        "platform": "web", "external_id": external_id, "currency": "GBP",
        "customer": {"id": "c-1", "name": "Ada Lovelace", "email": "ada@example.com"},
        "lines": [
            {"sku": "A", "name": "Lamp", "quantity": 3, "unit_price": "0.125", "tax": 7},
            {"sku": "B", "name": "Desk", "quantity": 1, "unit_price": 12_500, "discount": 500},
        ],
        "shipping": {"method": "std", "name": "Standard", "amount": 399, "tax": 80},
        "shipping_address": {"line1": "12 St James's Square", "country": "GB"},
        "placed_at": "2026-01-31T23:59:59Z", "tags": ["b", "a", "b"],
    })
}

/// The order's fields of a command's answer.
fn document(answer: &Value) -> Value {
    let mut document = answer.clone();
    if let Some(members) = document.as_object_mut() {
        for extra in ["order_id", "position", "note_id"] {
            members.remove(extra);
        }
    }
    document
}

async fn what_a_command_answers_is_what_is_read(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let placed = system
        .commands
        .post("/v1/orders", &order("W-1"))
        .await?
        .expect(201)?;
    let path = placed.header("location").to_owned();
    let read = system.after(&path, &placed.json["position"]).await?;
    ensure!(read == document(&placed.json), "{read} / {}", placed.json);

    let noted = json!({"text": "ring twice"});
    let noted = system
        .commands
        .post(&format!("{path}/notes"), &noted)
        .await?
        .expect(200)?;
    let cancelled = json!({"reason": "changed their mind"});
    let cancelled = system
        .commands
        .post(&format!("{path}/cancel"), &cancelled)
        .await?;
    let cancelled = cancelled.expect(200)?;
    ensure!(noted.json["version"] == 2 && cancelled.json["version"] == 3);
    let read = system.after(&path, &cancelled.json["position"]).await?;
    ensure!(
        read == document(&cancelled.json),
        "{read} / {}",
        cancelled.json
    );

    let external = system
        .queries
        .get("/v1/orders/by_external_id/web/W-1")
        .await?
        .expect(200)?;
    ensure!(external.json == read && external.header("etag").starts_with("\"3-"));
    let etag = external.header("etag").to_owned();
    let again = system
        .queries
        .request(Method::GET, &path)
        .header("If-None-Match", &etag);
    answer(again).await?.expect(304)?;

    let events = system
        .queries
        .get(&format!("{path}/events"))
        .await?
        .expect(200)?;
    let types: Vec<_> = events.json["data"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|e| e["type"].as_str().unwrap_or_default())
        .collect();
    ensure!(
        types == ["order.placed", "order.note_added", "order.cancelled"],
        "{types:?}"
    );
    let third = &events.json["data"][2];
    ensure!(third["reason"] == "changed their mind", "why: {third}");
    ensure!(
        third["actor"].is_string() && third["time"].is_string(),
        "who and when: {third}"
    );
    let list = system
        .queries
        .get("/v1/orders?platform=web&status=cancelled")
        .await?
        .expect(200)?;
    ensure!(list.json["data"][0]["id"] == read["id"] && list.json["has_more"] == false);
    Ok(())
}

async fn statistics_follow_an_order_through_its_life(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let path = "/v1/statistics/orders?interval=day&group_by=platform,country";
    let placed = system
        .commands
        .post("/v1/orders", &order("W-1"))
        .await?
        .expect(201)?;
    let figures = system.after(path, &placed.json["position"]).await?;
    let day = &figures["data"][0];
    ensure!(
        day["orders"] == 1 && day["units"] == 4 && day["cancelled"] == 0,
        "{figures}"
    );
    ensure!(
        day["revenue"] == placed.json["totals"]["total"],
        "{figures}"
    );
    ensure!(day["currency"] == "GBP" && day["country"] == "GB");

    let cancel = format!("{}/cancel", placed.header("location"));
    let cancelled = system
        .commands
        .post(&cancel, &json!({"reason": "ordered twice"}))
        .await?
        .expect(200)?;
    let figures = system.after(path, &cancelled.json["position"]).await?;
    let day = &figures["data"][0];
    ensure!(day["orders"] == 1 && day["cancelled"] == 1, "{figures}");
    ensure!(day["units"] == 0 && day["revenue"] == 0, "{figures}");
    Ok(())
}

async fn a_read_waits_for_what_was_written(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    for number in 0..20 {
        let body = order(&format!("W-{number}"));
        system
            .commands
            .post("/v1/orders", &body)
            .await?
            .expect(201)?;
        let path = format!("/v1/orders/by_external_id/web/W-{number}?min_version=1");
        let request = system.queries.request(Method::GET, &path);
        let request = request.header("Prefer", "wait=20, handling=strict");
        let read = answer(request).await?.expect(200)?;
        ensure!(read.json["version"] == 1);
    }
    Ok(())
}

async fn verify_finds_no_difference_and_finds_one_that_is_made(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    for number in 0..25 {
        let body = order(&format!("W-{number}"));
        let placed = system
            .commands
            .post("/v1/orders", &body)
            .await?
            .expect(201)?;
        if number % 5 == 0 {
            let cancel = format!("{}/cancel", placed.header("location"));
            system
                .commands
                .post(&cancel, &json!({"reason": "ordered twice"}))
                .await?
                .expect(200)?;
        }
    }
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    let views = infra::postgres::pool(&env.config.views_url, 1)?;
    for harm in [
        "UPDATE order_statistics SET revenue = revenue + 1 WHERE cancelled > 0",
        "DELETE FROM orders WHERE external_id = 'W-7'",
    ] {
        sqlx::query(harm).execute(&views).await?;
        let verified = env.orderlog(&["verify", "--wait", "60s"]).await?;
        ensure!(!verified.status.success(), "verify does not see: {harm}");
    }
    env.orderlog_ok(&["rebuild", "orders"]).await?;
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    Ok(())
}

/// The views refuse an order: it is parked, the others are read. The projector
/// is killed while it waits. Once the cause is gone, it is driven again.
async fn a_parked_order_is_driven_again_by_whoever_asks(env: &TestEnv) -> anyhow::Result<()> {
    let mut system = System::start(env).await?;
    let views = infra::postgres::pool(&env.config.views_url, 1)?;
    let refuse =
        "ALTER TABLE orders ADD CONSTRAINT refused CHECK (external_id <> 'W-1' OR version < 2)";
    sqlx::query(refuse).execute(&views).await?;
    let placed = system.commands.post("/v1/orders", &order("W-1")).await?;
    let path = placed.expect(201)?.header("location").to_owned();
    let note = json!({"text": "ring twice"});
    for version in 2..=3 {
        let noted = system
            .commands
            .post(&format!("{path}/notes"), &note)
            .await?;
        ensure!(noted.expect(200)?.json["version"] == version);
    }
    let other = system.commands.post("/v1/orders", &order("W-2")).await?;
    let other = other.expect(201)?;
    let read = system.after(other.header("location"), &other.json["position"]);
    ensure!(read.await?["version"] == 1);

    let waits = format!("{path}?min_version=3");
    let parked = wait_until("the order to be parked", async || {
        let read = system.queries.get(&waits).await?.expect(200)?;
        Ok((read.header("orderlog-projection") == "parked").then_some(read))
    })
    .await?;
    ensure!(parked.json["version"] == 1, "{}", parked.json);
    if let Some(projector) = system.roles.pop() {
        projector.kill9().await?;
    }
    system.roles.push(env.role("projector").spawn()?);
    let drop = "ALTER TABLE orders DROP CONSTRAINT refused";
    sqlx::query(drop).execute(&views).await?;
    let id = path.rsplit('/').next().unwrap_or_default();
    let redrive = format!("/v1/admin/parked/{id}/redrive");
    let marked = answer(system.queries.request(Method::POST, &redrive)).await?;
    marked.expect(202)?;
    wait_until("the order to be driven again", async || {
        let read = system.queries.get(&path).await?.expect(200)?;
        let driven = read.header("orderlog-projection").is_empty();
        Ok((driven && read.json["version"] == 3).then_some(()))
    })
    .await?;
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    Ok(())
}
