//! APIs and consoles that take a request and die of it: what is sent to the next one, and what
//! the client is told.

use super::nginx::{Front, fixed_upstreams, nginx};
use anyhow::{Context as _, Result, ensure};
use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::json;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tests::{Answer, Api, alone, answer};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

pub fn trials() -> Vec<Trial> {
    vec![alone(
        "front::unanswered::only_what_may_happen_twice_is_sent_twice",
        only_what_may_happen_twice_is_sent_twice,
    )]
}

/// Two servers, each of which reads a request to its end and hangs up.
struct Dying {
    urls: [String; 2],
    taken: Arc<AtomicUsize>,
    tasks: [JoinHandle<()>; 2],
}

impl Dying {
    async fn start() -> io::Result<Self> {
        let taken = Arc::<AtomicUsize>::default();
        let (mut urls, mut tasks) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            urls.push(format!("http://{}", listener.local_addr()?));
            let taken = Arc::clone(&taken);
            tasks.push(tokio::spawn(async move {
                while let Ok((connection, _)) = listener.accept().await {
                    if take(connection).await.is_ok() {
                        taken.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }));
        }
        let two = || io::Error::other("two");
        Ok(Self {
            urls: urls.try_into().map_err(|_| two())?,
            taken,
            tasks: tasks.try_into().map_err(|_| two())?,
        })
    }

    /// How many requests came since it was asked last.
    fn taken(&self) -> usize {
        self.taken.swap(0, Ordering::Relaxed)
    }

    /// From now on nobody listens there.
    async fn end(self) {
        for task in self.tasks {
            task.abort();
            let _ = task.await;
        }
    }
}

/// Reads a request; nginx says how long its body is.
async fn take(mut connection: TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    loop {
        if connection.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let length = length.and_then(|length| length.trim().parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return Ok(());
        }
    }
}

/// Requests, whether each has a key, and how often it may be sent.
fn requests() -> Vec<(Method, &'static str, bool, usize)> {
    let commands = [
        (Method::POST, "/v1/orders"),
        (Method::POST, "/v1/orders/1/cancel"),
        (Method::PATCH, "/v1/platforms/web"),
        (Method::PUT, "/v1/orders/1/customer"),
        (Method::DELETE, "/v1/platforms/web"),
    ];
    let keyless = commands
        .clone()
        .map(|(method, path)| (method, path, false, 1));
    let keyed = commands.map(|(method, path)| (method, path, true, 2));
    let others = [
        // The outcome of each line is in an answer that has no second half.
        (Method::POST, "/v1/bulk", false, 1),
        (Method::POST, "/v1/bulk", true, 1),
        (Method::GET, "/v1/orders", false, 2),
        (Method::HEAD, "/v1/orders", false, 2),
        (Method::GET, "/v1/orders.ndjson", false, 2),
        (Method::GET, "/v1/events/stream", false, 2),
        (Method::POST, "/v1/orders/lookup", false, 2),
        (Method::POST, "/v1/shipping/quotes", false, 2),
        // A form has no key that an instance could know it by.
        (Method::GET, "/console/orders", false, 2),
        (Method::GET, "/console/orders/changes", false, 2),
        (Method::POST, "/console/orders/1/capture", false, 1),
        (Method::POST, "/console/operations", false, 1),
    ];
    keyless.into_iter().chain(keyed).chain(others).collect()
}

async fn only_what_may_happen_twice_is_sent_twice() -> Result<()> {
    let Some(nginx) = nginx().await? else {
        return Ok(());
    };
    let apis = Dying::start().await?;
    let urls = apis.urls.each_ref().map(String::as_str);
    let front = Front::before(nginx, &fixed_upstreams(&urls, &urls, &urls)).await?;
    let api = Api::with_key(&front.url, "key");
    let ask = async |method: &Method, path: &str, key: bool| {
        let mut request = api.request(method.clone(), path);
        if key {
            request = request.header("Idempotency-Key", "k");
        }
        if ![Method::GET, Method::HEAD].contains(method) {
            request = request.json(&json!({}));
        }
        let answer = answer(request).await;
        answer.with_context(|| format!("{method} {path}: {}", front.errors()))
    };
    for (method, path, key, times) in requests() {
        let what = format!("{method} {path}, key: {key}");
        let told = ask(&method, path, key).await?;
        let taken = apis.taken();
        ensure!(taken == times, "{what}: sent {taken} times");
        let status = if times == 1 { 502 } else { 503 };
        ensure!(told.status == status, "{what}: {}", told.status);
        if path.starts_with("/console") {
            is_page(&told).context(what)?;
            continue;
        }
        let code = if times == 1 {
            "outcome_unknown"
        } else {
            "unavailable"
        };
        ensure!(
            method == Method::HEAD || told.json["code"] == code,
            "{what}: {}",
            told.json
        );
        let again = told.header("retry-after") == "1";
        ensure!(again == (times == 2), "{what}: {:?}", told.headers);
    }
    // Where nothing listens nothing is sent, so all of it may be sent again.
    apis.end().await;
    for (method, path, key, _) in requests() {
        let told = ask(&method, path, key).await?;
        let seconds = if path.starts_with("/console") {
            is_page(&told)?;
            "5"
        } else {
            "1"
        };
        let again = told.status == 503 && told.header("retry-after") == seconds;
        ensure!(
            again,
            "{method} {path}, key: {key}: {} {}",
            told.status,
            told.json
        );
    }
    Ok(())
}

/// People are told by a page, in which nothing can be run.
fn is_page(told: &Answer) -> Result<()> {
    let kind = told.header("content-type");
    ensure!(kind == "text/html; charset=utf-8", "{kind}");
    let policy = told.header("content-security-policy");
    ensure!(policy == "default-src 'none'", "{policy}");
    Ok(())
}
