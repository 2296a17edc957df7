//! What a platform's rules make of its orders.

use super::scene::{Scene, import, order};
use crate::process::scene::Scene as Processes;
use anyhow::ensure;
use infra::platforms::{Platforms, UnknownPlatform};
use reqwest::Method;
use serde_json::json;
use tests::{TestEnv, answer};

pub async fn an_order_is_made_as_its_platform_says(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let accepted = json!({
        "currency": "GBP", "country": "IE", "number_prefix": "W-", "prices_include_tax": true,
        "client_prices": "accepted", "allow_unpaid_shipping": true,
    });
    scene
        .put("/v1/platforms/web", &accepted)
        .await?
        .expect(201)?;
    let placed = scene
        .api
        .post("/v1/orders", &order("web"))
        .await?
        .expect(201)?
        .json;
    ensure!(
        placed["number"] == "W-1001" && placed["country"] == "IE",
        "{placed}"
    );
    ensure!(placed["prices_include_tax"] == true);
    ensure!(scene.decided_by(&placed).await? == [Some("1".to_owned())]);
    let mut euros = order("web");
    euros["currency"] = json!("EUR");
    let refused = scene.api.post("/v1/orders", &euros).await?;
    let refused = refused.expect_problem(422, "platform_currency")?.json;
    ensure!(refused["expected"] == "GBP" && refused["errors"][0]["pointer"] == "/currency");
    // The next one goes by what was changed, in this process at once.
    let prefix = json!({"number_prefix": "N", "country": null});
    scene
        .patch("/v1/platforms/web", &prefix)
        .await?
        .expect(200)?;
    let next = scene
        .api
        .post("/v1/orders", &order("web"))
        .await?
        .expect(201)?
        .json;
    ensure!(
        next["number"] == "N1002" && next["country"] == "ZZ",
        "{next}"
    );
    let id = placed["order_id"].as_str().unwrap_or_default();
    let body = json!({"lines": [{"line": "l1", "quantity": 3}]});
    let path = format!("/v1/orders/{id}/fulfillments");
    scene.api.post(&path, &body).await?.expect(200)?;
    let shipped = scene
        .api
        .post(&format!("{path}/f1/ship"), &json!({}))
        .await?;
    shipped.expect(200)?;
    let versions = scene.decided_by(&placed).await?;
    ensure!(
        versions == [Some("1".to_owned()), None, Some("2".to_owned())],
        "{versions:?}"
    );
    Ok(())
}

pub async fn a_platform_that_is_closed_takes_no_orders(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let accepted = json!({"client_prices": "accepted"});
    scene
        .put("/v1/platforms/web", &accepted)
        .await?
        .expect(201)?;
    let draft = scene
        .api
        .post("/v1/drafts", &order("web"))
        .await?
        .expect(201)?
        .json;
    scene
        .patch("/v1/platforms/web", &json!({"active": false}))
        .await?
        .expect(200)?;
    scene
        .api
        .post("/v1/orders", &order("web"))
        .await?
        .expect_problem(409, "platform_inactive")?;
    let complete = format!(
        "/v1/drafts/{}/complete",
        draft["order_id"].as_str().unwrap_or_default()
    );
    scene
        .api
        .post(&complete, &json!({}))
        .await?
        .expect_problem(409, "platform_inactive")?;
    // What was placed elsewhere is a fact.
    let first = import("web", "1");
    scene
        .api
        .post("/v1/orders/import", &first)
        .await?
        .expect(201)?;
    scene.delete("/v1/platforms/web").await?.expect(200)?;
    scene
        .api
        .post("/v1/orders/import", &import("web", "2"))
        .await?
        .expect_problem(409, "platform_archived")?;
    // It is there already, whatever its platform has become.
    scene
        .api
        .post("/v1/orders/import", &first)
        .await?
        .expect(200)?;
    Ok(())
}

pub async fn an_unknown_platform_is_refused_unless_it_is_to_be_made(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let named = json!({"pos": {}});
    let named: Platforms = serde_json::from_value(named)?;
    let strict = named.clone();
    let scene = Scene::start_with(env, |config| config.platforms = strict).await?;
    let refused = scene.api.post("/v1/orders", &order("web")).await?;
    let refused = refused.expect_problem(422, "platform_not_found")?.json;
    ensure!(refused["errors"][0]["pointer"] == "/platform" && refused["platform"] == "web");
    // The configuration knows this one.
    let known = scene
        .api
        .post("/v1/orders", &order("pos"))
        .await?
        .expect(201)?
        .json;
    ensure!(scene.decided_by(&known).await? == [Some("0".to_owned())]);
    ensure!(scene.events_of("platform").await? == 0);
    let imported = scene
        .api
        .request(Method::POST, "/v1/orders/import?create_platforms=true")
        .json(&import("old", "1"));
    let imported = answer(imported).await?.expect(201)?.json;
    ensure!(scene.decided_by(&imported).await? == [Some("1".to_owned())]);
    let making = |config: &mut infra::config::Config| {
        config.platforms = named;
        config.unknown_platform = UnknownPlatform::Create;
    };
    let mut other = env.role("command-api").config(making).spawn()?;
    other.ready().await?;
    let other = scene.api.at(&other);
    let (web, orders) = (order("web"), 0..8);
    let placed = orders.map(|_| other.post("/v1/orders", &web));
    for placed in futures_util::future::join_all(placed).await {
        placed?.expect(201)?;
    }
    ensure!(
        scene.events_of("platform").await? == 2,
        "made more than once"
    );
    Ok(())
}

pub async fn an_import_of_before_a_change_is_the_same_import(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let body = import("web", "1");
    let first = scene
        .api
        .post("/v1/orders/import", &body)
        .await?
        .expect(201)?
        .json;
    let taxed = json!({"prices_include_tax": true, "country": "IE", "currency": "EUR"});
    scene.put("/v1/platforms/web", &taxed).await?.expect(201)?;
    let again = scene
        .api
        .post("/v1/orders/import", &body)
        .await?
        .expect(200)?
        .json;
    ensure!(again == first, "{again} / {first}");
    Ok(())
}

pub async fn a_saved_platform_has_its_orders_confirmed(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Processes::start(env, json!({})).await?;
    let _worker = scene.ready_worker().await?;
    let before = scene.place("web").await?;
    ensure!(scene.until_idle(before).await? == ["OrderPlaced"]);
    let body = json!({"auto_confirm": true, "client_prices": "accepted"});
    let saved = scene
        .api
        .request(Method::PUT, "/v1/platforms/web")
        .json(&body);
    answer(saved).await?.expect(201)?;
    let after = scene.place("web").await?;
    scene.until(after, "OrderConfirmed").await?;
    Ok(())
}
