//! `/v1/orders/{id}/*.pdf`: documents that are made of the log.

use anyhow::{Context as _, ensure};
use infra::{config::Config, platforms::Platforms, postgres::pool};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use std::{collections::HashSet, time::Duration};
use tests::{Api, Role, TestEnv, answer, wait_until_within};
use uuid::Uuid;

super::suite![
    an_invoice_is_there_once_it_was_issued,
    an_invoice_of_1_114_lines_says_what_its_order_says,
    an_invoice_keeps_its_lines_and_tells_what_was_paid,
    a_credit_note_for_each_event_by_which_an_order_costs_less,
    a_packing_slip_of_a_parcel_or_of_all,
    many_who_ask_at_once_have_it_drawn_once,
    what_was_erased_is_in_no_document,
    a_seller_that_cannot_be_printed_ends_the_role_with_its_name,
    an_invoice_bears_the_seller_that_was_saved_when_it_got_its_number,
];

pub struct Scene {
    pub commands: Api,
    pub queries: Api,
    roles: [Role; 2],
}

pub struct Pdf {
    headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Pdf {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Its text, without spaces.
    fn text(&self) -> anyhow::Result<String> {
        Ok(self.pages()?.concat())
    }

    /// The same, page by page.
    fn pages(&self) -> anyhow::Result<Vec<String>> {
        let pages = pdf_text::pages(&self.bytes)?;
        Ok(pages.iter().map(|page| plain(page)).collect())
    }

    fn says(&self, told: &[&str]) -> anyhow::Result<()> {
        let text = self.text()?;
        for told in told {
            ensure!(text.contains(&plain(told)), "{told} is not in {text}");
        }
        Ok(())
    }
}

/// Without what a reader of a PDF cannot know: where one text ends.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Without a projector: documents are of the log.
impl Scene {
    pub async fn start(env: &TestEnv) -> anyhow::Result<Self> {
        env.orderlog_ok(&["migrate"]).await?;
        let platforms = platforms(&json!({
            "name": "Lumen & Sons Ltd", "address": ["12 Mill Lane", "Bristol BS1 4RB"],
            "vat_id": "GB 123 4567 89", "tax_rates": ["20", "5", "0"],
        }))?;
        let mut roles = [
            env.role("command-api").spawn()?,
            env.role("read-api")
                .config(|config| config.platforms = platforms)
                .spawn()?,
        ];
        for role in &mut roles {
            role.ready().await?;
        }
        let commands = Api::new(env, &roles[0]).await?;
        Ok(Self {
            queries: commands.at(&roles[1]),
            commands,
            roles,
        })
    }

    async fn placed(&self) -> anyhow::Result<String> {
        let placed = self.commands.post("/v1/orders", &order()).await?;
        Ok(placed.expect(201)?.header("location").to_owned())
    }

    pub async fn done(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        let done = self.commands.post(path, &body).await?;
        let status = done.status;
        ensure!(status.is_success(), "{path}: {status} {}", done.json);
        Ok(done.json)
    }

    pub async fn pdf(&self, path: &str) -> anyhow::Result<Pdf> {
        let response = self.queries.request(Method::GET, path).send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await?.to_vec();
        ensure!(
            status == StatusCode::OK,
            "{path}: {status} {}",
            String::from_utf8_lossy(&bytes)
        );
        Ok(Pdf { headers, bytes })
    }

    async fn refused(&self, path: &str, (status, code): (u16, &str)) -> anyhow::Result<Value> {
        let refused = self.queries.get(path).await?;
        let refused = refused.expect_problem(status, code);
        Ok(refused.with_context(|| path.to_owned())?.json)
    }

    async fn drawn(&self) -> anyhow::Result<String> {
        let [_, queries] = &self.roles;
        let metrics = reqwest::get(format!("{}/metrics", queries.url())).await?;
        let metrics = metrics.text().await?;
        let mut lines = metrics.lines();
        let line = lines.find(|line| line.starts_with("orderlog_document_seconds_count"));
        let count = line.and_then(|line| line.split_whitespace().last());
        Ok(count.unwrap_or("0").to_owned())
    }
}

fn platforms(seller: &Value) -> anyhow::Result<Platforms> {
    let platforms = json!({"web": {"seller": seller}, "pos": {}});
    Ok(serde_json::from_value(platforms)?)
}

/// Total: 3 × 12.50 + 125.00 − 5.00 + 3.99 + tax of 7.50, 24.00 and 0.80.
fn order() -> Value {
    json!({
        "platform": "web", "currency": "GBP",
        "customer": {"id": "c-1", "name": "Żaneta Świętochłowska", "email": "z@example.com"},
        "lines": [
            {"sku": "LAMP", "name": "Lamp", "quantity": 3, "unit_price": 1_250, "tax": 750},
            {"sku": "DESK", "name": "Desk", "quantity": 1, "unit_price": 12_500, "discount": 500, "tax": 2_400},
        ],
        "shipping": {"method": "std", "name": "Standard", "amount": 399, "tax": 80},
        "billing_address": {"name": "Żaneta Świętochłowska", "line1": "ul. Długa 7", "city": "Łódź", "country": "PL"},
    })
}

/// So many lines, each of which is another one.
pub fn holders(lines: i64) -> Vec<Value> {
    let line = |n: i64| {
        let (quantity, price) = (1 + n % 9, 5 + n * 15);
        json!({
            "sku": format!("SKU-{n:04}"), "name": format!("Holder {n}"), "quantity": quantity,
            "unit_price": price, "tax": quantity * price / 5,
        })
    };
    (1..=lines).map(line).collect()
}

async fn an_invoice_is_there_once_it_was_issued(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let nobody = format!("/v1/orders/{}/invoice.pdf", Uuid::from_u128(7));
    scene.refused(&nobody, (404, "order_not_found")).await?;
    let path = scene.placed().await?;
    let invoice = format!("{path}/invoice.pdf");
    scene.refused(&invoice, (404, "invoice_not_issued")).await?;

    let issued = scene.done(&format!("{path}/invoice"), json!({})).await?;
    ensure!(issued["totals"]["total"] == 19_379, "{issued}");
    let pdf = scene.pdf(&invoice).await?;
    ensure!(pdf.header("content-type") == "application/pdf");
    ensure!(pdf.header("content-disposition") == "inline; filename=\"invoice-web-1.pdf\"");
    ensure!(pdf.header("cache-control") == "private, no-cache");
    pdf.says(&[
        "web-1",
        "Lumen & Sons Ltd",
        "GB 123 4567 89",
        "Żaneta Świętochłowska",
        "ul. Długa 7",
        "LAMP",
        "37.50",
        "-5.00",
        "120.00",
        "£193.79",
        "20%",
        "32.30",
        "Page 1 / 1",
    ])?;

    let etag = pdf.header("etag").to_owned();
    let again = scene.queries.request(Method::GET, &invoice);
    let again = answer(again.header("If-None-Match", &etag))
        .await?
        .expect(304)?;
    ensure!(again.header("etag") == etag);
    // It is packed already, and refused to those who take it in no way.
    let coded = scene.queries.request(Method::GET, &invoice);
    let coded = coded.header("Accept-Encoding", "gzip").send().await?;
    ensure!(coded.headers().get("content-encoding").is_none());
    let nothing = scene.queries.request(Method::GET, &invoice);
    let nothing = nothing.header("Accept-Encoding", "identity;q=0, *;q=0");
    answer(nothing)
        .await?
        .expect_problem(406, "coding_not_acceptable")?;
    let head = scene.queries.request(Method::HEAD, &invoice).send().await?;
    let length = head.headers().get("content-length").context("a length")?;
    ensure!(length.to_str()? == pdf.bytes.len().to_string());
    ensure!(head.bytes().await?.is_empty());

    scene
        .refused(&format!("{invoice}?version=1"), (404, "invoice_not_issued"))
        .await?;
    scene
        .refused(&format!("{invoice}?version=9"), (404, "version_not_found"))
        .await?;
    scene
        .refused(
            &format!("{invoice}?min_version=2"),
            (400, "unknown_parameter"),
        )
        .await?;
    let mut elsewhere = order();
    elsewhere["platform"] = json!("pos");
    let elsewhere = scene
        .commands
        .post("/v1/orders", &elsewhere)
        .await?
        .expect(201)?;
    let elsewhere = elsewhere.header("location").to_owned();
    scene
        .done(&format!("{elsewhere}/invoice"), json!({}))
        .await?;
    scene
        .refused(&format!("{elsewhere}/invoice.pdf"), (409, "no_seller"))
        .await?;
    Ok(())
}

/// As long as the longest invoice of a year of a real shop.
async fn an_invoice_of_1_114_lines_says_what_its_order_says(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let order = json!({"platform": "web", "currency": "GBP", "lines": holders(1_114)});
    let placed = scene.commands.post("/v1/orders", &order).await?;
    let path = placed.expect(201)?.header("location").to_owned();
    let issued = scene.done(&format!("{path}/invoice"), json!({})).await?;
    let pdf = scene.pdf(&format!("{path}/invoice.pdf")).await?;
    let pages = pdf.pages()?;

    // What the order says, folded by the domain's rules: each line in one piece.
    let order = scene.queries.get(&format!("{path}?version=2")).await?;
    let order = order.expect(200)?.json;
    let lines = order["lines"].as_array().context("lines")?;
    ensure!(lines.len() == 1_114);
    let mut told = pages.iter().map(String::as_str);
    let mut page = told.next().context("a page")?;
    for (position, line) in (1..).zip(lines) {
        let text = |member: &str| line[member].as_str().unwrap_or_default().to_owned();
        let amount = |member: &str| line[member].as_i64().map(pounds).unwrap_or_default();
        let row = format!(
            "{position}{}{}{}20%{}{}",
            text("name"),
            line["quantity"],
            amount("unit_price"),
            amount("amount"),
            text("sku"),
        );
        let row = plain(&row);
        // In the order of the lines, on one page or the next.
        if !page.contains(&row) {
            page = told.next().context("a page")?;
        }
        let at = page
            .find(&row)
            .with_context(|| format!("{row} is not in {page}"))?;
        page = &page[at + row.len()..];
    }
    let count = pages.len();
    for (number, page) in (1..).zip(&pages) {
        ensure!(page.contains(&format!("Page{number}/{count}")), "{page}");
        let has_lines = page.contains("SKU-");
        ensure!(
            !has_lines || page.contains("#ItemQuantityUnitpriceTaxAmount(GBP)"),
            "{page}"
        );
    }
    for (label, member) in [("Items", "items"), ("Tax", "tax"), ("Total", "total")] {
        let sum = issued["totals"][member].as_i64().context("a sum")?;
        let sign = if member == "total" { "£" } else { "" };
        pdf.says(&[&format!("{label} {sign}{}", pounds(sum))])?;
    }
    ensure!(pdf.bytes.len() < 400_000, "{} bytes", pdf.bytes.len());
    Ok(())
}

/// `1,234.50`, of pennies.
pub fn pounds(minor: i64) -> String {
    let (mut whole, mut groups) = (minor / 100, Vec::new());
    while whole >= 1_000 {
        groups.insert(0, format!("{:03}", whole % 1_000));
        whole /= 1_000;
    }
    groups.insert(0, whole.to_string());
    format!("{}.{:02}", groups.join(","), minor % 100)
}

async fn an_invoice_keeps_its_lines_and_tells_what_was_paid(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let path = scene.placed().await?;
    let issued = scene.done(&format!("{path}/invoice"), json!({})).await?;
    let version = issued["version"].as_i64().context("a version")?;
    let invoice = format!("{path}/invoice.pdf");
    let first = scene.pdf(&invoice).await?;
    first.says(&["Balance due £193.79"])?;

    scene
        .done(
            &format!("{path}/payments"),
            json!({"amount": 19_379, "provider": "bank"}),
        )
        .await?;
    scene
        .done(
            &format!("{path}/payments/p1/capture"),
            json!({"amount": 19_379}),
        )
        .await?;
    let paid = scene.pdf(&invoice).await?;
    paid.says(&["Paid -193.79", "Paid in full £0.00"])?;
    ensure!(paid.header("etag") != first.header("etag"));
    let cancel = json!({"reason": "too many", "lines": [{"line": "l1", "quantity": 1}]});
    scene.done(&format!("{path}/cancel"), cancel).await?;
    let cancelled = scene.pdf(&invoice).await?;
    cancelled.says(&[
        "37.50",
        "£193.79",
        "Changes after the invoice -15.00",
        "Owed to you -£15.00",
    ])?;

    // What was told of a version is told of it for ever.
    let then = scene.pdf(&format!("{invoice}?version={version}")).await?;
    ensure!(then.bytes == first.bytes && then.header("etag") == first.header("etag"));
    Ok(())
}

async fn a_credit_note_for_each_event_by_which_an_order_costs_less(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let path = scene.placed().await?;
    let note = format!("{path}/credit_note.pdf");
    scene
        .refused(&format!("{note}?number=1"), (404, "invoice_not_issued"))
        .await?;
    scene.done(&format!("{path}/invoice"), json!({})).await?;
    let missing = scene
        .refused(&format!("{note}?number=1"), (404, "credit_note_not_found"))
        .await?;
    ensure!(missing["newest"] == 0, "{missing}");
    for wrong in ["", "?number=0", "?number=one"] {
        scene
            .refused(&format!("{note}{wrong}"), (400, "invalid_parameter"))
            .await?;
    }

    scene
        .done(
            &format!("{path}/payments"),
            json!({"amount": 19_379, "provider": "bank"}),
        )
        .await?;
    scene
        .done(
            &format!("{path}/payments/p1/capture"),
            json!({"amount": 19_379}),
        )
        .await?;
    let cancel = json!({"reason": "too many", "lines": [{"line": "l1", "quantity": 1}]});
    scene.done(&format!("{path}/cancel"), cancel).await?;
    // Only money: no credit note.
    let back = json!({"payment_id": "p1", "amount": 1_500, "purpose": "cancellation", "reason": "too many"});
    scene.done(&format!("{path}/refunds"), back).await?;
    let goodwill = json!({"payment_id": "p1", "amount": 600, "reason": "a scratch"});
    scene.done(&format!("{path}/refunds"), goodwill).await?;

    let first = scene.pdf(&format!("{note}?number=1")).await?;
    first.says(&[
        "Credit note",
        "web-1-C1",
        "For invoice web-1",
        "Lamp",
        "Total credited £15.00",
        "of which tax 2.50",
    ])?;
    ensure!(first.header("content-disposition") == "inline; filename=\"credit-note-web-1-C1.pdf\"");
    let second = scene.pdf(&format!("{note}?number=2")).await?;
    second.says(&[
        "web-1-C2",
        "Goodwill",
        "a scratch",
        "£6.00",
        "of which tax 1.00",
    ])?;
    let missing = scene
        .refused(&format!("{note}?number=3"), (404, "credit_note_not_found"))
        .await?;
    ensure!(missing["newest"] == 2, "{missing}");
    let again = scene.pdf(&format!("{note}?number=1")).await?;
    ensure!(again.bytes == first.bytes, "one never changes");
    Ok(())
}

async fn a_packing_slip_of_a_parcel_or_of_all(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let path = scene.placed().await?;
    let slip = format!("{path}/packing_slip.pdf");
    let all = scene.pdf(&slip).await?;
    all.says(&["Packing slip", "Ship to", "Lamp", "Desk"])?;
    ensure!(
        !all.text()?.contains("12.50"),
        "prices are nobody's business"
    );
    scene
        .refused(
            &format!("{slip}?fulfillment=f1"),
            (404, "fulfillment_not_found"),
        )
        .await?;
    let parcel = json!({"lines": [{"line": "l1", "quantity": 2}]});
    scene.done(&format!("{path}/fulfillments"), parcel).await?;
    let parcel = scene.pdf(&format!("{slip}?fulfillment=f1")).await?;
    parcel.says(&["In this parcel", "Lamp"])?;
    ensure!(!parcel.text()?.contains("Desk"));
    scene
        .done(
            &format!("{path}/fulfillments/f1/cancel"),
            json!({"reason": "broken"}),
        )
        .await?;
    scene
        .refused(&format!("{slip}?fulfillment=f1"), (409, "nothing_to_pack"))
        .await?;
    let draft = json!({"platform": "web", "currency": "GBP"});
    let draft = scene
        .commands
        .post("/v1/drafts", &draft)
        .await?
        .expect(201)?;
    let id = draft.json["order_id"].as_str().context("an id")?;
    scene
        .refused(
            &format!("/v1/orders/{id}/packing_slip.pdf"),
            (409, "nothing_to_pack"),
        )
        .await?;
    Ok(())
}

async fn many_who_ask_at_once_have_it_drawn_once(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let path = scene.placed().await?;
    scene.done(&format!("{path}/invoice"), json!({})).await?;
    let invoice = format!("{path}/invoice.pdf");
    let all = (0..24).map(|_| scene.pdf(&invoice));
    let all = futures_util::future::try_join_all(all).await?;
    let bytes: HashSet<_> = all.into_iter().map(|pdf| pdf.bytes).collect();
    ensure!(bytes.len() == 1);
    // Redis has it now, and whoever comes later.
    scene.pdf(&invoice).await?;
    let drawn = scene.drawn().await?;
    ensure!(drawn == "1", "drawn {drawn} times");
    env.orderlog_ok(&["cache", "purge", "--family", "documents"])
        .await?;
    let again = scene.pdf(&invoice).await?;
    ensure!(bytes.contains(&again.bytes), "made anew, it is the same");
    Ok(())
}

async fn what_was_erased_is_in_no_document(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let path = scene.placed().await?;
    scene.done(&format!("{path}/invoice"), json!({})).await?;
    let invoice = format!("{path}/invoice.pdf");
    let before = scene.pdf(&invoice).await?;
    before.says(&["ul. Długa 7"])?;
    let ops = pool(&env.config.ops_url, 1)?;
    sqlx::query("DELETE FROM subject_keys")
        .execute(&ops)
        .await?;
    // Five seconds, and a busy machine.
    let patience = Duration::from_secs(10);
    wait_until_within(patience, "the address to be forgotten", async || {
        let now = scene.pdf(&invoice).await?;
        let text = now.text()?;
        let erased = !text.contains("Długa") && !text.contains("Żaneta");
        ensure!(!erased || now.header("etag") != before.header("etag"));
        Ok(erased.then_some(()))
    })
    .await?;
    let text = scene.pdf(&invoice).await?.text()?;
    ensure!(text.contains("£193.79"), "figures are nobody's: {text}");
    ensure!(text.contains("[erased]"), "where the bill went: {text}");
    Ok(())
}

async fn a_seller_that_cannot_be_printed_ends_the_role_with_its_name(
    env: &TestEnv,
) -> anyhow::Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let seller = json!({"name": "Lumen", "address": ["Bristol"], "logo": "/nowhere/logo.png"});
    let platforms = platforms(&seller)?;
    let change = |config: &mut Config| config.platforms = platforms;
    let role = env.role("read-api").config(change).spawn()?;
    let log = role.log_path();
    ensure!(!role.ended().await?.success());
    let log = std::fs::read_to_string(log)?;
    ensure!(
        log.contains("platforms.web.seller.logo cannot be used")
            && log.contains("/nowhere/logo.png"),
        "{log}"
    );
    Ok(())
}

/// Whoever sells by now is on packing slips; what cannot be printed is told.
async fn an_invoice_bears_the_seller_that_was_saved_when_it_got_its_number(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let save = async |seller: Value| {
        let body = json!({"client_prices": "accepted", "seller": seller});
        let request = scene.commands.request(Method::PUT, "/v1/platforms/web");
        let saved = answer(request.json(&body)).await?;
        ensure!(saved.status.is_success(), "{}", saved.json);
        anyhow::Ok(())
    };
    let seller = |name: &str| json!({"name": name, "address": ["3 Quay"], "locale": "en-GB"});
    save(seller("First Owner Ltd")).await?;
    let path = scene.placed().await?;
    scene.done(&format!("{path}/invoice"), json!({})).await?;
    save(seller("Second Owner Ltd")).await?;
    let invoice = format!("{path}/invoice.pdf");
    scene.pdf(&invoice).await?.says(&["First Owner Ltd"])?;
    let slip = format!("{path}/packing_slip.pdf");
    scene.pdf(&slip).await?.says(&["Second Owner Ltd"])?;
    let mut unusable = seller("Third Owner Ltd");
    unusable["logo"] = json!("nowhere.png");
    save(unusable).await?;
    let refused = scene.queries.get(&slip).await?;
    let refused = refused.expect_problem(409, "seller_unusable")?;
    let detail = refused.json["detail"].as_str().unwrap_or_default();
    ensure!(detail.contains("document_files"), "{detail}");
    scene.pdf(&invoice).await?.says(&["First Owner Ltd"])?;
    Ok(())
}
