//! `GET /v1/events`.

use super::{
    live::{apis, note, place},
    views::token,
};
use anyhow::{Context as _, Result, ensure};
use infra::{log::LogReader, postgres::pool};
use reqwest::Method;
use serde_json::Value;
use tests::{Api, TestEnv, answer, wait_until};
use uuid::Uuid;

super::suite![
    the_log_is_told_page_by_page_while_it_grows,
    filters_cut_the_log_and_cost_no_event,
    few_events_among_many_come_in_short_pages,
    a_page_is_told_once_until_something_comes,
    what_is_no_place_or_of_another_list_is_refused,
];

/// Orders, of two events each.
const ORDERS: usize = 6;

/// Places orders and notes something on each; their paths.
async fn happen(commands: &Api, from: usize) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for number in from..from + ORDERS {
        let path = place(
            commands,
            ["web", "shop"][number % 2],
            &format!("L-{number}"),
        )
        .await?;
        note(commands, &path).await?;
        paths.push(path);
    }
    Ok(paths)
}

/// Waits until everything is final: transactions of other tests may be under way
/// on the same servers.
async fn settled(env: &TestEnv) -> Result<()> {
    let reader = LogReader::new(pool(&env.config.events_url, 1)?);
    wait_until("the log to be final", async || {
        let newest = reader.newest().await?;
        let horizon = reader.horizon().await?;
        let is_final = newest.is_none_or(|newest| horizon.covers(newest));
        Ok(is_final.then_some(()))
    })
    .await
}

/// All events of a list from its first page on, and how many pages it had.
async fn all(api: &Api, query: &str) -> Result<(Vec<Value>, usize)> {
    let (mut events, mut pages) = (Vec::new(), 0);
    let mut path = format!("/v1/events?{query}");
    loop {
        let page = api.get(&path).await?.expect(200)?;
        let data = page.json["data"].as_array().context("a list")?;
        events.extend(data.iter().cloned());
        pages += 1;
        let Some(cursor) = page.json["next_cursor"].as_str() else {
            ensure!(page.json["has_more"] == false && page.header("link").is_empty());
            return Ok((events, pages));
        };
        ensure!(page.json["has_more"] == true);
        let link = page.header("link");
        let next = link[1..].split('>').next();
        next.unwrap_or_default().clone_into(&mut path);
        ensure!(path.ends_with(&format!("cursor={cursor}")), "{link}");
    }
}

async fn the_log_is_told_page_by_page_while_it_grows(env: &TestEnv) -> Result<()> {
    let (commands, queries, _roles) = apis(env).await?;
    let (nothing, _) = all(&queries, "").await?;
    ensure!(nothing.is_empty());
    happen(&commands, 0).await?;
    settled(env).await?;
    let (whole, pages) = all(&queries, "limit=200").await?;
    ensure!((whole.len(), pages) == (2 * ORDERS, 1));
    ensure!(
        whole[0]["data"].to_string().contains("Ada Lovelace"),
        "sealed"
    );

    // What comes while the list is read comes at its end, and once.
    let first = queries.get("/v1/events?limit=5").await?.expect(200)?;
    let cursor = first.json["next_cursor"].as_str().context("a cursor")?;
    happen(&commands, ORDERS).await?;
    settled(env).await?;
    let (rest, _) = all(&queries, &format!("limit=5&cursor={cursor}")).await?;
    let mut told = first.json["data"].as_array().context("a list")?.clone();
    told.extend(rest);
    let (now, _) = all(&queries, "limit=7").await?;
    ensure!(told == now && now.len() == 4 * ORDERS && now[..whole.len()] == whole);

    // A page ends where its limit does, and knows whether that is the end.
    let last = now.last().context("an event")?["position"].as_str();
    let exact = queries.get("/v1/events?limit=24").await?.expect(200)?;
    ensure!(exact.json["has_more"] == false);
    let after = format!("after={}", last.context("a position")?);
    ensure!(all(&queries, &after).await?.0.is_empty());
    // Whoever has written something reads it, once the views have it.
    let strict = queries.request(
        Method::GET,
        &format!("/v1/events?min_position={}", &after[6..]),
    );
    let strict = strict.header("Prefer", "wait=0, handling=strict");
    answer(strict)
        .await?
        .expect_problem(503, "not_yet_visible")?;
    Ok(())
}

async fn filters_cut_the_log_and_cost_no_event(env: &TestEnv) -> Result<()> {
    let (commands, queries, _roles) = apis(env).await?;
    let paths = happen(&commands, 0).await?;
    settled(env).await?;
    let (whole, _) = all(&queries, "limit=200").await?;
    let order = paths[1].rsplit('/').next().unwrap_or_default();
    let text = |event: &Value, name: &str| event[name].as_str().map(str::to_owned);
    let middle = text(&whole[4], "position").context("a position")?;
    let time = text(&whole[4], "time").context("a time")?;
    let of_type = |name: &str| {
        whole
            .iter()
            .filter(|e| e["type"] == name)
            .cloned()
            .collect()
    };
    let notes: Vec<Value> = of_type("order.note_added");
    for (query, expected) in [
        ("type=order.note_*".to_owned(), notes.clone()),
        ("type=order.placed".to_owned(), of_type("order.placed")),
        (
            format!("order={order}"),
            whole
                .iter()
                .filter(|e| e["subject"] == *order)
                .cloned()
                .collect(),
        ),
        (format!("until={middle}"), whole[..5].to_vec()),
        (format!("after={middle}"), whole[5..].to_vec()),
        (
            format!("recorded_from={time}"),
            whole
                .iter()
                .filter(|e| text(e, "time").as_deref() >= Some(&*time))
                .cloned()
                .collect(),
        ),
    ] {
        for limit in [1, 3, 200] {
            let (told, _) = all(&queries, &format!("limit={limit}&{query}")).await?;
            ensure!(told == expected, "{query}, {limit}: {told:?}");
        }
    }
    let (web, _) = all(&queries, "platform=web&type=order.note_added&limit=2").await?;
    ensure!(web.len() == ORDERS / 2 && web.iter().all(|event| notes.contains(event)));
    Ok(())
}

/// More events than are looked at for one page, of which two are wanted.
async fn few_events_among_many_come_in_short_pages(env: &TestEnv) -> Result<()> {
    let (commands, queries, _roles) = apis(env).await?;
    let first = place(&commands, "web", "L-first").await?;
    let log = pool(&env.config.events_url, 1)?;
    let order = first.rsplit('/').next().unwrap_or_default();
    let repeated = sqlx::query(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
             payload, metadata) \
         SELECT aggregate_type, aggregate_id, sequence + n, event_type, event_version, payload, \
                (metadata::jsonb - 'command_id')::json \
           FROM events, generate_series(1, 12000) n \
          WHERE aggregate_type = 'order' AND aggregate_id = $1 AND sequence = 1",
    );
    repeated.bind(order).execute(&log).await?;
    let last = place(&commands, "web", "L-last").await?;
    note(&commands, &last).await?;
    settled(env).await?;
    let filter = "type=order.note_added&limit=50";
    let empty = queries
        .get(&format!("/v1/events?{filter}"))
        .await?
        .expect(200)?;
    ensure!(empty.json["data"].as_array().is_some_and(Vec::is_empty));
    ensure!(
        empty.json["has_more"] == true,
        "so much was looked at, and no more"
    );
    let (notes, pages) = all(&queries, filter).await?;
    ensure!(notes.len() == 1 && pages == 2, "{pages} pages");
    Ok(())
}

async fn a_page_is_told_once_until_something_comes(env: &TestEnv) -> Result<()> {
    let (commands, queries, _roles) = apis(env).await?;
    happen(&commands, 0).await?;
    settled(env).await?;
    for (path, changes) in [
        ("/v1/events?limit=200", true),
        ("/v1/events?limit=4", false),
    ] {
        let first = queries.get(path).await?.expect(200)?;
        let etag = first.header("etag").to_owned();
        ensure!(etag.starts_with('"') && first.header("cache-control") == "private, no-cache");
        let again = || {
            queries
                .request(Method::GET, path)
                .header("If-None-Match", &etag)
        };
        answer(again()).await?.expect(304)?;
        let head = answer(queries.request(Method::HEAD, path))
            .await?
            .expect(200)?;
        ensure!(head.header("etag") == etag && head.json.is_null());
        happen(&commands, if changes { 100 } else { 200 }).await?;
        settled(env).await?;
        let status = if changes { 200 } else { 304 };
        answer(again()).await?.expect(status)?;
    }
    Ok(())
}

async fn what_is_no_place_or_of_another_list_is_refused(env: &TestEnv) -> Result<()> {
    let (commands, queries, _roles) = apis(env).await?;
    happen(&commands, 0).await?;
    settled(env).await?;
    let page = queries
        .get("/v1/events?limit=2&type=order.*")
        .await?
        .expect(200)?;
    let cursor = page.json["next_cursor"].as_str().context("a cursor")?;
    for (query, code, parameter) in [
        ("colour=red".to_owned(), "unknown_parameter", "colour"),
        ("limit=0".to_owned(), "invalid_parameter", "limit"),
        ("limit=201".to_owned(), "invalid_parameter", "limit"),
        ("type=order.palced".to_owned(), "invalid_parameter", "type"),
        ("order=17".to_owned(), "invalid_parameter", "order"),
        ("after=17".to_owned(), "invalid_parameter", "after"),
        (
            "min_position=17".to_owned(),
            "invalid_parameter",
            "min_position",
        ),
        (
            format!("type=order.*&cursor={cursor}&after=beginning"),
            "invalid_parameter",
            "after",
        ),
        (
            "recorded_from=2026-02-01&recorded_to=2026-01-01".to_owned(),
            "invalid_parameter",
            "recorded_to",
        ),
        (format!("cursor={cursor}"), "cursor_mismatch", "cursor"),
        (
            format!("type=order.*&cursor={}", &cursor[1..]),
            "invalid_cursor",
            "cursor",
        ),
    ] {
        let refused = queries.get(&format!("/v1/events?{query}")).await?;
        let refused = refused.expect_problem(400, code)?;
        let told = &refused.json["errors"][0]["parameter"];
        ensure!(told == parameter, "{query}: {told}");
    }
    let foreign = token(Uuid::nil(), 1 << 40);
    for name in ["after", "until"] {
        let lost = queries.get(&format!("/v1/events?{name}={foreign}")).await?;
        lost.expect_problem(410, "position_lost")?;
    }
    Ok(())
}
