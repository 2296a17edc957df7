//! A small stand-in for the bulk route, for tests of the client alone: it
//! checks bodies as strictly as the real one and can be told to misbehave.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

/// What the tests look at and set.
#[derive(Default)]
pub struct State {
    /// Accepted bodies by external id.
    pub orders: HashMap<String, Value>,
    /// Idempotency keys as they came.
    pub keys: Vec<String>,
    /// Answers to give before behaving: status and `Retry-After`.
    pub trouble: VecDeque<(u16, Option<&'static str>)>,
    /// Lines to refuse for now before behaving.
    pub troubled_lines: usize,
    /// Whether a repeat is answered as a replay (201) instead of 200.
    pub replays: bool,
    /// How long each answer takes.
    pub delay: Duration,
    /// Most requests seen at once, and those seen now.
    pub most_at_once: usize,
    at_once: usize,
}

/// The server, ended when dropped.
pub struct ScriptedServer {
    pub url: String,
    pub state: Arc<Mutex<State>>,
    handle: ServerHandle,
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

#[expect(dead_code, reason = "read to be checked")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    platform: String,
    external_id: String,
    kind: String,
    currency: String,
    customer: Option<Customer>,
    lines: Vec<Line>,
    shipping_address: Address,
    placed_at: String,
}

#[expect(dead_code, reason = "read to be checked")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Customer {
    id: String,
}

#[expect(dead_code, reason = "read to be checked")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    sku: String,
    name: String,
    quantity: i64,
    unit_price: Value,
}

#[expect(dead_code, reason = "read to be checked")]
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    country: String,
}

pub fn start() -> ScriptedServer {
    let state = Arc::new(Mutex::new(State::default()));
    let data = web::Data::from(state.clone());
    let app = move || {
        App::new()
            .app_data(data.clone())
            .route("/v1/bulk", web::post().to(bulk))
    };
    let server = HttpServer::new(app)
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .expect("a free port");
    let url = format!("http://{}", server.addrs()[0]);
    let server = server.run();
    let handle = server.handle();
    tokio::spawn(server);
    ScriptedServer { url, state, handle }
}

/// A line that imports an order.
#[derive(Deserialize)]
struct BulkLine {
    op: String,
    key: String,
    body: Value,
}

async fn bulk(
    request: HttpRequest,
    body: web::Bytes,
    data: web::Data<Mutex<State>>,
) -> HttpResponse {
    let (delay, trouble) = {
        let mut state = data.lock().expect("not poisoned");
        state.at_once += 1;
        state.most_at_once = state.most_at_once.max(state.at_once);
        (state.delay, state.trouble.pop_front())
    };
    tokio::time::sleep(delay).await;
    let mut state = data.lock().expect("not poisoned");
    state.at_once -= 1;
    if let Some((status, retry_after)) = trouble {
        let status = status.try_into().expect("a status");
        let mut response = HttpResponse::build(status);
        if let Some(value) = retry_after {
            response.insert_header(("retry-after", value));
        }
        return response.json(json!({"title": "Trouble", "code": "trouble"}));
    }
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    if header("authorization") != Some("Bearer secret") {
        return HttpResponse::Unauthorized().json(json!({"code": "unauthenticated"}));
    }
    assert_eq!(header("content-type"), Some("application/x-ndjson"));
    let lines = body.split_inclusive(|byte| *byte == b'\n');
    let results = lines.zip(1..).map(|(line, number)| {
        let line: BulkLine = serde_json::from_slice(line).expect("a line");
        assert_eq!(line.op, "import_order");
        state.keys.push(line.key);
        let mut result = answer(&mut state, line.body);
        result["line"] = number.into();
        format!("{result}\n")
    });
    let results: String = results.collect();
    HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .body(format!("{results}{{\"trailer\": {{}}}}\n"))
}

fn answer(state: &mut State, value: Value) -> Value {
    let Ok(order) = serde_json::from_value::<Body>(value.clone()) else {
        return problem(400, "invalid_body");
    };
    if state.troubled_lines > 0 {
        state.troubled_lines -= 1;
        return problem(503, "unavailable");
    }
    let none_positive = order.lines.iter().all(|l| l.quantity <= 0);
    if order.kind == "order" && none_positive {
        return problem(422, "no_positive_quantity");
    }
    match state.orders.get(&order.external_id) {
        None => {
            state.orders.insert(order.external_id, value);
            json!({"status": 201, "replayed": false})
        }
        Some(there) if *there != value => problem(409, "external_id_taken"),
        Some(_) if state.replays => json!({"status": 201, "replayed": true}),
        Some(_) => json!({"status": 200, "replayed": false}),
    }
}

fn problem(status: u16, code: &str) -> Value {
    let problem = json!({"title": "Refused", "detail": "as told", "code": code});
    json!({"status": status, "problem": problem})
}
