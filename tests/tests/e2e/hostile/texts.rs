//! Paths, parameters and headers that are no text, or that somebody has changed.

use super::{Scene, told};
use crate::read_api::views::Views;
use anyhow::{Context as _, Result, ensure};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::collections::BTreeSet;
use tests::TestEnv;

super::suite![
    what_is_no_text_is_refused_wherever_it_stands,
    a_cursor_that_was_changed_is_refused,
];

async fn what_is_no_text_is_refused_wherever_it_stands(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    let honest = scene.honest();
    let key = scene.api.key();
    let lists = [
        "orders",
        "customers",
        "products",
        "platforms",
        "events",
        "statistics/orders",
    ];
    let parameters = [
        "q",
        "customer",
        "tag",
        "sku",
        "external_id",
        "cursor",
        "from",
        "limit",
    ];
    for part in [
        "%ff",
        "%00",
        "%c0%af",
        "%ed%a0%80",
        "%",
        "%zz",
        "%2e%2e%2f",
        "%0d%0aX:1",
    ] {
        let mut paths = vec![
            format!("/v1/orders/{part}"),
            format!("/v1/orders/by_external_id/web/{part}"),
            format!("/v1/customers/{part}"),
            format!("/v1/products/{part}"),
            format!("/{part}/orders"),
        ];
        for list in lists {
            paths.extend(parameters.map(|name| format!("/v1/{list}?{name}={part}")));
            paths.push(format!("/v1/{list}?{part}=1"));
        }
        for path in paths {
            let head = format!(
                "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
            );
            let told = scene.told(head.as_bytes()).await?;
            ensure!(
                // Some of it is text, of which nothing is found.
                told.iter()
                    .all(|s| matches!(s, Some(200 | 400 | 404 | 405))),
                "{path}: {told:?}"
            );
        }
    }
    for name in [
        "Authorization",
        "If-Match",
        "If-None-Match",
        "Idempotency-Key",
        "Prefer",
        "Accept",
        "Accept-Encoding",
        "Content-Type",
        "Content-Encoding",
        "traceparent",
        "Last-Event-ID",
        "Orderlog-Scopes",
        "X-Forwarded-For",
        "Expect",
        "Range",
    ] {
        for value in [
            b"\xff\xfe".as_slice(),
            b"\"",
            b",,,,",
            b"=;=;",
            &[b'9'; 4000],
        ] {
            let head = format!(
                "POST /v1/drafts HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n{name}: "
            );
            let more = match name {
                "Authorization" => String::new(),
                "Content-Type" => format!("Authorization: Bearer {key}\r\n"),
                _ => format!("Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"),
            };
            let bytes = [head.as_bytes(), value, b"\r\n", more.as_bytes(), b"\r\n{}"].concat();
            let told = told(&scene.roles[0], &bytes).await?;
            ensure!(
                told.is_some_and(|status| (400..500).contains(&status)),
                "{name}: {}: {told:?}",
                value.escape_ascii()
            );
        }
    }
    honest.were_served().await?;
    scene.is_well().await
}

/// Cursors are signed: whatever is changed of one is none.
async fn a_cursor_that_was_changed_is_refused(env: &TestEnv) -> Result<()> {
    let views = Views::with_orders(env, 3).await?;
    let first = views.api.get("/v1/orders?limit=1").await?.expect(200)?;
    let cursor = first.json["next_cursor"]
        .as_str()
        .context("one page only")?;
    let of = |cursor: &str| format!("/v1/orders?limit=1&cursor={cursor}");
    views.api.get(&of(cursor)).await?.expect(200)?;
    let mut random = StdRng::seed_from_u64(1);
    let letters = b"abcXYZ019-_.~!";
    let mut changed = BTreeSet::new();
    for _ in 0..300 {
        let mut bytes = cursor.as_bytes().to_vec();
        let at = random.random_range(0..bytes.len());
        let letter = letters[random.random_range(0..letters.len())];
        match random.random_range(0..4) {
            0 => bytes[at] = letter,
            1 => bytes.insert(at, letter),
            2 => {
                bytes.remove(at);
            }
            _ => bytes.truncate(at),
        }
        changed.insert(String::from_utf8(bytes)?);
    }
    changed.remove(cursor);
    for changed in &changed {
        let told = views.api.get(&of(changed)).await?;
        ensure!(told.status == 400, "{changed} for {cursor}: {told:?}");
    }
    Ok(())
}
