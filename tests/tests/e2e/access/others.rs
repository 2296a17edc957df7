//! What a key of one platform is told of others, wherever there is a list, a sum, a
//! file or a stream; and what it may begin there.

use super::{bound, client};
use crate::{
    bulk::client::bulk,
    people::town::{MARL, QUILL, Town, order},
    read_api::{exports::files::export, live::Stream},
};
use anyhow::{Context as _, Result, ensure};
use contracts::ids::subject_of_customer;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Api, TestEnv, answer};

/// What the other shop alone has.
const CUSTOMER: &str = "c-theirs";
const SKU: &str = "SKU-THEIRS";
const NUMBER: &str = "W-THEIRS";

/// Two shops with an order each, that of the other one first.
struct Shops<'a> {
    town: Town<'a>,
    /// Paths.
    others: String,
    own: String,
    /// A key of the one, at both APIs.
    commands: Api,
    queries: Api,
}

impl<'a> Shops<'a> {
    async fn open(env: &'a TestEnv) -> Result<Self> {
        let town = Town::open(env).await?;
        let mut theirs = order(&QUILL, Some(CUSTOMER));
        theirs["platform"] = "other".into();
        theirs["external_id"] = NUMBER.into();
        theirs["lines"][0]["sku"] = SKU.into();
        let others = placed(&town, &theirs).await?;
        let own = placed(&town, &order(&MARL, Some("c-1"))).await?;
        let commands = client(env, town.scene.api.url(), &bound("web")).await?;
        let queries = commands.at(&town.scene.queries);
        Ok(Self {
            town,
            others,
            own,
            commands,
            queries,
        })
    }

    /// What of the other shop a text has.
    fn told_of_others(&self, text: &str) -> Option<String> {
        let id = id_of(&self.others);
        let mut marks = vec![id, "\"other\"", CUSTOMER, SKU, NUMBER];
        marks.extend(QUILL.texts());
        let told = marks.into_iter().find(|mark| text.contains(mark));
        told.map(str::to_owned)
    }
}

async fn placed(town: &Town<'_>, body: &Value) -> Result<String> {
    let placed = town.scene.api.post("/v1/orders", body).await?.expect(201)?;
    let path = placed.header("location").to_owned();
    town.read(&path, &placed.json["position"]).await?;
    Ok(path)
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// Sums that name no order differ from those of everybody; lists, and a customer by
/// either name, have nothing of the others.
pub async fn sums_and_customers_are_of_ones_own_platform(env: &TestEnv) -> Result<()> {
    let shops = Shops::open(env).await?;
    let everything = shops.town.views();
    for path in [
        "/v1/statistics/funnel",
        "/v1/statistics/funnel?group_by=platform",
        "/v1/statistics/customers/cohorts",
        "/v1/customers",
    ] {
        let all = everything.get(path).await?.expect(200).context(path)?.json;
        let own = shops.queries.get(path).await?.expect(200).context(path)?;
        let own = own.json;
        let is_list = own["data"].as_array().is_some_and(|list| !list.is_empty());
        ensure!(is_list && own["data"] != all["data"], "{path}: {own} {all}");
        let told = shops.told_of_others(&own.to_string());
        ensure!(told.is_none(), "{path}: {told:?}");
        let joint = if path.contains('?') { '&' } else { '?' };
        let foreign = format!("{path}{joint}platform=other");
        let refused = shops.queries.get(&foreign).await?;
        refused
            .expect_problem(403, "platform_not_allowed")
            .context(path)?;
    }
    let id = subject_of_customer("other", CUSTOMER).to_string();
    for name in [CUSTOMER, id.as_str()] {
        for path in [
            format!("/v1/customers/{name}"),
            format!("/v1/customers/{name}/orders"),
        ] {
            let all = everything.get(&path).await?.expect(200)?.json.to_string();
            ensure!(shops.told_of_others(&all).is_some(), "{path}: {all}");
            let refused = shops.queries.get(&path).await?;
            refused
                .expect_problem(404, "customer_not_found")
                .context(path.clone())?;
            let refused = shops.queries.get(&format!("{path}?platform=other")).await?;
            refused
                .expect_problem(403, "platform_not_allowed")
                .context(path)?;
        }
    }
    let own = shops.queries.get("/v1/customers/c-1/orders").await?;
    let own = own.expect(200)?.json;
    ensure!(own["data"][0]["id"] == id_of(&shops.own), "{own}");
    Ok(())
}

/// Every format of every export.
pub async fn files_are_of_ones_own_platform(env: &TestEnv) -> Result<()> {
    let shops = Shops::open(env).await?;
    for what in ["orders", "lines", "events"] {
        for format in ["ndjson", "csv", "parquet"] {
            let path = format!("/v1/{what}.{format}");
            let (all, _) = export(&shops.town.views(), &path).await?.rows()?;
            let all = format!("{all:?}");
            ensure!(shops.told_of_others(&all).is_some(), "{path}: {all}");
            let (own, _) = export(&shops.queries, &path).await?.rows()?;
            let own = format!("{own:?}");
            ensure!(own.contains(id_of(&shops.own)), "{path}: {own}");
            let told = shops.told_of_others(&own);
            ensure!(told.is_none(), "{path}: {told:?}");
            let foreign = format!("{path}?platform=other");
            let refused = shops.queries.get(&foreign).await?;
            refused
                .expect_problem(403, "platform_not_allowed")
                .context(path)?;
        }
    }
    Ok(())
}

/// From the beginning: the other shop's order came first, so whoever is told of the
/// own one would have been told of the other before.
pub async fn streams_are_of_ones_own_platform(env: &TestEnv) -> Result<()> {
    let shops = Shops::open(env).await?;
    let id = id_of(&shops.own);
    for (route, name) in [("events/stream", "subject"), ("orders/changes", "id")] {
        let path = format!("/v1/{route}?after=beginning");
        let theirs = id_of(&shops.others);
        let all = told_until(&shops.town.views(), &path, name, theirs).await?;
        ensure!(shops.told_of_others(&all).is_some(), "{path}: {all}");
        let own = told_until(&shops.queries, &path, name, id).await?;
        let told = shops.told_of_others(&own);
        ensure!(told.is_none(), "{path}: {told:?}");
        for foreign in ["platform=other", "platform=web,other"] {
            let refused = shops.queries.get(&format!("{path}&{foreign}")).await?;
            refused
                .expect_problem(403, "platform_not_allowed")
                .context(path.clone())?;
        }
    }
    Ok(())
}

/// All that a stream tells until it comes to this order.
async fn told_until(api: &Api, path: &str, name: &str, order: &str) -> Result<String> {
    let mut stream = Stream::open(api, path, None).await?;
    let mut all = String::new();
    loop {
        let told = stream.told().await?.context("the stream has ended")?;
        let told = told.data.context("no data")?;
        all += &told.to_string();
        if told[name] == order {
            return Ok(all);
        }
    }
}

/// Quotes, drafts and imports for others are refused, alone and as lines; others'
/// drafts are not there.
pub async fn nothing_is_begun_for_another_platform(env: &TestEnv) -> Result<()> {
    let shops = Shops::open(env).await?;
    let (town, commands) = (&shops.town, &shops.commands);
    let line = json!({"sku": "A", "name": "Lamp", "quantity": 1, "unit_price": 250});
    let asked = json!({
        "platform": "other", "currency": "GBP", "destination": {"country": "GB"},
        "lines": [{"sku": "A", "quantity": 1, "unit_price": 250}],
    });
    let refused = shops.queries.post("/v1/shipping/quotes", &asked).await?;
    refused.expect_problem(403, "platform_not_allowed")?;

    let draft = json!({"platform": "other", "currency": "GBP", "lines": [line]});
    let refused = commands.post("/v1/drafts", &draft).await?;
    refused.expect_problem(403, "platform_not_allowed")?;
    let theirs = town.scene.api.post("/v1/drafts", &draft).await?;
    let theirs = theirs.expect(201)?.json;
    let path = format!(
        "/v1/drafts/{}",
        theirs["order_id"].as_str().context("no id")?
    );
    let change = commands.request(Method::PATCH, &path);
    let refused = answer(change.json(&json!({"tags": ["x"]}))).await?;
    refused.expect_problem(404, "order_not_found")?;
    let complete = format!("{path}/complete");
    let refused = commands.post(&complete, &json!({})).await?;
    refused.expect_problem(404, "order_not_found")?;
    // Nothing has come of any of it.
    let version = format!("\"{}\"", theirs["version"]);
    let complete = town.scene.api.request(Method::POST, &complete);
    let complete = complete.header("if-match", version).json(&json!({}));
    answer(complete).await?.expect(200)?;

    let import = |platform: &str| {
        json!({
            "platform": platform, "external_id": "I-1", "currency": "GBP",
            "placed_at": "2010-12-01T08:26:00Z", "lines": [line],
        })
    };
    let refused = commands.post("/v1/orders/import", &import("other")).await?;
    refused.expect_problem(403, "platform_not_allowed")?;
    let lines = [
        json!({"op": "import_order", "key": "1", "body": import("other")}),
        json!({"op": "create_draft", "key": "2", "body": draft}),
        json!({"op": "add_note", "key": "3", "body": {"text": "x"},
               "order": {"platform": "other", "external_id": NUMBER}}),
        json!({"op": "import_order", "key": "4", "body": import("web")}),
    ];
    let done = bulk(commands, &lines).await?;
    let statuses = done.results.iter().map(|result| &result["status"]);
    let statuses = statuses.cloned().collect::<Vec<_>>();
    ensure!(
        statuses == [403, 403, 404, 201],
        "{statuses:?}: {:?}",
        done.results
    );
    Ok(())
}
