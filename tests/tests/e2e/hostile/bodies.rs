//! Bodies that are small as they are sent and large, deep or ambiguous as they are
//! read.

use super::Scene;
use anyhow::{Result, ensure};
use flate2::{Compression, write::GzEncoder};
use std::io::Write as _;
use tests::TestEnv;

super::suite![
    a_bomb_is_unpacked_as_far_as_a_body_may_go,
    codings_in_codings_are_refused,
    json_that_is_deep_or_means_two_things_is_refused,
];

/// What a bomb would be, in bytes.
const UNPACKED: usize = 64 << 20;

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    let mut encoder = brotli::CompressorWriter::new(&mut packed, 4096, 5, 22);
    encoder.write_all(bytes)?;
    drop(encoder);
    Ok(packed)
}

async fn a_bomb_is_unpacked_as_far_as_a_body_may_go(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    let large = vec![b' '; UNPACKED];
    let bombs = [
        ("gzip", gzip(&large)?),
        ("br", brotli(&large)?),
        ("zstd", zstd::encode_all(&large[..], 3)?),
    ];
    drop(large);
    let honest = scene.honest();
    let round = async || {
        for (coding, bomb) in &bombs {
            ensure!(bomb.len() < 256 << 10, "{coding}: {}", bomb.len());
            for _ in 0..10 {
                let headers = format!("Content-Encoding: {coding}\r\n");
                let told = scene.command(&headers, bomb).await?;
                ensure!(told == Some(413), "{coding}: {told:?}");
            }
        }
        Ok(())
    };
    scene.stays_flat(round).await?;
    honest.were_served().await?;
    scene.is_well().await
}

async fn codings_in_codings_are_refused(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    let twice = gzip(&gzip(&vec![b' '; 16 << 20])?)?;
    for (headers, expected) in [
        ("Content-Encoding: gzip, gzip\r\n", 415),
        ("Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n", 415),
        ("Content-Encoding: deflate\r\n", 415),
        ("Content-Encoding: \r\n", 415),
        // Unpacked once it is no JSON.
        ("Content-Encoding: gzip\r\n", 400),
        ("Content-Encoding: zstd\r\n", 400),
        ("Content-Encoding: br\r\n", 400),
    ] {
        let told = scene.command(headers, &twice).await?;
        ensure!(told == Some(expected), "{headers:?}: {told:?}");
    }
    // A window of 2 GiB is asked for, in a frame of a few bytes.
    let window = b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00";
    let told = scene.command("Content-Encoding: zstd\r\n", window).await?;
    ensure!(told == Some(400), "{told:?}");
    scene.is_well().await
}

async fn json_that_is_deep_or_means_two_things_is_refused(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    let honest = scene.honest();
    let order = |price: &str| {
        format!(
            r#"{{"platform":"web","currency":"GBP","lines":[{{"sku":"A","name":"Lamp","quantity":1,"unit_price":{price}}}]}}"#
        )
        .into_bytes()
    };
    ensure!(scene.command("", &order("100")).await? == Some(201));
    let arrays = "[".repeat(120_000);
    let closed = format!("{}{}", "[".repeat(60_000), "]".repeat(60_000));
    let objects = r#"{"a":"#.repeat(50_000);
    let keys: Vec<String> = (0..20_000)
        .map(|number| format!("\"{number}\":1"))
        .collect();
    let keys = format!("{{{}}}", keys.join(","));
    let digits = "9".repeat(200_000);
    let mut wrong: Vec<Vec<u8>> = [
        &*arrays,
        &closed,
        &objects,
        &keys,
        r#"{"platform":"web","platform":"shop"}"#,
        r#"{"platform":"web","\u0070latform":"shop"}"#,
        r#"{"platform":"\ud800"}"#,
        "{\"platform\":\"we\0b\"}",
        "{\"platform\":\"web\"}\0",
        "{}{}",
        "NaN",
        "\u{feff}{}",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    wrong.push(b"{\"platform\":\"\xff\xfe\"}".to_vec());
    wrong.push(b"{\"platform\":\"\xc0\xaf\"}".to_vec());
    wrong.push(b"{\"platform\":\"\xed\xa0\x80\"}".to_vec());
    for price in [
        "1e400",
        "-1e400",
        "1E+999999999999",
        "1e2",
        "1.0",
        "-",
        "0100",
        "9999999999999999999999999999999999999999",
        "9223372036854775808",
        "-0.0",
        &digits,
        r#""1e400""#,
        "\"9999999999999999999999999999999999999999\"",
    ] {
        wrong.push(order(price));
    }
    let round = async || {
        for body in &wrong {
            let told = scene.command("", body).await?;
            ensure!(
                matches!(told, Some(400 | 422)),
                "{}: {told:?}",
                body[..body.len().min(120)].escape_ascii()
            );
        }
        Ok(())
    };
    scene.stays_flat(round).await?;
    honest.were_served().await?;
    scene.is_well().await
}
