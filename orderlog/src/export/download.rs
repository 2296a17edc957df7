//! The request, and what comes of it.

use super::{
    Format,
    check::{Check, Trailer},
    output::Output,
};
use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING},
};
use serde::Deserialize;
use std::{
    io::{self, Write},
    mem,
    time::Duration,
};
use zstd::stream::write::Decoder;

/// How long the system may take to accept a connection.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long nothing may come: a filter that takes little is looked for long.
const SILENCE: Duration = Duration::from_mins(10);

/// What is asked for.
pub struct Download {
    pub url: String,
    pub key: String,
    pub parameters: Vec<(String, String)>,
    pub format: Format,
}

/// What is told where it is refused.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Refusal {
    title: String,
    detail: Option<String>,
}

impl Download {
    /// Asks; the answer is one, with its body still to come.
    pub async fn begin(&self) -> anyhow::Result<Response> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIME)
            .read_timeout(SILENCE)
            .build()?;
        let url = Url::parse_with_params(&self.url, &self.parameters);
        let url = url.with_context(|| format!("{} is no address", self.url))?;
        let mut request = client.get(url).bearer_auth(&self.key);
        if self.format != Format::Parquet {
            request = request.header(ACCEPT_ENCODING, "zstd");
        }
        let answer = request.send().await;
        let answer = answer.with_context(|| format!("{} does not answer", self.url))?;
        if answer.status() == StatusCode::OK {
            return Ok(answer);
        }
        let (status, body) = (answer.status(), answer.bytes().await.unwrap_or_default());
        let Refusal { title, detail } = serde_json::from_slice(&body).unwrap_or_default();
        let detail = detail.map_or_else(String::new, |detail| format!(": {detail}"));
        bail!("{} is answered {status}: {title}{detail}", self.url)
    }

    /// Writes all of it; the trailer, if nothing is missing.
    pub async fn stream(
        &self,
        mut response: Response,
        output: &mut Output,
    ) -> anyhow::Result<Trailer> {
        let coding = response.headers().get(CONTENT_ENCODING);
        let mut decoder = match coding.map(reqwest::header::HeaderValue::as_bytes) {
            None => None,
            Some(b"zstd") => Some(Decoder::new(Vec::new())?),
            Some(_) => bail!("the answer is coded as nobody has asked for"),
        };
        let mut check = Check::new(self.format);
        let progress = progress();
        let cut_off = "the export was cut off: what came of it is not all";
        while let Some(bytes) = response.chunk().await.context(cut_off)? {
            let bytes = decoded(decoder.as_mut(), &bytes).context(cut_off)?;
            check.take(&bytes);
            output.write(&bytes)?;
            progress.inc(bytes.len() as u64);
        }
        progress.finish_and_clear();
        check.end().context(cut_off)
    }
}

/// What is known by now of what was sent.
fn decoded(decoder: Option<&mut Decoder<'_, Vec<u8>>>, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let Some(decoder) = decoder else {
        return Ok(bytes.to_vec());
    };
    decoder.write_all(bytes)?;
    decoder.flush()?;
    Ok(mem::take(decoder.get_mut()))
}

/// A counter on a terminal; elsewhere nothing.
fn progress() -> ProgressBar {
    let progress = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(4));
    // The template is our own.
    if let Ok(style) = ProgressStyle::with_template("{bytes} ({bytes_per_sec})") {
        progress.set_style(style);
    }
    progress
}
