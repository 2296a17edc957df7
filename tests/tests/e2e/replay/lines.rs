//! Lines on standard output.

use super::scene::{Replayed, Scene, spawn, text};
use crate::relay::scene::{Record, Scene as Relay};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::{collections::HashMap, process::Stdio};
use tests::{Api, TestEnv, wait_until};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

/// Orders by command, with personal data, and what a relay makes of them.
pub async fn each_line_is_what_was_published(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    let mut commands = env.role("command-api").spawn()?;
    let _relay = env.role("relay").spawn()?;
    commands.ready().await?;
    let api = Api::new(env, &commands).await?;
    for number in 0..8 {
        let placed = api.post("/v1/orders", &order(number)).await?.expect(201)?;
        let path = placed.header("location").to_owned();
        let note = json!({"text": "ring twice"});
        api.post(&format!("{path}/notes"), &note)
            .await?
            .expect(200)?;
        if number % 2 == 0 {
            let reason = json!({"reason": "ordered twice"});
            let cancelled = api.post(&format!("{path}/cancel"), &reason).await?;
            cancelled.expect(200)?;
        }
    }
    scene.settled().await?;
    let replayed = scene.replay(&["--from-start"]).await?;
    ensure!(replayed.events.len() == 20, "{}", replayed.events.len());
    same_as_published(env, &replayed).await?;
    let trailer = &replayed.trailer;
    ensure!(trailer["count"] == 20 && trailer["cut_short"] == false);
    ensure!(trailer["position"] == replayed.position(19) && trailer["ended"] == "horizon");
    Ok(())
}

fn order(number: u32) -> Value {
    json!({
        "platform": if number < 5 { "web" } else { "shop" },
        "external_id": format!("R-{number}"), "currency": "GBP",
        "customer": {"id": "c-1", "name": "Ada Lovelace", "email": "ada@example.com"},
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 3, "unit_price": "0.125"}],
        "shipping_address": {"line1": "12 St James's Square", "country": "GB"},
    })
}

/// Each line is a record that a subscriber sees, in the same order per order.
async fn same_as_published(env: &TestEnv, replayed: &Replayed) -> Result<()> {
    let relay = Relay::existing(&env.config)?;
    let published = wait_until("the relay to publish everything", async || {
        let published = relay.published().await?;
        Ok((published.len() == replayed.events.len()).then_some(published))
    })
    .await?;
    let by_id: HashMap<String, &Record> = published
        .iter()
        .map(|record| (record.envelope.id.to_string(), record))
        .collect();
    ensure!(by_id.len() == published.len());
    let mut versions = HashMap::new();
    for event in &replayed.events {
        let record = by_id.get(text(&event["id"])).context("not published")?;
        let data: Value = serde_json::from_slice(&record.value)?;
        ensure!(event["data"] == data, "{event}");
        ensure!(data["after"]["version"] == event["sequence"], "{event}");
        for (name, value) in record.envelope.headers() {
            let name = match name {
                "content-type" => "datacontenttype",
                name => name.trim_start_matches("ce_"),
            };
            let told = match &event[name] {
                Value::Number(number) => number.to_string(),
                told => text(told).to_owned(),
            };
            ensure!(told == value, "{name}: {event}");
        }
        let version = versions.entry(text(&event["subject"])).or_insert(0);
        *version += 1;
        ensure!(event["sequence"] == *version, "out of order: {event}");
    }
    let placed = &replayed.events[0]["data"];
    ensure!(placed["personal"]["sealed"].is_string(), "{placed}");
    ensure!(!placed.to_string().contains("Lovelace"), "{placed}");
    Ok(())
}

pub async fn filters_take_what_they_name(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    scene.fill("web", 3, 4).await?;
    scene.fill("shop", 2, 3).await?;
    let all = scene.replay(&[]).await?;
    ensure!(all.events.len() == 18);

    let ids_of = |wanted: &dyn Fn(&Value) -> bool| -> Vec<String> {
        let wanted = all.events.iter().filter(|event| wanted(event));
        wanted.map(|event| text(&event["id"]).to_owned()).collect()
    };
    let of_web: Vec<&str> = all.events[..12]
        .iter()
        .map(|e| text(&e["subject"]))
        .collect();
    let (first, last) = (of_web[0].to_owned(), text(&all.events[17]["subject"]));
    let placed = |event: &Value| event["type"] == "order.placed";
    let web = |event: &Value| of_web.contains(&text(&event["subject"]));
    let of_first = |event: &Value| event["subject"] == json!(first);
    let of_last = |event: &Value| event["subject"] == json!(last);
    for (args, expected) in [
        (vec!["--type", "order.placed"], ids_of(&placed)),
        (vec!["--type", "order.*"], ids_of(&|_| true)),
        (
            vec!["--type", "order.placed", "--type", "order.tag*"],
            ids_of(&|_| true),
        ),
        (vec!["--type", "order.payment_*"], Vec::new()),
        (vec!["--platform", "web"], ids_of(&web)),
        (vec!["--platform", "shop"], ids_of(&|e| !web(e))),
        (
            vec!["--platform", "web", "--platform", "shop"],
            ids_of(&|_| true),
        ),
        (vec!["--platform", "nobody"], Vec::new()),
        (vec!["--order", &first], ids_of(&of_first)),
        (
            vec!["--order", last, "--order", &first],
            ids_of(&|e| of_first(e) || of_last(e)),
        ),
        (
            vec![
                "--order",
                &first,
                "--platform",
                "web",
                "--type",
                "order.tagged",
            ],
            ids_of(&|e| of_first(e) && !placed(e)),
        ),
        (vec!["--order", &first, "--platform", "shop"], Vec::new()),
    ] {
        let replayed = scene.replay(&args).await?;
        ensure!(replayed.ids() == expected, "{args:?}: {replayed:?}");
        ensure!(replayed.trailer["count"] == expected.len());
        ensure!(replayed.trailer["cut_short"] == false);
    }
    Ok(())
}

pub async fn a_reader_that_goes_away_ends_it_quietly(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    // More than a pipe holds.
    scene.fill("web", 20, 200).await?;
    let mut child = tests::command(&env.config)?
        .arg("replay")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
    ensure!(lines.next_line().await?.is_some());
    drop(lines);
    let status = child.wait().await?;
    let mut said = String::new();
    let mut stderr = child.stderr.take().context("a pipe")?;
    stderr.read_to_string(&mut said).await?;
    ensure!(status.success() && said.is_empty(), "{status}: {said}");

    // Nobody reads a topic's trailer: that does not matter either.
    let nobody = spawn(&env.config, &["--type", "order.tagged"], Stdio::null())?;
    ensure!(nobody.wait_with_output().await?.status.success());
    Ok(())
}
