//! Row `console`: what people wait for who look at a million orders, and how large it
//! is: the list, one order, the figures; beside the API's answers that each page is made
//! of, asked for one after the other.

use crate::{
    http_client::Connection,
    load::{self, Latencies, Schedule},
    process::Process,
    requests,
    row::Figure,
    whole::Whole,
};
use anyhow::{Context as _, ensure};
use infra::config::Config;
use reqwest::{
    Client, StatusCode,
    header::{CONTENT_TYPE, SET_COOKIE},
    redirect::Policy,
};
use std::{
    env,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// Pages a second, as some people make them who look.
const RATE: f64 = 10.0;
/// So many that one is free whenever a page is due.
const OPEN: usize = 16;
/// Orders that are looked at in turn.
const SINGLE: i64 = 100;
/// What a page may take, in milliseconds.
const LONGEST: f64 = 100.0;
/// And what it may weigh, in kilobytes, not packed, without its style and its script,
/// which a browser keeps.
const LARGEST: f64 = 100.0;

/// What is asked for in turn, each by one request or more.
type Asked = Arc<[Vec<Vec<u8>>]>;

/// Pages of one kind.
struct View {
    name: &'static str,
    /// The first of them, which was not asked for before.
    first: First,
    pages: Asked,
    answers: Asked,
}

/// Measures each kind of page.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let (orders, rounds) = if quick { (2_000, 1) } else { (1_000_000, 3) };
    let largest = env::var("ORDERLOG_BENCH_LARGEST").map_or(Ok(i64::MAX), |n| n.parse())?;
    let orders = orders.min(largest);
    let time = Duration::from_secs(if quick { 1 } else { 8 });
    let whole = Whole::with_orders(config, folder, orders).await?;
    let client = Config {
        command_url: format!("http://{}", whole.commands.address),
        read_url: format!("http://{}", whole.reads.address),
        ..whole.config().clone()
    };
    let console = Process::start(&client, "console", folder).await?;
    let session = session(&console.address, &whole.key).await?;
    let (console, reads) = (&*console.address, &*whole.reads.address);
    let mut figures = Vec::new();
    for view in views(console, &session, &whole).await? {
        let (mut all, mut beside) = (Latencies::new()?, Vec::new());
        for _ in 0..rounds {
            let page = took(console, &view.pages, time).await?;
            let answers = took(reads, &view.answers, time).await?;
            // Of so few that the slowest of a hundred is one of them.
            beside.push((page.quantile(0.9), answers.quantile(0.9)));
            all.add(&page)?;
        }
        let case = |what: &str| format!("{}, {orders} orders, {what}", view.name);
        let at = |name: &str| case(&format!("{name} at {RATE:.0} pages/s"));
        let First {
            millis, kilobytes, ..
        } = view.first;
        figures.push(at_most(case("its size"), "kB", kilobytes, LARGEST));
        figures.push(Figure::time("console", case("asked for first"), millis));
        figures.extend(all.figures("console", &[("p50", 0.5)], at));
        figures.push(at_most(at("p99"), "ms", all.quantile(0.99), LONGEST));
        let answers = "answers of the API";
        figures.push(Figure::time_beside("console", at("p90"), answers, &beside));
    }
    Ok(figures)
}

/// A figure beside the most that it may be.
fn at_most(case: String, unit: &'static str, value: f64, most: f64) -> Figure {
    Figure {
        ours: value,
        yardstick_value: most,
        ..Figure::of("console", case, unit, "limit", Some(1.0), &[(most, value)])
    }
}

/// Signs in as people do; the cookie.
async fn session(console: &str, key: &str) -> anyhow::Result<String> {
    let client = Client::builder().no_proxy().redirect(Policy::none());
    let request = client
        .build()?
        .post(format!("http://{console}/console/sign-in"));
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = request.body(format!("key={key}")).send().await?;
    let status = answer.status();
    ensure!(status == StatusCode::SEE_OTHER, "nobody signs in: {status}");
    let cookies = answer.headers().get_all(SET_COOKIE).iter();
    let mut cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
    let session = cookies.find(|cookie| cookie.starts_with("orderlog_console="));
    Ok(session.context("no session")?.to_owned())
}

/// The kinds of pages, each with what it is made of.
async fn views(console: &str, session: &str, whole: &Whole) -> anyhow::Result<Vec<View>> {
    let page = |path: &str| vec![look(path, session)];
    let answer = |path: &str| requests::get(path, &whole.key, "");
    let ids: Vec<String> = sqlx::query_scalar("SELECT id::text FROM orders ORDER BY id LIMIT $1")
        .bind(SINGLE)
        .fetch_all(&whole.views)
        .await?;
    ensure!(!ids.is_empty(), "no orders");
    let of_order = |id: &String| {
        let order = format!("/v1/orders/{id}");
        let story = format!("{order}/events?after=0&limit=41");
        vec![answer(&order), answer(&story)]
    };
    // The month of the last one: orders of the bench are not of today.
    let days = "SELECT format('range=between&from=%s&through=%s&tz=UTC', \
                              (last - interval '29 days')::date, last::date) \
                  FROM (SELECT max(placed_at) AT TIME ZONE 'UTC' AS last FROM orders) l";
    let days: String = sqlx::query_scalar(days).fetch_one(&whole.views).await?;
    let orders: Asked = ids
        .iter()
        .map(|id| page(&format!("/console/orders/{id}")))
        .collect();
    let list: Asked = [page("/console/orders")].into();
    let figures: Asked = [page(&format!("/console/figures?{days}"))].into();
    let first_figures = First::of(console, &figures[0]).await?;
    let calls = calls(std::str::from_utf8(&first_figures.body)?);
    ensure!(calls.len() > 1, "there are no figures");
    let of_figures: Vec<Vec<u8>> = calls.iter().map(|path| answer(path)).collect();
    let of_list = answer("/v1/orders?sort=-placed_at&limit=50&count=estimated");
    Ok(vec![
        View {
            name: "list",
            first: First::of(console, &list[0]).await?,
            pages: list,
            answers: [vec![of_list]].into(),
        },
        View {
            name: "one order",
            first: First::of(console, &orders[0]).await?,
            pages: orders,
            answers: ids.iter().map(of_order).collect(),
        },
        View {
            name: "figures",
            first: first_figures,
            pages: figures,
            answers: [of_figures].into(),
        },
    ])
}

fn look(path: &str, session: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\ncookie: {session}\r\n\r\n").into_bytes()
}

/// The paths of the API that a page says that it is made of, in lines for a shell.
fn calls(page: &str) -> Vec<String> {
    let told = page.split("$ORDERLOG_URL").skip(1);
    told.filter_map(|rest| rest.split_once("&quot;"))
        .map(|(path, _)| path.replace("&amp;", "&"))
        .collect()
}

/// A page that was not asked for before.
struct First {
    millis: f64,
    kilobytes: f64,
    body: Vec<u8>,
}

impl First {
    async fn of(console: &str, request: &[Vec<u8>]) -> anyhow::Result<Self> {
        let mut connection = Connection::open(console).await?;
        let request = request.first().context("no request")?;
        let began = Instant::now();
        let answer = connection.send(request).await?;
        let took = began.elapsed();
        ensure!(
            answer.status == 200,
            "a page was answered {}",
            answer.status
        );
        Ok(Self {
            millis: took.as_secs_f64() * 1e3,
            kilobytes: f64::from(u32::try_from(answer.body.len())?) / 1e3,
            body: answer.body,
        })
    }
}

/// How long each took, at a fixed rate.
async fn took(address: &str, asked: &Asked, time: Duration) -> anyhow::Result<Latencies> {
    let mut clients = Vec::new();
    for number in 0..OPEN {
        clients.push(Viewer {
            connection: Connection::open(address).await?,
            asked: Arc::clone(asked),
            place: number * asked.len() / OPEN,
        });
    }
    load::open(clients, Schedule::steady(RATE), time).await
}

/// Somebody who looks at one after the other.
struct Viewer {
    connection: Connection,
    asked: Asked,
    place: usize,
}

impl load::Client for Viewer {
    async fn next(&mut self, _: Instant) -> anyhow::Result<bool> {
        for request in &self.asked[self.place] {
            let answer = self.connection.send(request).await?;
            ensure!(answer.status == 200, "answered {}", answer.status);
        }
        self.place = (self.place + 1) % self.asked.len();
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_it_is_made_of() {
        let page = "<code>curl &quot;$ORDERLOG_URL/v1/a?b=1&amp;c=2&quot;</code>\
                    <code>curl &quot;$ORDERLOG_URL/v1/d&quot;</code>";
        assert_eq!(calls(page), ["/v1/a?b=1&c=2", "/v1/d"]);
        assert!(calls("nothing").is_empty());
    }

    #[test]
    fn what_is_more_than_it_may_be_misses_its_aim() {
        assert!(at_most(String::new(), "ms", 99.0, LONGEST).met);
        assert!(!at_most(String::new(), "ms", 101.0, LONGEST).met);
    }
}
