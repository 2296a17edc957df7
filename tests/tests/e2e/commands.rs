//! Commands over HTTP: what is accepted, what is refused and how, and that a
//! repeat changes nothing.

use anyhow::ensure;
use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Api, Role, TestEnv, answer, on_servers};

/// All tests of commands.
pub fn trials() -> Vec<Trial> {
    macro_rules! trials {
        ($($test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("commands::", stringify!($test)),
                async |env: &TestEnv| $test(env).await,
            )),+]
        };
    }
    trials![
        an_order_is_placed_and_told_as_it_is,
        a_repeat_gets_the_first_answer_again,
        one_external_id_is_one_order,
        an_import_is_repeatable_and_never_changes_an_order,
        cancelling_is_conditional_and_final,
        notes_are_added_under_their_own_ids,
        what_does_not_fit_the_shape_is_pointed_at,
        what_breaks_a_rule_is_named_with_its_figures,
        bodies_that_are_no_json_of_ours_are_refused,
        nobody_commands_without_a_key,
    ]
}

async fn command_api(env: &TestEnv) -> anyhow::Result<(Role, Api)> {
    env.orderlog_ok(&["migrate"]).await?;
    let mut role = env.role("command-api").spawn()?;
    role.ready().await?;
    let api = Api::new(env, &role).await?;
    Ok((role, api))
}

fn order() -> Value {
    json!({
        "platform": "web", "currency": "GBP",
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 3, "unit_price": "0.125"}],
    })
}

fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    match body.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.insert(name.to_owned(), value);
        }
        Some(Value::Array(items)) => items[name.parse::<usize>().expect("an index")] = value,
        _ => panic!("{pointer} leads nowhere"),
    }
    body
}

async fn an_order_is_placed_and_told_as_it_is(env: &TestEnv) -> anyhow::Result<()> {
    let (_role, api) = command_api(env).await?;
    let body = with(order(), "/shipping_address", json!({"country": "gb"}));
    let placed = api.post("/v1/orders", &body).await?.expect(201)?;
    let id = placed.json["order_id"].as_str().unwrap_or_default();
    ensure!(
        placed.header("etag") == "\"1-0\"",
        "{}",
        placed.header("etag")
    );
    ensure!(placed.header("location") == format!("/v1/orders/{id}"));
    ensure!(
        !placed.json["position"]
            .as_str()
            .unwrap_or_default()
            .is_empty()
    );
    ensure!(placed.json["status"] == "placed" && placed.json["payment_status"] == "none");
    ensure!(placed.json["country"] == "GB" && placed.json["version"] == 1);
    // 37.5 pence, half to even.
    ensure!(
        placed.json["totals"]["total"] == 38,
        "{}",
        placed.json["totals"]
    );
    ensure!(placed.json["lines"][0]["unit_price"] == "0.125");
    Ok(())
}

async fn a_repeat_gets_the_first_answer_again(env: &TestEnv) -> anyhow::Result<()> {
    let (role, api) = command_api(env).await?;
    let first = api
        .post_once("/v1/orders", "k1", &order())
        .await?
        .expect(201)?;
    let again = api
        .post_once("/v1/orders", "k1", &order())
        .await?
        .expect(201)?;
    ensure!(again.header("idempotent-replayed") == "true");
    ensure!(first.json == again.json, "{} / {}", first.json, again.json);
    let other = with(order(), "/currency", json!("EUR"));
    api.post_once("/v1/orders", "k1", &other)
        .await?
        .expect_problem(422, "idempotency_key_reused")?;
    // Another caller's key of the same text is another key.
    let stranger = Api::new(env, &role).await?;
    let theirs = stranger
        .post_once("/v1/orders", "k1", &order())
        .await?
        .expect(201)?;
    ensure!(theirs.json["order_id"] != first.json["order_id"]);
    Ok(())
}

async fn one_external_id_is_one_order(env: &TestEnv) -> anyhow::Result<()> {
    let (_role, api) = command_api(env).await?;
    let body = with(order(), "/external_id", json!("W-1"));
    let first = api
        .post_once("/v1/orders", "k1", &body)
        .await?
        .expect(201)?;
    let taken = api
        .post_once("/v1/orders", "k2", &body)
        .await?
        .expect_problem(409, "external_id_taken")?;
    ensure!(taken.json["order_id"] == first.json["order_id"]);
    let elsewhere = with(body, "/platform", json!("shop"));
    api.post_once("/v1/orders", "k3", &elsewhere)
        .await?
        .expect(201)?;
    Ok(())
}

async fn an_import_is_repeatable_and_never_changes_an_order(env: &TestEnv) -> anyhow::Result<()> {
    let (_role, api) = command_api(env).await?;
    let credit = json!({
        "platform": "old", "external_id": "C1", "kind": "credit", "currency": "GBP",
        "placed_at": "2010-12-01T08:26:00Z",
        "lines": [{"sku": "A", "name": "", "quantity": -2, "unit_price": "2.55"}],
    });
    let first = api.post("/v1/orders/import", &credit).await?.expect(201)?;
    ensure!(first.json["totals"]["total"] == -510 && first.json["payment_status"] == "none");
    ensure!(first.json["placed_at"] == "2010-12-01T08:26:00Z");
    let again = api.post("/v1/orders/import", &credit).await?.expect(200)?;
    ensure!(again.json == first.json);
    let differs = with(credit, "/lines/0/quantity", json!(-3));
    api.post("/v1/orders/import", &differs)
        .await?
        .expect_problem(409, "import_differs")?;
    Ok(())
}

async fn cancelling_is_conditional_and_final(env: &TestEnv) -> anyhow::Result<()> {
    let (_role, api) = command_api(env).await?;
    let placed = api.post("/v1/orders", &order()).await?.expect(201)?;
    let path = format!("{}/cancel", placed.header("location"));
    let cancel = |etag: &'static str| {
        let request = api
            .request(Method::POST, &path)
            .json(&json!({"reason": "twice"}));
        answer(request.header("If-Match", etag))
    };
    cancel("\"2-0\"")
        .await?
        .expect_problem(412, "precondition_failed")?;
    let cancelled = cancel("\"1-0-gz\"").await?.expect(200)?;
    ensure!(cancelled.json["status"] == "cancelled" && cancelled.json["totals"]["total"] == 0);
    ensure!(cancelled.json["cancellation"]["reason"] == "twice");
    ensure!(cancelled.json["lines"][0]["cancelled_quantity"] == 3);
    let again = api.post(&path, &json!({"reason": "twice"})).await?;
    let again = again.expect(200)?;
    ensure!(again.json["version"] == 2, "a second event: {}", again.json);
    Ok(())
}

async fn notes_are_added_under_their_own_ids(env: &TestEnv) -> anyhow::Result<()> {
    let (_role, api) = command_api(env).await?;
    let placed = api.post("/v1/orders", &order()).await?.expect(201)?;
    let path = format!("{}/notes", placed.header("location"));
    for id in ["n1", "n2"] {
        let noted = api
            .post(&path, &json!({"text": "call back"}))
            .await?
            .expect(200)?;
        ensure!(noted.json["note_id"] == id, "{}", noted.json);
    }
    // An order has one path, by which repeats are recognised.
    let upper = placed.json["order_id"]
        .as_str()
        .unwrap_or_default()
        .to_uppercase();
    for unknown in ["01990000-0000-7000-8000-000000000000", "17", &upper] {
        api.post(
            &format!("/v1/orders/{unknown}/notes"),
            &json!({"text": "x"}),
        )
        .await?
        .expect_problem(404, "order_not_found")?;
    }
    Ok(())
}

async fn what_does_not_fit_the_shape_is_pointed_at(env: &TestEnv) -> anyhow::Result<()> {
    let (_role, api) = command_api(env).await?;
    let mut missing = order();
    missing["lines"][0]
        .as_object_mut()
        .expect("a line")
        .remove("sku");
    for (body, pointer) in [
        (with(order(), "/colour", json!("red")), "/colour"),
        (
            with(order(), "/lines/0/colour", json!("red")),
            "/lines/0/colour",
        ),
        (missing, "/lines/0/sku"),
        (
            with(order(), "/lines/0/quantity", json!("3")),
            "/lines/0/quantity",
        ),
        (
            with(order(), "/lines/0/quantity", json!(1.5)),
            "/lines/0/quantity",
        ),
        (
            with(order(), "/lines/0/quantity", json!(1e30)),
            "/lines/0/quantity",
        ),
        (
            with(order(), "/lines/0/unit_price", json!(1.5)),
            "/lines/0/unit_price",
        ),
        (
            with(order(), "/lines/0/unit_price", json!("1,5")),
            "/lines/0/unit_price",
        ),
        (with(order(), "/lines/0/sku", json!("")), "/lines/0/sku"),
        (
            with(order(), "/lines/0/name", json!("a\u{7}b")),
            "/lines/0/name",
        ),
        (
            with(order(), "/lines/0/name", json!("x".repeat(2_001))),
            "/lines/0/name",
        ),
        (with(order(), "/currency", json!("XXX")), "/currency"),
        (with(order(), "/platform", json!("Web Shop")), "/platform"),
        (
            with(order(), "/placed_at", json!("0000-01-01T00:00:00+01:00")),
            "/placed_at",
        ),
        (
            with(order(), "/placed_at", json!("yesterday")),
            "/placed_at",
        ),
        (
            with(order(), "/shipping_address", json!({"country": "Germany"})),
            "/shipping_address/country",
        ),
        (with(order(), "/lines", json!("none")), "/lines"),
    ] {
        let refused = api.post("/v1/orders", &body).await?;
        let refused = refused.expect_problem(400, "invalid_body")?;
        ensure!(
            refused.json["errors"][0]["pointer"] == pointer,
            "{pointer}: {}",
            refused.json
        );
    }
    nothing_is_stored(env).await
}

async fn what_breaks_a_rule_is_named_with_its_figures(env: &TestEnv) -> anyhow::Result<()> {
    let (_role, api) = command_api(env).await?;
    let huge = json!("999999999999999");
    let overflow = with(order(), "/lines/0/unit_price", huge);
    for (body, code, pointer) in [
        (with(order(), "/lines", json!([])), "no_lines", "/lines"),
        (
            with(order(), "/lines/0/quantity", json!(0)),
            "quantity_out_of_range",
            "/lines/0/quantity",
        ),
        (
            with(order(), "/lines/0/quantity", json!(-1)),
            "quantity_out_of_range",
            "/lines/0/quantity",
        ),
        (
            with(order(), "/lines/0/unit_price", json!(-1)),
            "negative_price",
            "/lines/0/unit_price",
        ),
        (
            with(order(), "/lines/0/discount", json!(39)),
            "discount_out_of_range",
            "/lines/0/discount",
        ),
        (
            with(order(), "/lines/0/tax", json!(-1)),
            "tax_out_of_range",
            "/lines/0/tax",
        ),
        (
            with(overflow, "/lines/0/quantity", json!(1_000_000_000)),
            "amount_overflow",
            "/lines/0",
        ),
    ] {
        let refused = api
            .post("/v1/orders", &body)
            .await?
            .expect_problem(422, code)?;
        ensure!(
            refused.json["errors"][0]["pointer"] == pointer,
            "{}",
            refused.json
        );
    }
    nothing_is_stored(env).await
}

async fn bodies_that_are_no_json_of_ours_are_refused(env: &TestEnv) -> anyhow::Result<()> {
    let (_role, api) = command_api(env).await?;
    let send = |body: Vec<u8>, media_type: &'static str| {
        let request = api.request(Method::POST, "/v1/orders").body(body);
        answer(request.header("content-type", media_type))
    };
    let json = "application/json";
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    for body in [b"{".to_vec(), vec![0xff, 0xfe], deep] {
        send(body, json)
            .await?
            .expect_problem(400, "invalid_json")?;
    }
    let twice = br#"{"platform":"a","platform":"b","currency":"GBP","lines":[]}"#.to_vec();
    let twice = send(twice, json).await?.expect(400)?;
    ensure!(twice.json["code"] == "invalid_json" || twice.json["code"] == "invalid_body");
    send(vec![b' '; 300 * 1024], json)
        .await?
        .expect_problem(413, "body_too_large")?;
    send(order().to_string().into_bytes(), "text/plain")
        .await?
        .expect_problem(415, "unsupported_media_type")?;
    nothing_is_stored(env).await
}

async fn nobody_commands_without_a_key(env: &TestEnv) -> anyhow::Result<()> {
    let (role, api) = command_api(env).await?;
    let client = reqwest::Client::new();
    for path in [
        "/v1/orders",
        "/v1/orders/import",
        "/v1/orders/x/cancel",
        "/v1/orders/x/notes",
    ] {
        let url = format!("{}{path}", role.url());
        let bare = client.post(&url).json(&order());
        let bare = answer(bare).await?.expect_problem(401, "unauthorized")?;
        ensure!(!bare.header("www-authenticate").is_empty());
        let wrong = client
            .post(&url)
            .json(&order())
            .bearer_auth(format!("{}x", api.key()));
        answer(wrong).await?.expect_problem(401, "unauthorized")?;
    }
    nothing_is_stored(env).await
}

async fn nothing_is_stored(env: &TestEnv) -> anyhow::Result<()> {
    let pool = infra::postgres::pool(&env.config.events_url, 1)?;
    let events: i64 = sqlx::query_scalar("SELECT count(*) FROM events")
        .fetch_one(&pool)
        .await?;
    ensure!(events == 0, "{events} events are stored");
    Ok(())
}
