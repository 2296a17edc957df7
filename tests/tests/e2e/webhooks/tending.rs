//! What people do with endpoints while something is under way.

use super::{
    receiver::{OK, Receiver, Reply},
    scene::Shop,
};
use anyhow::{Context as _, Result, ensure};
use infra::postgres::pool;
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use tests::{TestEnv, answer, wait_until};
use uuid::Uuid;

const ENDPOINTS: &str = "/v1/webhooks/endpoints";

/// A repeat is answered as the request was, or says that it cannot be: it neither
/// shows a secret that another request has set, nor sets one more.
pub async fn a_repeat_whose_outcome_is_gone_is_told_so(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let receiver = Receiver::start(|_| OK).await?;
    let api = &shop.scene.api;
    let body = json!({"url": receiver.url, "event_types": ["*"]});
    let made = api.post_once(ENDPOINTS, "made", &body).await?.expect(201)?;
    let id = made.json["id"].as_str().context("no id")?.to_owned();
    let path = format!("{ENDPOINTS}/{id}/rotate_secret");
    let rotate = async |key: &str| api.post_once(&path, key, &json!({})).await;
    let first = rotate("first").await?.expect(200)?;
    let again = rotate("first").await?.expect(200)?;
    ensure!(again.json["secret"] == first.json["secret"]);
    ensure!(again.header("idempotent-replayed") == "true");
    let second = rotate("second").await?.expect(200)?;
    ensure!(second.json["secret"] != first.json["secret"]);
    rotate("first")
        .await?
        .expect_problem(409, "request_spent")?;
    let again = rotate("second").await?.expect(200)?;
    ensure!(again.json["secret"] == second.json["secret"]);
    let other = json!({"overlap_seconds": 0});
    let other = api.post_once(&path, "second", &other).await?;
    other.expect_problem(422, "idempotency_key_reused")?;
    let again = api.post_once(ENDPOINTS, "made", &body).await?;
    again.expect_problem(409, "request_spent")?;
    let gone = api.request(Method::DELETE, &format!("{ENDPOINTS}/{id}"));
    answer(gone).await?.expect(204)?;
    let again = api.post_once(ENDPOINTS, "made", &body).await?;
    again.expect_problem(409, "request_spent")?;
    rotate("second")
        .await?
        .expect_problem(404, "endpoint_not_found")?;
    Ok(())
}

/// What waits, and what is under way, is noted as missed; at another URL the
/// endpoint begins anew, and is told all of it.
pub async fn what_a_disabled_endpoint_misses_is_kept_and_replayed(env: &TestEnv) -> Result<()> {
    const ORDERS: usize = 5;
    let shop = Shop::open(env).await?;
    let hangs = Receiver::start(|_| Reply::Never).await?;
    let [disabled, deleted] = [
        shop.endpoint(&hangs, json!({"concurrency": 1})).await?,
        shop.endpoint(&hangs, json!({"concurrency": 1})).await?,
    ];
    for _ in 0..ORDERS {
        shop.scene.place("web").await?;
    }
    // One request of each is under way.
    hangs.until(2).await?;
    shop.until_deliveries(disabled.id, "pending", ORDERS)
        .await?;
    shop.until_deliveries(deleted.id, "pending", ORDERS).await?;
    let off = json!({"state": "disabled"});
    shop.change(disabled.id, off).await?.expect(200)?;
    let path = format!("{ENDPOINTS}/{}", deleted.id);
    let gone = shop.scene.api.request(Method::DELETE, &path);
    answer(gone).await?.expect(204)?;
    for made in [&disabled, &deleted] {
        shop.until_deliveries(made.id, "skipped", ORDERS).await?;
    }
    ensure!(hangs.received().len() == 2, "somebody was told");
    let works = Receiver::start(|_| OK).await?;
    let on = json!({"state": "enabled", "url": works.url});
    let clean = shop.change(disabled.id, on).await?.expect(200)?.json;
    ensure!(clean["failures"] == 0, "{clean}");
    let missed = shop.ask(disabled.id, "replay", json!({"missed": true}));
    let replayed = missed.await?.expect(202)?.json;
    let all = json!({"replayed": ORDERS, "continue_from": null});
    ensure!(replayed == all, "{replayed}");
    works.until(ORDERS).await?;
    shop.until_deliveries(disabled.id, "delivered", ORDERS)
        .await?;
    Ok(())
}

/// With the same ids, those of a range and no others.
pub async fn a_range_is_replayed(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let receiver = Receiver::start(|_| OK).await?;
    let made = shop.endpoint(&receiver, json!({})).await?;
    let mut times = Vec::new();
    for told in 1..=3 {
        shop.scene.place("web").await?;
        let delivered = shop.until_deliveries(made.id, "delivered", told).await?;
        // The newest comes first.
        times.push(delivered[0]["created_at"].clone());
    }
    let range = json!({"from": times[1], "to": times[2]});
    let replayed = shop.ask(made.id, "replay", range).await?.expect(202)?.json;
    ensure!(replayed["replayed"] == 1, "{replayed}");
    let requests = receiver.until(4).await?;
    ensure!(requests[3].id() == requests[1].id() && requests[3].body == requests[1].body);
    shop.until_deliveries(made.id, "delivered", 3).await?;
    let all = json!({"from": times[0]});
    let replayed = shop.ask(made.id, "replay", all).await?.expect(202)?.json;
    ensure!(replayed["replayed"] == 3, "{replayed}");
    receiver.until(7).await?;
    let wrong = json!({"from": times[1], "to": times[1]});
    shop.ask(made.id, "replay", wrong)
        .await?
        .expect_problem(422, "invalid_replay")?;
    Ok(())
}

/// What is sent after a rotation is signed with the new secret, though the
/// endpoint is being told one thing after the other all the while.
pub async fn a_rotation_holds_for_what_waits(env: &TestEnv) -> Result<()> {
    const ORDERS: usize = 30;
    let shop = Shop::open(env).await?;
    let slow = |_: &super::receiver::Received| Reply::After(Duration::from_millis(100), 200);
    let receiver = Receiver::start(slow).await?;
    let made = shop.endpoint(&receiver, json!({"concurrency": 1})).await?;
    for _ in 0..ORDERS {
        shop.scene.place("web").await?;
    }
    receiver.until(1).await?;
    let rotated = shop.ask(made.id, "rotate_secret", json!({"overlap_seconds": 0}));
    let rotated = rotated.await?.expect(200)?.json;
    let secret = rotated["secret"].as_str().context("no secret")?;
    shop.until_deliveries(made.id, "delivered", ORDERS).await?;
    let last = receiver.received().pop().context("no request")?;
    ensure!(last.is_signed_by(secret)? && !last.is_signed_by(&made.secret)?);
    Ok(())
}

/// What no worker has been able to sign for half an hour fails, and says why, instead
/// of being tried for ever; before that it waits for a worker that can. With another
/// secret an endpoint is told again at once. Time is made to pass in the database.
pub async fn what_a_lost_master_key_sealed_fails_and_says_why(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let [receiver, other] = [
        Receiver::start(|_| OK).await?,
        Receiver::start(|_| OK).await?,
    ];
    let lost = shop.endpoint(&receiver, json!({})).await?;
    // Damaged under the key that everybody has.
    let damaged = shop.endpoint(&receiver, json!({})).await?;
    let opens_later = shop.endpoint(&other, json!({})).await?;
    let ops = pool(&env.config.ops_url, 1)?;
    let flip = "UPDATE webhook_endpoints \
                   SET secret = set_byte(secret, 20, get_byte(secret, 20) # 1) \
                 WHERE id = ANY ($1)";
    let flip = async |ids: Vec<Uuid>| sqlx::query(flip).bind(ids).execute(&ops).await;
    flip(vec![lost.id, damaged.id, opens_later.id]).await?;
    let renamed = sqlx::query("UPDATE webhook_endpoints SET master_key = 'lost' WHERE id = $1");
    renamed.bind(lost.id).execute(&ops).await?;
    shop.scene.place("web").await?;
    let sealed = "SELECT count(*) FROM webhook_endpoints WHERE sealed_since IS NOT NULL";
    let sealed = async |wanted: i64| {
        wait_until(&format!("{wanted} endpoints that are sealed"), async || {
            let found: i64 = sqlx::query_scalar(sealed).fetch_one(&ops).await?;
            Ok((found == wanted).then_some(()))
        })
        .await
    };
    sealed(3).await?;
    flip(vec![opens_later.id]).await?;
    other.until(1).await?;
    shop.until_deliveries(opens_later.id, "delivered", 1)
        .await?;
    sealed(2).await?;
    for made in [&lost, &damaged] {
        shop.until_deliveries(made.id, "pending", 1).await?;
    }
    let pass = "UPDATE webhook_endpoints SET sealed_since = sealed_since - interval '31 minutes'";
    sqlx::query(pass).execute(&ops).await?;
    for made in [&lost, &damaged] {
        let failed = shop.until_deliveries(made.id, "failed", 1).await?;
        let why = failed[0]["last_error"].as_str().context("no reason")?;
        ensure!(why.contains("another master key"), "{why}");
        shop.until_endpoint(made.id, "resting", |e| e["rests_until"].is_string())
            .await?;
    }
    // Whoever looks after the system is told which key is missing.
    let dead = "SELECT last_error FROM jobs \
                 WHERE kind = 'webhooks.deliver' AND unique_key = $1::text AND state = 'dead'";
    let why: String = wait_until("a dead job", async || {
        let dead = sqlx::query_scalar(dead).bind(lost.id.to_string());
        Ok(dead.fetch_optional(&ops).await?)
    })
    .await?;
    ensure!(why.contains("sealed with lost"), "{why}");
    ensure!(
        receiver.received().is_empty(),
        "it was told without a secret"
    );
    let mut secrets = Vec::new();
    for made in [&lost, &damaged] {
        let rotated = shop.ask(made.id, "rotate_secret", json!({}));
        let rotated = rotated.await?.expect(200)?.json;
        let secret = rotated["secret"].as_str().context("no secret")?;
        secrets.push(secret.to_owned());
    }
    // The rest is over.
    shop.scene.place("web").await?;
    for made in [&lost, &damaged] {
        shop.until_deliveries(made.id, "delivered", 1).await?;
    }
    for told in receiver.until(2).await? {
        let signed = told.is_signed_by(&secrets[0])? || told.is_signed_by(&secrets[1])?;
        ensure!(signed, "it was told with another secret");
    }
    for made in [&lost, &damaged] {
        let missed = shop.ask(made.id, "replay", json!({"missed": true}));
        let replayed = missed.await?.expect(202)?.json;
        ensure!(replayed["replayed"] == 1, "{replayed}");
        shop.until_deliveries(made.id, "delivered", 2).await?;
    }
    Ok(())
}

pub async fn endpoints_are_listed_by_pages(env: &TestEnv) -> Result<()> {
    let shop = Shop::open(env).await?;
    let receiver = Receiver::start(|_| OK).await?;
    let mut made = BTreeSet::new();
    for _ in 0..3 {
        made.insert(shop.endpoint(&receiver, json!({})).await?.id.to_string());
    }
    let ids = |page: &Value| -> Vec<String> {
        let all = page["data"].as_array().into_iter().flatten();
        all.filter_map(|one| Some(one["id"].as_str()?.to_owned()))
            .collect()
    };
    let first = shop.read(&format!("{ENDPOINTS}?limit=2")).await?;
    ensure!(first["has_more"] == true, "{first}");
    let cursor = first["next_cursor"].as_str().context("no cursor")?;
    let last = shop
        .read(&format!("{ENDPOINTS}?limit=2&cursor={cursor}"))
        .await?;
    ensure!(last["has_more"] == false && last["next_cursor"].is_null());
    let listed = [ids(&first), ids(&last)].concat();
    ensure!(listed.iter().eq(&made), "{listed:?}, not {made:?}");
    Ok(())
}
