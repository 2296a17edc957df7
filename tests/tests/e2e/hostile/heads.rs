//! Heads of requests that are none, too large, or mean two things.

use super::Scene;
use anyhow::{Result, ensure};
use std::fmt::Write as _;
use tests::TestEnv;

super::suite![
    what_is_no_head_is_refused,
    a_head_that_is_too_large_is_refused,
    a_length_that_can_be_read_in_two_ways_is_refused,
    http_2_is_not_spoken,
];

/// A head with these lines besides what it needs.
fn head(lines: &str) -> Vec<u8> {
    format!("GET /livez HTTP/1.1\r\nHost: x\r\n{lines}\r\n").into_bytes()
}

async fn what_is_no_head_is_refused(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    let honest = scene.honest();
    ensure!(scene.told(&head("")).await? == [Some(200); 2]);
    let no_host = b"GET /livez HTTP/1.1\r\n\r\n".as_slice();
    for wrong in [
        no_host,
        b"GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /livez HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /li\0vez HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /li vez HTTP/1.1\r\nHost: x\r\n\r\n",
        b"G\0T /livez HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\xff\xfe\xfd\xfc\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        &head("X: a\0b\r\n"),
        &head("X\0: a\r\n"),
        &head("X : a\r\n"),
        &head(": a\r\n"),
        &head("no colon\r\n"),
        // obs-fold (RFC 9112 §5.2)
        &head("X: a\r\n b\r\n"),
        &head("X: a\rb\r\n"),
    ] {
        let told = scene.told(wrong).await?;
        let shown = wrong.escape_ascii();
        ensure!(
            told.iter().all(|status| matches!(status, None | Some(400))),
            "{shown}: {told:?}"
        );
    }
    honest.were_served().await?;
    scene.is_well().await
}

async fn a_head_that_is_too_large_is_refused(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    let honest = scene.honest();
    let mut many = String::new();
    for number in 0..200 {
        write!(many, "X-{number}: 1\r\n")?;
    }
    let (many, long) = (
        head(&many),
        head(&format!("X: {}\r\n", "a".repeat(1 << 20))),
    );
    let path = "a".repeat(100_000);
    let path = format!("GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes();
    let never = vec![b'a'; 1 << 20];
    let round = async || {
        for wrong in [&many, &long, &path, &never] {
            let told = scene.told(wrong).await?;
            ensure!(
                told.iter()
                    .all(|status| matches!(status, None | Some(400 | 414 | 431))),
                "{}: {told:?}",
                wrong[..20].escape_ascii()
            );
        }
        Ok(())
    };
    scene.stays_flat(round).await?;
    honest.were_served().await?;
    scene.is_well().await
}

async fn a_length_that_can_be_read_in_two_ways_is_refused(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    // Whoever takes the other length for the right one sees a second request.
    let second = "0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    for lines in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: \x0bchunked\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
    ] {
        let bytes = format!("POST /v1/orders HTTP/1.1\r\nHost: x\r\n{lines}\r\n{second}");
        let told = scene.told(bytes.as_bytes()).await?;
        ensure!(
            told.iter().all(|status| matches!(status, None | Some(400))),
            "{lines:?}: {told:?}"
        );
    }
    for pieces in [
        "-5\r\nhello\r\n",
        "fffffffffffffffff\r\n",
        "x\r\n",
        "5 5\r\nhello\r\n",
    ] {
        let head = "POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
        let bytes = format!(
            "{head}Authorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n{pieces}",
            scene.api.key()
        );
        let told = super::told(&scene.roles[0], bytes.as_bytes()).await?;
        ensure!(matches!(told, None | Some(400)), "{pieces:?}: {told:?}");
    }
    scene.is_well().await
}

/// The preface of HTTP/2, and what would be a thousand requests that are taken
/// back at once.
async fn http_2_is_not_spoken(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    let honest = scene.honest();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for stream in (1_u32..2_000).step_by(2) {
        bytes.extend(b"\0\0\x05\x01\x05");
        bytes.extend(stream.to_be_bytes());
        bytes.extend(b"\x82\x87\x84\x41\0");
        bytes.extend(b"\0\0\x04\x03\0");
        bytes.extend(stream.to_be_bytes());
        bytes.extend(b"\0\0\0\x08");
    }
    let upgrade = head(
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    );
    let round = async || {
        for _ in 0..20 {
            let told = scene.told(&bytes).await?;
            ensure!(
                told.iter().all(|status| matches!(status, None | Some(400))),
                "{told:?}"
            );
        }
        // An upgrade may be left out of account (RFC 9110 §7.8).
        ensure!(scene.told(&upgrade).await? == [Some(200); 2]);
        Ok(())
    };
    scene.stays_flat(round).await?;
    honest.were_served().await?;
    scene.is_well().await
}
