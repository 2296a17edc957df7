//! What every client of the APIs has in common.

use infra::tls::{Authorities, TlsError};
use reqwest::{
    Client, ClientBuilder, Response, StatusCode, Url,
    header::{
        AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, InvalidHeaderValue, RETRY_AFTER,
    },
};
use serde::Deserialize;
use std::{net::IpAddr, time::Duration};

/// How long one attempt may take.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// Codes of conflicts that say nothing about the order itself: another writer
/// was quicker, and the same request decides anew.
pub const PASSING_CONFLICTS: &[&str] = &["contended"];

/// The URL of a system; none where `text` is not an absolute `http` or `https`
/// URL.
pub fn system_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// Why a system cannot be called as configured.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// Not an absolute `http` or `https` URL.
    #[error("{0:?} is not the URL of a system, such as http://127.0.0.1:8080")]
    Url(String),
    /// An API key with characters that no header can carry.
    #[error("the API key has characters that cannot be sent")]
    ApiKey,
    /// `tls_ca_file` cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}

/// A client of the system at `url` with an API key and a pool of kept-alive
/// connections, which calls itself `agent` and trusts these authorities too.
///
/// # Errors
/// The key, the authorities, or the client.
pub fn named_client(
    url: &Url,
    api_key: &str,
    agent: &str,
    trusted: &Authorities,
) -> Result<Client, SetUpError> {
    let mut client = client(url, Some(api_key)).map_err(|_| SetUpError::ApiKey)?;
    if url.scheme() == "https" {
        client = trusted.trusted_by(client)?;
    }
    let agent = format!("{agent}/{}", env!("CARGO_PKG_VERSION"));
    client.user_agent(agent).build().map_err(SetUpError::Client)
}

/// The URL of a path of the system at `base`.
pub fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let prefix = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{prefix}{path}"));
    url
}

/// Whether the same request may be answered otherwise a moment later, by the status
/// of its answer.
pub const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// A client of the system at `url` that sends JSON and, where there is one, the
/// API key, over kept-alive connections.
///
/// # Errors
/// When the key has characters that no header can carry.
pub fn client(url: &Url, api_key: Option<&str>) -> Result<ClientBuilder, InvalidHeaderValue> {
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, json)]);
    if let Some(key) = api_key {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {key}"))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
    }
    let mut client = Client::builder()
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .timeout(ATTEMPT_TIMEOUT);
    if url.scheme() == "http" {
        // Loading the system's root certificates fails where there are none,
        // which is no reason not to speak plain HTTP.
        client = client.tls_certs_only([]);
    }
    if is_loopback(url) {
        client = client.no_proxy();
    }
    Ok(client)
}

/// Whether it is of this machine, which is never behind a proxy.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|a| a.is_loopback())
}

/// The innermost reason of a failed request, without the URL.
pub fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// How long the server asks to be left alone.
pub fn asked_pause(response: &Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    infra::retry::retry_after(value, infra::clock::now())
}

/// The members of `application/problem+json` that a client needs; empty where
/// the answer was something else.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Problem {
    pub title: String,
    pub detail: String,
    pub code: String,
    pub errors: Vec<FieldError>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FieldError {
    pub pointer: String,
    pub detail: String,
}

impl Problem {
    /// The problem in the body of an answer.
    pub fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// What it says, in one line.
    pub fn told(&self, status: StatusCode) -> String {
        let what = match (self.detail.as_str(), self.title.as_str()) {
            ("", "") => format!("HTTP {status}"),
            ("", title) => title.to_owned(),
            (detail, _) => detail.to_owned(),
        };
        let field = |error: &FieldError| match error {
            // A problem of one field says the same in both places.
            FieldError { pointer, detail } if *detail == what => pointer.clone(),
            FieldError { pointer, detail } => format!("{pointer}: {detail}"),
        };
        let fields: Vec<String> = self.errors.iter().map(field).collect();
        match fields[..] {
            [] => what,
            _ => format!("{what} ({})", fields.join("; ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_urls_with_a_host_are_systems() {
        assert!(system_url("http://127.0.0.1:8080/").is_some());
        for wrong in ["127.0.0.1:8080", "file:///tmp", "", "localhost:1"] {
            assert!(system_url(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn loopback_is_not_proxied() {
        let loopback = |u: &str| is_loopback(&system_url(u).expect("valid"));
        assert!(loopback("http://localhost:1") && loopback("http://[::1]:1"));
        assert!(loopback("http://127.0.0.1") && !loopback("http://orders.example"));
    }

    #[test]
    fn a_problem_is_told_in_one_line_without_repetition() {
        let problem = Problem::read(
            br#"{"title": "a line is wrong", "code": "wrong", "errors": [
                {"pointer": "/lines/0", "detail": "a line is wrong"},
                {"pointer": "/currency", "detail": "unknown"}]}"#,
        );
        assert_eq!(
            problem.told(StatusCode::UNPROCESSABLE_ENTITY),
            "a line is wrong (/lines/0; /currency: unknown)"
        );
    }
}
