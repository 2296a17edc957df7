//! Which spans there are, and what they belong to.

use super::{
    collector::Collector,
    scene::{PARENT, place, traced_to},
};
use crate::webhooks::receiver::{OK, Receiver};
use anyhow::{Context as _, Result, ensure};
use infra::secret::Secret;
use serde_json::{Value, json};
use tests::{Api, Role, TestEnv};

/// The trace of a client.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

pub async fn a_request_is_followed_to_the_webhook(env: &TestEnv) -> Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let collector = Collector::start().await?;
    // What the client traces is traced everywhere, whatever their share is.
    let mut roles = Vec::new();
    for role in ["command-api", "relay", "projector"] {
        roles.push(traced_to(env, role, &collector, 0.0).spawn()?);
    }
    for role in &mut roles {
        role.ready().await?;
    }
    let api = Api::new(env, &roles[0]).await?;
    let worker = traced_to(env, "worker", &collector, 1.0).config(|config| {
        roles[0].url().clone_into(&mut config.command_url);
        config.api_key = Secret::new(api.key());
    });
    let mut worker = worker.spawn()?;
    worker.ready().await?;
    let receiver = Receiver::start(|_| OK).await?;
    let endpoint = json!({"url": receiver.url, "event_types": ["*"]});
    let made = api.post("/v1/webhooks/endpoints", &endpoint).await?;
    made.expect(201)?;

    let parent = format!("00-{TRACE}-{PARENT}-01");
    let placed = place(&api, Some(&parent)).await?;

    let request = collector
        .until("orderlog-command-api", "a request", |span| {
            span.name == "POST /v1/orders"
        })
        .await?;
    ensure!(
        request.kind == 2 && request.trace == TRACE && request.parent == PARENT,
        "{request:?}"
    );
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/v1/orders"),
        ("http.response.status_code", "201"),
    ] {
        let told = request.attributes.get(name);
        ensure!(told.is_some_and(|told| told == value), "{request:?}");
    }
    let answered = format!("00-{TRACE}-{}-01", request.id);
    ensure!(placed.header("traceresponse") == answered);
    let append = collector
        .until("orderlog-command-api", "an append", |span| {
            span.name == "INSERT events" && span.trace == TRACE
        })
        .await?;
    ensure!(
        append.kind == 3 && append.parent == request.id,
        "{append:?}"
    );

    let link = (TRACE.to_owned(), request.id.clone());
    for (service, verb, kind) in [
        ("orderlog-relay", "send ", 4),
        ("orderlog-projector", "process ", 5),
    ] {
        let batch = collector
            .until(service, "a batch", |span| {
                span.name.starts_with(verb) && span.links.contains(&link)
            })
            .await?;
        ensure!(batch.kind == kind && batch.trace != TRACE, "{batch:?}");
    }

    let told = receiver.until(1).await?.remove(0);
    let webhook = collector
        .until("orderlog-worker", "a webhook", |span| {
            span.name == "POST webhook"
        })
        .await?;
    ensure!(
        webhook.kind == 3 && webhook.trace == TRACE && webhook.parent == request.id,
        "{webhook:?}"
    );
    ensure!(
        told.header("traceparent") == format!("00-{TRACE}-{}-01", webhook.id),
        "{told:?}"
    );
    let job = collector
        .until("orderlog-worker", "its job", |span| {
            span.name == "process webhooks.deliver"
                && webhook
                    .links
                    .contains(&(span.trace.clone(), span.id.clone()))
        })
        .await?;
    ensure!(job.kind == 5, "{job:?}");

    let logged = line_of(&roles[0], "POST", "/v1/orders")?;
    ensure!(
        logged["trace_id"] == TRACE && logged["span_id"] == request.id,
        "{logged}"
    );
    nothing_private_was_sent(&collector)
}

/// Neither what is personal nor where a webhook goes, and the header with all of it.
fn nothing_private_was_sent(collector: &Collector) -> Result<()> {
    for span in collector.spans() {
        let told = format!("{span:?}");
        ensure!(
            !told.contains("ada@") && !told.contains("Lovelace") && !told.contains("/hooks"),
            "{told}"
        );
    }
    let heads = collector.heads();
    ensure!(
        heads
            .iter()
            .all(|head| head.starts_with("post /v1/traces ") && head.contains("x-key: hush")),
        "{heads:?}"
    );
    Ok(())
}

/// The one line of the log that tells of a request.
fn line_of(role: &Role, method: &str, route: &str) -> Result<Value> {
    let log = role.log();
    let lines = log.lines().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        (line["http.method"] == method && line["http.route"] == route).then_some(line)
    });
    let lines: Vec<Value> = lines.collect();
    ensure!(lines.len() == 1, "{lines:?}");
    lines.into_iter().next().context("no line")
}

pub async fn what_is_not_sampled_leaves_no_span(env: &TestEnv) -> Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let collector = Collector::start().await?;
    let mut relay = traced_to(env, "relay", &collector, 1.0).spawn()?;
    relay.ready().await?;
    for (ratio, quiet) in [(0.0, None), (1.0, Some(format!("00-{TRACE}-{PARENT}-00")))] {
        let mut role = traced_to(env, "command-api", &collector, ratio).spawn()?;
        role.ready().await?;
        let api = Api::new(env, &role).await?;
        let answered = place(&api, quiet.as_deref()).await?;
        ensure!(answered.header("traceresponse").ends_with("-00"));
        // One that is traced, and what it leads to: what was before it would have
        // come as well.
        let trace = format!("{:032x}", if ratio > 0.5 { 2 } else { 1 });
        let parent = format!("00-{trace}-{PARENT}-01");
        place(&api, Some(&parent)).await?;
        let linked =
            |span: &super::collector::Seen| span.links.iter().any(|(linked, _)| *linked == trace);
        let batch = collector.until("orderlog-relay", "a batch", linked).await?;
        ensure!(
            batch.links.iter().all(|(linked, _)| *linked == trace),
            "what is not recorded is linked to: {batch:?}"
        );
        // At its end a process sends what it has.
        ensure!(role.terminate().await?.success());
        let of_role = |span: &super::collector::Seen| span.service == "orderlog-command-api";
        let spans: Vec<_> = collector.spans().into_iter().filter(of_role).collect();
        let requests = spans.iter().filter(|span| span.kind == 2);
        let requests: Vec<&str> = requests.map(|span| &*span.trace).collect();
        ensure!(requests.last() == Some(&&*trace), "{spans:?}");
        ensure!(
            requests.len() == if ratio > 0.5 { 2 } else { 1 },
            "{spans:?}"
        );
    }
    Ok(())
}
