//! A key's life.

use super::{bound, client, scoped};
use anyhow::{Context as _, Result, ensure};
use infra::{
    api_keys::{self, Rights},
    clock,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Answer, Api, Role, TestEnv, answer, wait_until};

/// Both APIs, and a key for everything.
struct Scene {
    commands: Api,
    queries: Api,
    _roles: [Role; 2],
}

async fn scene(env: &TestEnv) -> Result<Scene> {
    env.orderlog_ok(&["migrate"]).await?;
    let mut commands = env.role("command-api").spawn()?;
    let mut queries = env.role("read-api").spawn()?;
    commands.ready().await?;
    queries.ready().await?;
    let api = Api::new(env, &commands).await?;
    Ok(Scene {
        queries: api.at(&queries),
        commands: api,
        _roles: [commands, queries],
    })
}

fn secret(made: &Value) -> Result<&str> {
    made["secret"].as_str().context("no secret")
}

async fn revoke(api: &Api, key: &Value) -> Result<Answer> {
    let id = key["id"].as_str().context("no id")?;
    answer(api.request(Method::DELETE, &format!("/v1/api_keys/{id}"))).await
}

/// Shown once; listed with who made it, what it is for and when it was used last.
pub async fn a_key_is_made_used_and_revoked_over_http(env: &TestEnv) -> Result<()> {
    let scene = scene(env).await?;
    let body = json!({"name": "shop", "scopes": ["orders:read"], "platform": "web"});
    let made = scene.commands.post_once("/v1/api_keys", "k", &body).await?;
    let made = made.expect(201)?;
    let (key, path) = (made.json.clone(), made.header("location").to_owned());
    let refused = scene.commands.post_once("/v1/api_keys", "k", &body).await?;
    refused.expect_problem(409, "request_spent")?;
    let shop = Api::with_key(scene.queries.url(), secret(&key)?);
    let listed = scene.queries.get(&path).await?.expect(200)?.json;
    ensure!(
        listed["last_used_at"].is_null() && listed["secret"].is_null(),
        "{listed}"
    );
    ensure!(listed["platform"] == "web" && listed["scopes"] == json!(["orders:read"]));
    shop.get("/v1/orders").await?.expect(200)?;
    wait_until("its use to be noted", async || {
        let listed = scene.queries.get(&path).await?.expect(200)?.json;
        Ok(listed["last_used_at"].is_string().then_some(()))
    })
    .await?;
    let revoked = revoke(&scene.commands, &key).await?.expect(200)?.json;
    ensure!(revoked["revoked_at"].is_string(), "{revoked}");
    ensure!(revoked["revoked_by"] == revoked["created_by"] && revoked["created_by"].is_string());
    let again = revoke(&scene.commands, &key).await?.expect(200)?.json;
    ensure!(again["revoked_at"] == revoked["revoked_at"]);
    let all = scene.queries.get("/v1/api_keys").await?.expect(200)?.json;
    ensure!(!all.to_string().contains(secret(&key)?), "{all}");
    let stored: String = sqlx::query_scalar("SELECT string_agg(k::text, '') FROM api_keys k")
        .fetch_one(&infra::postgres::pool(&env.config.ops_url, 1)?)
        .await?;
    ensure!(!stored.contains(secret(&key)?));
    for (body, pointer) in [
        (json!({"name": "x", "scopes": ["fly"]}), "/scopes/0"),
        (
            json!({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}),
            "/expires_at",
        ),
    ] {
        let refused = scene.commands.post("/v1/api_keys", &body).await?;
        let refused = refused.expect_problem(422, "invalid_api_key")?.json;
        ensure!(refused["errors"][0]["pointer"] == pointer, "{refused}");
    }
    let none = revoke(&scene.commands, &json!({"id": "key_none"})).await?;
    none.expect_problem(404, "api_key_not_found")?;
    let none = scene.queries.get("/v1/api_keys/key_none").await?;
    none.expect_problem(404, "api_key_not_found")?;
    Ok(())
}

pub async fn a_revoked_key_is_refused_everywhere_within_a_second(env: &TestEnv) -> Result<()> {
    let scene = scene(env).await?;
    let made = scene
        .commands
        .post("/v1/api_keys", &json!({"name": "shop"}))
        .await?;
    let key = made.expect(201)?.json;
    let key_of = |api: &Api| anyhow::Ok(Api::with_key(api.url(), secret(&key)?));
    let commands = (key_of(&scene.commands)?, Method::POST);
    let queries = (key_of(&scene.queries)?, Method::GET);
    let refused = async |(api, method): &(Api, Method)| -> Result<bool> {
        let told = answer(api.request(method.clone(), "/v1/orders").json(&json!({}))).await?;
        Ok(told.status == 401)
    };
    for api in [&commands, &queries] {
        ensure!(!refused(api).await?);
    }
    revoke(&scene.commands, &key).await?.expect(200)?;
    let revoked = Instant::now();
    for api in [&commands, &queries] {
        wait_until("it to be refused", async || {
            Ok(refused(api).await?.then_some(()))
        })
        .await?;
    }
    ensure!(
        revoked.elapsed() < Duration::from_secs(1),
        "{:?}",
        revoked.elapsed()
    );
    Ok(())
}

pub async fn a_key_gives_no_more_than_it_has(env: &TestEnv) -> Result<()> {
    let scene = scene(env).await?;
    let admin = client(
        env,
        scene.commands.url(),
        &scoped(&["admin", "orders:read"]),
    )
    .await?;
    let body = |scopes: Value| json!({"name": "x", "scopes": scopes});
    let refused = admin
        .post("/v1/api_keys", &body(json!(["orders:write"])))
        .await?;
    refused.expect_problem(403, "scope_missing")?;
    let given = admin
        .post("/v1/api_keys", &body(json!(["orders:read"])))
        .await?;
    given.expect(201)?;
    // Without a word it is what the giver has.
    let same = admin
        .post("/v1/api_keys", &json!({"name": "x"}))
        .await?
        .expect(201)?
        .json;
    ensure!(same["scopes"] == json!(["admin", "orders:read"]), "{same}");
    let web = client(env, scene.commands.url(), &bound("web")).await?;
    let refused = web.post("/v1/api_keys", &json!({"name": "x"})).await?;
    refused.expect_problem(403, "platform_not_allowed")?;
    // What ends makes nothing that goes on after it.
    let end = clock::now() + Duration::from_mins(5);
    let ending = Rights {
        expires_at: Some(end),
        ..Rights::default()
    };
    let ending = client(env, scene.commands.url(), &ending).await?;
    let made = ending.post("/v1/api_keys", &json!({"name": "x"})).await?;
    ensure!(made.expect(201)?.json["expires_at"].is_string());
    let later = json!({"name": "x", "expires_at": "2999-01-01T00:00:00Z"});
    let refused = ending.post("/v1/api_keys", &later).await?;
    refused.expect_problem(422, "invalid_api_key")?;
    let none = revoke(&scene.commands, &json!({"id": "%00"})).await?;
    none.expect_problem(404, "api_key_not_found")?;
    // What a request gives up is not there for it.
    let request = scene.commands.request(Method::POST, "/v1/api_keys");
    let request = request
        .header("orderlog-scopes", "orders:read")
        .json(&json!({"name": "x"}));
    answer(request)
        .await?
        .expect_problem(403, "scope_missing")?;
    Ok(())
}

pub async fn a_key_ends_when_it_says(env: &TestEnv) -> Result<()> {
    let scene = scene(env).await?;
    let end = clock::now() + Duration::from_secs(2);
    let rights = Rights {
        expires_at: Some(end),
        ..Rights::default()
    };
    let short = client(env, scene.queries.url(), &rights).await?;
    short.get("/v1/orders").await?.expect(200)?;
    wait_until("its end", async || {
        let told = short.get("/v1/orders").await?;
        let now = clock::now();
        if told.status == 200 {
            ensure!(now < end + Duration::from_secs(1), "it goes on");
            return Ok(None);
        }
        told.expect_problem(401, "unauthorized")?;
        ensure!(now >= end, "it ended too early");
        Ok(Some(()))
    })
    .await?;
    let keys = api_keys::list(&infra::postgres::pool(&env.config.ops_url, 1)?).await?;
    ensure!(keys.iter().any(|key| !key.is_valid(clock::now())));
    Ok(())
}
