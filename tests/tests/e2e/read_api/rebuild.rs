//! `/v1/admin/projections/{name}/rebuild`: asking for builds, looking at them,
//! giving them up.

use super::views::Views;
use anyhow::{Context as _, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, TestEnv, answer, wait_until};

super::suite![
    a_build_is_asked_for_followed_and_given_up,
    what_cannot_be_built_is_refused,
    a_projector_carries_it_out,
];

const PATH: &str = "/v1/admin/projections/orders/rebuild";

async fn post(views: &Views, path: &str) -> anyhow::Result<Answer> {
    answer(views.api.request(Method::POST, path)).await
}

async fn listed(views: &Views) -> anyhow::Result<Value> {
    let listed = views.api.get(PATH).await?.expect(200)?;
    ensure!(listed.header("cache-control") == "no-store");
    Ok(listed.json)
}

async fn a_build_is_asked_for_followed_and_given_up(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    ensure!(listed(&views).await? == json!({"open": null, "data": []}));
    for _ in 0..2 {
        let requested = post(&views, PATH).await?.expect(202)?.json;
        ensure!(requested["projection"] == "orders" && requested["build"] == 1);
        ensure!(requested["state"] == "requested", "{requested}");
        ensure!(requested["reason"] == "requested", "{requested}");
    }
    // What a builder would say.
    views
        .execute(
            "UPDATE projection_builds SET state = 'running', phase = 'filling', version = 3, \
                epoch = 1, estimate = 1000, seconds_left = 7, started_at = now()",
        )
        .await?;
    views
        .execute(
            "INSERT INTO projection_build_partitions (projection, build, \"partition\", aggregates, \
                events) VALUES ('orders', 1, 0, 20, 150), ('orders', 1, 1, 30, 250)",
        )
        .await?;
    let told = listed(&views).await?;
    let open = &told["open"];
    ensure!(
        open["state"] == "running" && open["phase"] == "filling",
        "{told}"
    );
    ensure!(open["events"] == 400 && open["aggregates"] == 50, "{told}");
    ensure!(
        open["estimate"] == 1000 && open["seconds_left"] == 7,
        "{told}"
    );
    ensure!(told["data"] == json!([open]), "{told}");

    let cancel = format!("{PATH}/cancel");
    let cancelled = post(&views, &cancel).await?.expect(202)?.json;
    ensure!(cancelled["state"] == "cancelling", "{cancelled}");
    views
        .execute("UPDATE projection_builds SET state = 'cancelled', finished_at = now()")
        .await?;
    let none = post(&views, &cancel).await?;
    none.expect_problem(409, "no_open_build")?;
    let told = listed(&views).await?;
    ensure!(told["open"].is_null() && told["data"][0]["state"] == "cancelled");

    let requested = post(&views, PATH).await?.expect(202)?.json;
    ensure!(requested["build"] == 2, "{requested}");
    let cancelled = post(&views, &cancel).await?.expect(202)?.json;
    ensure!(
        cancelled["state"] == "cancelled",
        "nobody had begun it: {cancelled}"
    );
    let told = listed(&views).await?;
    let builds = told["data"].as_array().context("a list")?;
    let builds: Vec<&Value> = builds.iter().map(|build| &build["build"]).collect();
    ensure!(builds == [2, 1], "{told}");
    Ok(())
}

async fn what_cannot_be_built_is_refused(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    for name in ["order", "%00"] {
        let path = format!("/v1/admin/projections/{name}/rebuild");
        let refused = views.api.get(&path).await?;
        refused.expect_problem(404, "projection_not_found")?;
        for path in [path.clone(), format!("{path}/cancel")] {
            let refused = post(&views, &path).await?;
            refused.expect_problem(404, "projection_not_found")?;
        }
    }
    let unknown = post(&views, &format!("{PATH}?workers=4")).await?;
    unknown.expect_problem(400, "unknown_parameter")?;
    let url = format!("{}{PATH}", views.role.url());
    ensure!(reqwest::Client::new().post(url).send().await?.status() == 401);
    Ok(())
}

async fn a_projector_carries_it_out(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    let mut projector = env.role("projector").spawn()?;
    projector.ready().await?;
    let requested = post(&views, PATH).await?.expect(202)?.json;
    let done = wait_until("the build to be switched to", async || {
        let told = listed(&views).await?;
        let build = &told["data"][0];
        Ok((build["state"] == "done").then(|| build.clone()))
    })
    .await?;
    ensure!(done["build"] == requested["build"], "{done}");
    ensure!(
        done["finished_at"].is_string() && done["seconds_left"].is_null(),
        "{done}"
    );
    let served = views.api.get("/v1/admin/projections").await?.expect(200)?;
    ensure!(
        served.json["data"][0]["build"] == done["build"],
        "{}",
        served.json
    );
    Ok(())
}
