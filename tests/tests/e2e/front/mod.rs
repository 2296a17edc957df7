//! The front: requests through nginx, as it is deployed.

mod fleet;
mod load;
pub mod names;
pub mod nginx;
mod relayed;
mod unanswered;

use crate::read_api::views::Views;
use anyhow::{Context as _, ensure};
use libtest_mimic::Trial;
use nginx::{Front, nginx};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{Answer, Api, Role, TestEnv, answer, on_servers, wait_until};
use utoipa::openapi::{OpenApi, PathItem};
use uuid::Uuid;

/// All tests of the front.
pub fn trials() -> Vec<Trial> {
    let mut trials = vec![
        on_servers(
            "front::every_route_comes_to_its_api",
            every_route_comes_to_its_api,
        ),
        on_servers(
            "front::tags_stay_strong_and_say_the_same",
            tags_stay_strong_and_say_the_same,
        ),
        on_servers(
            "front::an_api_that_is_away_is_told_in_form",
            an_api_that_is_away_is_told_in_form,
        ),
    ];
    trials.extend(relayed::trials());
    trials.extend(unanswered::trials());
    trials.extend(fleet::trials());
    trials
}

const ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0041);

/// Both APIs and the front of them.
struct Scene {
    front: Front,
    views: Views,
    commands: Role,
    /// By the front.
    api: Api,
}

impl Scene {
    /// None where there is no nginx.
    async fn start(env: &TestEnv) -> anyhow::Result<Option<Self>> {
        let Some(nginx) = nginx().await? else {
            return Ok(None);
        };
        let views = Views::start(env).await?;
        let mut commands = env.role("command-api").spawn()?;
        commands.ready().await?;
        // No trial with these asks the console.
        let (commanded, asked) = (commands.url(), views.role.url());
        let front = Front::start(nginx, commanded, asked, asked).await?;
        Ok(Some(Self {
            api: Api::with_key(&front.url, views.api.key()),
            front,
            views,
            commands,
        }))
    }
}

/// Commands whose bodies take as long as they take.
const LONG: [&str; 3] = ["/v1/bulk", "/v1/operations", "/v1/operations/import"];

/// How nginx treats a request, by what the documents say of it.
fn handling(api: &str, method: &Method, path: &str, key: bool) -> &'static str {
    let ends = |ends: &[&str]| ends.iter().any(|end| path.ends_with(end));
    match api {
        "commands" if LONG.contains(&path) => "bulk_commands",
        "commands" if key => "keyed_commands",
        "commands" if *method == Method::PUT || *method == Method::DELETE => "commands_once",
        "commands" => "commands",
        _ if *method != Method::GET => "queries",
        _ if ends(&["/stream", "/orders/changes"]) => "live_queries",
        _ if ends(&[".ndjson", ".csv", ".parquet"]) => "export_queries",
        _ if path.starts_with("/v1/exports/") && ends(&["/file"]) => "export_queries",
        _ => "queries",
    }
}

/// Method and path of each operation, whose parameters stand for something.
fn requests(document: &OpenApi) -> Vec<(Method, String)> {
    let methods = |item: &PathItem| {
        [
            (Method::GET, item.get.is_some()),
            (Method::HEAD, item.get.is_some()),
            (Method::POST, item.post.is_some()),
            (Method::PUT, item.put.is_some()),
            (Method::PATCH, item.patch.is_some()),
            (Method::DELETE, item.delete.is_some()),
        ]
    };
    let paths = document.paths.paths.iter();
    let requests = paths.flat_map(|(path, item)| {
        let path = path
            .replace("{id}", &ID.to_string())
            .replace(['{', '}'], "");
        let there = methods(item).into_iter().filter(|(_, there)| *there);
        there.map(move |(method, _)| (method, path.clone()))
    });
    requests.collect()
}

/// Nobody is let in, so nothing happens; who has said so is in nginx's log.
async fn every_route_comes_to_its_api(env: &TestEnv) -> anyhow::Result<()> {
    let Some(scene) = Scene::start(env).await? else {
        return Ok(());
    };
    let (http, mut expected) = (reqwest::Client::new(), Vec::new());
    for (api, role, document) in [
        ("commands", &scene.commands, command_api::openapi()),
        ("queries", &scene.views.role, read_api::openapi()),
    ] {
        for (method, path) in requests(&document) {
            for key in [false, true] {
                let mut request =
                    http.request(method.clone(), format!("{}{path}", scene.front.url));
                if key {
                    request = request.header("Idempotency-Key", "k");
                }
                if method != Method::GET && method != Method::HEAD {
                    request = request.json(&json!({}));
                }
                let refused = request.send().await?.status();
                ensure!(refused.is_client_error(), "{method} {path}: {refused}");
                let upstream = role.url().trim_start_matches("http://").to_owned();
                let handling = handling(api, &method, &path, key);
                expected.push((method.to_string(), path.clone(), upstream, handling));
            }
        }
    }
    let told = scene.front.requests("/v1/", expected.len()).await?;
    for (line, (method, path, upstream, handling)) in told.iter().zip(&expected) {
        let same = line["http.method"] == *method && line["path"] == *path;
        ensure!(same, "{line}, not {method} {path}");
        ensure!(line["upstream"] == *upstream, "{line}, not {upstream}");
        ensure!(line["handling"] == *handling, "{line}, not {handling}");
    }
    Ok(())
}

async fn with_tag(request: RequestBuilder, coding: &str, tag: &str) -> anyhow::Result<Answer> {
    let request = request.header("Accept-Encoding", coding);
    answer(request.header("If-None-Match", tag)).await
}

async fn tags_stay_strong_and_say_the_same(env: &TestEnv) -> anyhow::Result<()> {
    let Some(scene) = Scene::start(env).await? else {
        return Ok(());
    };
    let (front, direct) = (&scene.api, &scene.views.api);
    let long = json!({"text": "long ".repeat(1_000)});
    scene.views.add_order(ID, "W-1", &long.to_string()).await?;
    scene.views.add_orders(1, 100).await?;
    for path in [
        format!("/v1/orders/{ID}"),
        "/v1/orders?limit=100&sort=-total".to_owned(),
        format!("/v1/orders/{ID}/events"),
        "/openapi.json".to_owned(),
    ] {
        for coding in ["identity", "br", "zstd", "gzip"] {
            let whole = with_tag(front.request(Method::GET, &path), coding, "\"no\"").await?;
            let same = with_tag(direct.request(Method::GET, &path), coding, "\"no\"").await?;
            let tag = whole.header("etag");
            ensure!(
                whole.status == 200 && tag.starts_with('"'),
                "{path} {coding}: {tag}"
            );
            for name in [
                "etag",
                "content-encoding",
                "content-type",
                "cache-control",
                "vary",
                "link",
            ] {
                let (front, direct) = (whole.header(name), same.header(name));
                ensure!(
                    front == direct,
                    "{path} {coding}, {name}: {front}, not {direct}"
                );
            }
            let known = with_tag(front.request(Method::GET, &path), coding, tag).await?;
            ensure!(
                known.status == 304 && known.header("etag") == tag,
                "{path} {coding}"
            );
            let head = with_tag(front.request(Method::HEAD, &path), coding, "\"no\"").await?;
            ensure!(
                head.status == 200 && head.header("etag") == tag,
                "{path} {coding}"
            );
        }
    }
    // A command takes the tag of any coding, by the front too.
    let placed = place(front, "F-1").await?;
    let (id, tag) = (&placed.json["order_id"], placed.header("etag").to_owned());
    ensure!(tag == "\"1-0\"", "{tag}");
    let path = format!("/v1/orders/{}/notes", id.as_str().context("an id")?);
    let note = |tag: &'static str| {
        let note = front.request(Method::POST, &path).header("If-Match", tag);
        answer(note.json(&json!({"text": "ring twice"})))
    };
    let noted = note("\"1-0-gz\"").await?;
    ensure!(noted.status.is_success(), "{}", noted.json);
    note("\"1-0\"").await?.expect(412)?;
    Ok(())
}

/// Places an order.
async fn place(api: &Api, external_id: &str) -> anyhow::Result<Answer> {
    let order = json!({
        "platform": "web", "external_id": external_id, "currency": "GBP",
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 1, "unit_price": 100}],
    });
    api.post("/v1/orders", &order).await?.expect(201)
}

async fn an_api_that_is_away_is_told_in_form(env: &TestEnv) -> anyhow::Result<()> {
    let Some(scene) = Scene::start(env).await? else {
        return Ok(());
    };
    let ready = async |status: u16| {
        wait_until("the front to say who is ready", async || {
            let ready = scene.api.get("/readyz").await?;
            Ok((ready.status == status).then_some(()))
        })
        .await
    };
    ready(200).await?;
    place(&scene.api, "F-1").await?;
    scene.commands.terminate().await?;
    ready(503).await?;
    scene.api.get("/v1/orders").await?.expect(200)?;
    let order: Value = json!({"platform": "web"});
    // It went to nobody, so it may be sent again.
    let unsent = scene.api.post("/v1/orders", &order).await?;
    let unsent = unsent.expect_problem(503, "unavailable")?;
    ensure!(!unsent.header("retry-after").is_empty());
    let keyed = scene.api.post_once("/v1/orders", "k", &order).await?;
    let keyed = keyed.expect_problem(503, "unavailable")?;
    ensure!(!keyed.header("retry-after").is_empty());
    Ok(())
}
