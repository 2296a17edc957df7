//! Headers, query strings and bodies of requests.

use super::{bytes, text, try_all};
use actix_web::{
    HttpRequest,
    http::{
        Uri,
        header::{HeaderName, HeaderValue},
    },
    test::TestRequest,
};
use anyhow::{Result, ensure};
use infra::{
    exports::{ExportCompression, ExportFormat, ExportKind, FilterValue, Wanted},
    http::{
        Prefer, Problem, Query, body::parse, idempotency_key, if_match, none_match, trace_context,
        valid_key,
    },
};
use libtest_mimic::Trial;
use proptest::sample::select;
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    vec![
        tests::plain("fuzz::requests::headers", headers),
        tests::plain("fuzz::requests::query_strings", query_strings),
        tests::plain("fuzz::requests::filters", filters),
        tests::plain("fuzz::requests::bodies", bodies),
    ]
}

/// The client is told that it is its fault, by one of these.
fn is_refusal(problem: &Problem, codes: &[&str]) -> Result<()> {
    let known = codes.contains(&problem.code());
    ensure!(problem.status() == 400 && known, "{problem:?}");
    Ok(())
}

fn with(name: &'static str, value: &HeaderValue) -> HttpRequest {
    let name = HeaderName::from_static(name);
    TestRequest::default()
        .insert_header((name, value.clone()))
        .to_http_request()
}

fn headers() -> Result<()> {
    let seeds = [
        "\"7-2-gz\", W/\"8\"",
        "*",
        "\"8e03978e-40d5\"",
        "\"a\\\"b\\\\c\"",
        "wait=2, handling=strict",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "respond-async; x=\"1\", wait=99999999999999999999",
    ];
    let seeds = seeds.iter().map(|seed| seed.as_bytes().to_vec());
    try_all("headers", &bytes(seeds.collect()), |value| {
        let Ok(value) = HeaderValue::from_bytes(value) else {
            return Ok(());
        };
        match if_match(&with("if-match", &value)) {
            Ok(asked) => ensure!(asked.is_some()),
            Err(problem) => is_refusal(&problem, &["invalid_if_match"])?,
        }
        none_match(&with("if-none-match", &value), "\"7-2\"");
        match idempotency_key(&with("idempotency-key", &value), true) {
            Ok(Some(key)) => ensure!(valid_key(key.clone()).is_ok_and(|again| again == key)),
            Ok(None) => anyhow::bail!("a key that is there is not"),
            Err(problem) => is_refusal(&problem, &["invalid_idempotency_key"])?,
        }
        let _ = Prefer::of(&with("prefer", &value));
        let trace = trace_context(&with("traceparent", &value));
        ensure!(trace.trace_id.len() == 32, "{trace:?}");
        Ok(())
    })
}

const NAMES: &[&str] = &["status", "limit", "from", "platform"];

fn query_strings() -> Result<()> {
    let seeds = [
        "status=placed%2Cdraft&limit=5&status=placed",
        "from=2026-01-31T13:00:00+01:00&limit=10",
        "from=2026-01-31&platform=web",
        "from=9999-12-31T23:59:59-01:00",
    ];
    try_all("query_strings", &text(&seeds), |text| {
        let Ok(uri) = format!("/?{text}").parse::<Uri>() else {
            return Ok(());
        };
        let request = TestRequest::with_uri(&uri.to_string()).to_http_request();
        let codes = ["invalid_query", "unknown_parameter", "invalid_parameter"];
        let query = match Query::of(&request, NAMES) {
            Ok(query) => query,
            Err(problem) => return is_refusal(&problem, &codes),
        };
        for name in NAMES {
            let problems = [
                query.one(name).err(),
                query.time(name).err(),
                query.text(name).err(),
                query.many(name).err(),
                query.repeated(name).err(),
                query.parsed::<u32>(name, "a number").err(),
            ];
            for problem in problems.into_iter().flatten() {
                is_refusal(&problem, &codes[2..])?;
            }
        }
        if let Ok(Some(text)) = query.text("status") {
            ensure!(!text.contains('\0'));
        }
        Ok(())
    })
}

/// Every filter that lists, statistics and exports share.
fn filters() -> Result<()> {
    const FILTERS: &[&str] = &[
        "status",
        "payment_status",
        "fulfillment_status",
        "return_status",
        "platform",
        "kind",
        "customer",
        "country",
        "currency",
        "created_from",
        "created_to",
        "placed_from",
        "placed_to",
        "updated_from",
        "updated_to",
        "total_min",
        "total_max",
        "tag",
        "sku",
        "external_id",
        "q",
        "has_hold",
        "type",
        "order",
        "nothing",
    ];
    let seeds = [
        "placed,cancelled",
        "paid",
        "web",
        "order",
        "GB,DE",
        "GBP",
        "2026-01-31T00:00:00Z",
        "2026-01-31",
        "-100",
        "12345",
        "gift",
        "lamp -\"green shade\" OR a",
        "true",
        "order.placed,order.cancelled",
        "01990000-0000-7000-8000-000000000000",
    ];
    let kinds = select(vec![
        ExportKind::Orders,
        ExportKind::Lines,
        ExportKind::Events,
    ]);
    let input = (
        kinds,
        select(FILTERS),
        text(&seeds),
        text(&["id,lines", "totals"]),
    );
    try_all("filters", &input, |(kind, name, value, field)| {
        let wanted = |fields: Vec<String>| Wanted {
            kind: *kind,
            format: ExportFormat::Ndjson,
            compression: ExportCompression::None,
            filters: [((*name).to_owned(), FilterValue::Text(value.clone()))].into(),
            fields,
        };
        for fields in [vec![], vec![field.clone()]] {
            if let Err(problem) = read_api::check_export(&wanted(fields)) {
                let status = problem.status();
                ensure!(matches!(status.as_u16(), 400 | 422), "{problem:?}");
            }
        }
        Ok(())
    })
}

fn bodies() -> Result<()> {
    let seeds = [
        r#"{"platform":"web","currency":"GBP","lines":[{"sku":"A","name":"Lamp","quantity":1,"unit_price":"0.125"}]}"#,
        r#"{"reason":"x","lines":[{"line":"l1","quantity":1}],"amount":-9223372036854775808}"#,
        r#"[[[[{"a":[1,2.5,1e10,true,null,"\u00e9\ud83d\ude00"]}]]]]"#,
    ];
    let seeds = seeds.iter().map(|seed| seed.as_bytes().to_vec());
    try_all("bodies", &bytes(seeds.collect()), |body| {
        match parse::<Value>(body) {
            Ok(value) => {
                // What means one thing is told as such.
                let told = serde_json::to_vec(&value)?;
                let again = parse::<Value>(&told).err();
                ensure!(again.is_none(), "{again:?}");
            }
            Err(problem) => is_refusal(&problem, &["invalid_json"])?,
        }
        if let Err(problem) = parse::<Wishes>(body) {
            is_refusal(&problem, &["invalid_json", "invalid_body"])?;
        }
        Ok(())
    })
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct Wishes {
    platform: String,
    currency: domain::money::Currency,
    lines: Vec<Wish>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct Wish {
    sku: String,
    name: String,
    quantity: i64,
    unit_price: domain::money::Price,
}
