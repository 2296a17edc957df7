//! `/v1/events/stream` and `/v1/orders/{id}/stream`.

use super::sse::{Stream, apis, id_of, note, place};
use anyhow::{Context as _, Result, ensure};
use contracts::{LogPosition, PositionToken};
use futures_util::future::try_join_all;
use infra::postgres::pool;
use serde_json::Value;
use sqlx::PgPool;
use tests::{Api, TestEnv};

super::super::suite![
    a_stream_is_resumed_without_a_gap_or_a_repeat,
    a_stream_tells_what_its_filter_takes,
    one_order_is_followed_from_its_beginning,
    a_place_of_another_epoch_is_refused_where_the_log_lost_it,
    a_stream_that_cannot_be_is_refused,
];

/// Writers, each of which makes so many orders of two events.
const WRITERS: usize = 4;
const ORDERS: usize = 15;

async fn write(commands: &Api, writer: usize) -> Result<()> {
    for number in 0..ORDERS {
        let path = place(commands, "web", &format!("{writer}-{number}")).await?;
        note(commands, &path).await?;
    }
    Ok(())
}

/// Every event in log order: its order and version.
pub async fn logged(log: &PgPool) -> Result<Vec<(String, i64)>> {
    let events = sqlx::query_as(
        "SELECT aggregate_id, sequence FROM events WHERE aggregate_type = 'order' \
          ORDER BY epoch, transaction_id, position",
    );
    Ok(events.fetch_all(log).await?)
}

/// Reads so many events, hanging up after some of them again and again.
async fn read(queries: &Api, mut stream: Stream, count: usize) -> Result<Vec<(String, i64)>> {
    let mut told = Vec::new();
    while told.len() < count {
        let block = stream.told().await?.context("the stream has ended")?;
        let event = block.data.context("no data")?;
        ensure!(block.id.as_deref() == event["position"].as_str(), "{event}");
        let order = event["subject"].as_str().context("no order")?.to_owned();
        told.push((order, event["sequence"].as_i64().context("no version")?));
        if told.len().is_multiple_of(7) {
            let last = stream.last_id.take();
            stream = Stream::open(queries, "/v1/events/stream", last.as_deref()).await?;
        }
    }
    Ok(told)
}

async fn a_stream_is_resumed_without_a_gap_or_a_repeat(env: &TestEnv) -> Result<()> {
    let (commands, queries, _roles) = apis(env).await?;
    place(&commands, "web", "before").await?;
    let stream = "/v1/events/stream?after=beginning";
    let streams = (0..3).map(|_| Stream::open(&queries, stream, None));
    let streams = try_join_all(streams).await?;
    let count = 1 + WRITERS * ORDERS * 2;
    let (told, _) = tokio::try_join!(
        try_join_all(
            streams
                .into_iter()
                .map(|stream| read(&queries, stream, count))
        ),
        try_join_all((0..WRITERS).map(|writer| write(&commands, writer))),
    )?;
    let logged = logged(&pool(&env.config.events_url, 1)?).await?;
    for told in told {
        ensure!(told == logged, "{told:?}\n{logged:?}");
    }
    Ok(())
}

/// The next event but for this one: a stream from now on begins where the process has
/// read to, which may be a moment ago.
async fn next_but(stream: &mut Stream, old: &Value) -> Result<Value> {
    let event = stream.data().await?;
    if event["id"] == old["id"] {
        return stream.data().await;
    }
    Ok(event)
}

async fn a_stream_tells_what_its_filter_takes(env: &TestEnv) -> Result<()> {
    let (commands, queries, _roles) = apis(env).await?;
    let web = place(&commands, "web", "old").await?;
    // Told once it is final: a stream from now on would tell it otherwise.
    let from_beginning = "/v1/events/stream?after=beginning";
    let mut earlier = Stream::open(&queries, from_beginning, None).await?;
    let old = earlier.data().await?;
    ensure!(old["subject"] == id_of(&web));
    let now = "/v1/events/stream";
    let mut all = Stream::open(&queries, now, None).await?;
    let greeting = all.block().await?.context("no greeting")?;
    ensure!(
        greeting.id.is_some() && greeting.data.is_none(),
        "{greeting:?}"
    );
    let of_shop = format!("{now}?platform=shop&type=order.note*");
    let mut of_shop = Stream::open(&queries, &of_shop, None).await?;
    let of_order = format!("{now}?order={}&platform=web,shop", id_of(&web));
    let mut of_order = Stream::open(&queries, &of_order, None).await?;

    let shop = place(&commands, "shop", "new").await?;
    note(&commands, &shop).await?;
    note(&commands, &web).await?;
    for (order, kind) in [
        (&shop, "order.placed"),
        (&shop, "order.note_added"),
        (&web, "order.note_added"),
    ] {
        let event = next_but(&mut all, &old).await?;
        ensure!(
            event["type"] == kind && event["subject"] == id_of(order),
            "{event}"
        );
        ensure!(event["specversion"] == "1.0" && event["data"]["after"].is_object());
    }
    let noted = of_shop.data().await?;
    ensure!(noted["subject"] == id_of(&shop) && noted["type"] == "order.note_added");
    ensure!(
        noted["data"]["personal"]["text"] == "ring twice",
        "readable: {noted}"
    );
    let noted = next_but(&mut of_order, &old).await?;
    ensure!(
        noted["subject"] == id_of(&web) && noted["sequence"] == 2,
        "{noted}"
    );
    Ok(())
}

async fn one_order_is_followed_from_its_beginning(env: &TestEnv) -> Result<()> {
    let (commands, queries, _roles) = apis(env).await?;
    let path = place(&commands, "web", "W-1").await?;
    let other = place(&commands, "web", "W-2").await?;
    note(&commands, &path).await?;
    let stream = format!("{path}/stream?after=beginning");
    let mut stream = Stream::open(&queries, &stream, None).await?;
    for version in 1..=2 {
        ensure!(stream.data().await?["sequence"] == version);
    }
    for version in 3..=6 {
        note(&commands, &other).await?;
        note(&commands, &path).await?;
        let event = stream.data().await?;
        ensure!(
            event["sequence"] == version && event["subject"] == id_of(&path),
            "{event}"
        );
    }
    let last = stream.last_id.clone();
    note(&commands, &path).await?;
    let again = format!("{path}/stream");
    let mut again = Stream::open(&queries, &again, last.as_deref()).await?;
    ensure!(again.data().await?["sequence"] == 7);
    Ok(())
}

/// What a client has seen is not true any more; its stream ends with the next
/// event, and it is told when it comes again.
async fn a_place_of_another_epoch_is_refused_where_the_log_lost_it(env: &TestEnv) -> Result<()> {
    let (commands, queries, _roles) = apis(env).await?;
    let path = place(&commands, "web", "W-1").await?;
    note(&commands, &path).await?;
    let stream = "/v1/events/stream?after=beginning";
    let mut stream = Stream::open(&queries, stream, None).await?;
    let first = stream
        .told()
        .await?
        .and_then(|block| block.id)
        .context("no id")?;
    stream.data().await?;
    let kept: PositionToken = first.parse()?;

    // As if a backup had been restored that has the first event only.
    let log = pool(&env.config.events_url, 1)?;
    let bump = format!(
        "WITH lost AS (DELETE FROM events WHERE sequence = 2) \
         INSERT INTO log_epochs (epoch, system_identifier, timeline, database, last_epoch, \
                last_xid, last_position) \
         SELECT 2, system_identifier, timeline, database, 1, '{}'::xid8, {} FROM log_epochs",
        kept.at.xid, kept.at.position,
    );
    sqlx::query(&bump).execute(&log).await?;
    sqlx::query("ALTER TABLE events ALTER COLUMN epoch SET DEFAULT 2")
        .execute(&log)
        .await?;
    place(&commands, "web", "W-2").await?;
    ensure!(stream.told().await?.is_none(), "the stream goes on");

    let told = stream.last_id.clone().context("no id")?;
    let resumed = format!("/v1/events/stream?after={told}");
    let lost = queries
        .get(&resumed)
        .await?
        .expect_problem(410, "position_lost")?;
    let detail = lost.json["detail"].as_str().unwrap_or_default();
    ensure!(detail.contains("before epoch 2 began"), "{detail}");
    let mut on = Stream::open(&queries, "/v1/events/stream", Some(&first)).await?;
    ensure!(on.data().await?["type"] == "order.placed");
    Ok(())
}

async fn a_stream_that_cannot_be_is_refused(env: &TestEnv) -> Result<()> {
    let (commands, queries, _roles) = apis(env).await?;
    let path = place(&commands, "web", "W-1").await?;
    let token = |topic: &str, partition, epoch| PositionToken {
        topic: topic.to_owned(),
        partition,
        at: LogPosition {
            epoch,
            xid: u64::from(u32::MAX),
            position: 1,
        },
    };
    let stream = "/v1/events/stream";
    for (path, status, code) in [
        (format!("{stream}?after=17"), 400, "invalid_parameter"),
        (format!("{stream}?after="), 400, "invalid_parameter"),
        (
            format!("{stream}?after={}", token("other", 0, 1)),
            400,
            "invalid_parameter",
        ),
        (
            format!("{stream}?after={}", token("orders.events.v1", 99, 1)),
            400,
            "invalid_parameter",
        ),
        (
            format!("{stream}?after={}", token("orders.events.v1", 0, 1)),
            410,
            "position_lost",
        ),
        (
            format!("{stream}?after={}", token("orders.events.v1", 0, 9)),
            410,
            "position_lost",
        ),
        (
            format!("{stream}?type=order.palced"),
            400,
            "invalid_parameter",
        ),
        (format!("{stream}?order=17"), 400, "invalid_parameter"),
        (format!("{stream}?platform="), 400, "invalid_parameter"),
        (format!("{stream}?colour=red"), 400, "unknown_parameter"),
        (
            format!("{path}/stream?platform=web"),
            400,
            "unknown_parameter",
        ),
        (
            "/v1/orders/01990000-0000-7000-8000-000000000000/stream".to_owned(),
            404,
            "order_not_found",
        ),
        (
            "/v1/orders/changes?type=x".to_owned(),
            400,
            "unknown_parameter",
        ),
        (
            "/v1/orders/changes?after=x.1.1".to_owned(),
            400,
            "invalid_parameter",
        ),
    ] {
        let refused = queries.get(&path).await?;
        refused.expect_problem(status, code).context(path)?;
    }
    let request = queries.request(reqwest::Method::GET, stream);
    let wrong = tests::answer(request.header("Last-Event-ID", "17")).await?;
    wrong.expect_problem(400, "invalid_last_event_id")?;
    let head = queries.request(reqwest::Method::HEAD, stream);
    let head = tests::answer(head).await?.expect(200)?;
    ensure!(head.header("content-type") == "text/event-stream");
    ensure!(head.header("content-length").is_empty());
    let nobody = Api::with_key(queries.url(), "ol_nobody");
    nobody
        .get(stream)
        .await?
        .expect_problem(401, "unauthorized")?;
    Ok(())
}
