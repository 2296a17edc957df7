//! The two public APIs, as the holder of a key sees them.

mod answer;
mod pass;
mod request;

pub use answer::Answer;
pub use pass::Pieces;
pub use request::Request;

use crate::error::ConsoleError;
use actix_web::{HttpMessage as _, HttpRequest};
use infra::{
    config::Config,
    http::{HeadOnly, TraceContext, trace_context},
    secret::Secret,
    tls::Authorities,
};
use reqwest::{Method, header::HeaderMap};
use std::{net::IpAddr, time::Duration};
use url::Url;

/// How long an answer may take as a whole, unless it is streamed.
const ANSWER: Duration = Duration::from_secs(35);
/// How long nothing may come of a stream: the API says something each 15 s.
const SILENCE: Duration = Duration::from_mins(1);
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The command API.
    Commands,
    /// The read API.
    Queries,
}

/// Where the APIs are, and the connections to them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Apis {
    http: reqwest::Client,
    /// For what is sent for longer than anybody waits for an answer.
    uploads: reqwest::Client,
    commands: Url,
    queries: Url,
}

impl Apis {
    /// The APIs at these URLs.
    ///
    /// # Errors
    /// A URL, the authorities, or the HTTP client.
    pub fn new(config: &Config, commands: &str, queries: &str) -> Result<Self, ConsoleError> {
        let (commands, queries) = (system_url(commands)?, system_url(queries)?);
        let urls = [&commands, &queries];
        let answers = client(config, urls)?.read_timeout(SILENCE);
        Ok(Self {
            http: answers.build().map_err(ConsoleError::Client)?,
            uploads: client(config, urls)?
                .build()
                .map_err(ConsoleError::Client)?,
            commands,
            queries,
        })
    }

    /// These, asked with a key on behalf of the viewer who has sent `request`, within
    /// their trace.
    pub fn with_key(&self, key: Secret, request: &HttpRequest) -> Client {
        Client {
            apis: self.clone(),
            key,
            trace: trace_context(request),
            viewer: forwarded_for(request),
            head_only: request.extensions().contains::<HeadOnly>(),
        }
    }

    /// Whether one of them takes requests.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn answers(&self, side: Side) -> Result<(), String> {
        let url = self.url(side, &["readyz"]).ok_or("no such address")?;
        let asked = self.http.get(url).timeout(CONNECT).send().await;
        let answer = asked.map_err(|error| error.without_url().to_string())?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(format!("HTTP {}", answer.status()))
        }
    }

    /// The URL of a path, each of whose segments may be any text that has a place in a
    /// URL of its own; none where one has not.
    fn url(&self, side: Side, path: &[&str]) -> Option<Url> {
        if !path.iter().all(|segment| stays_in_place(segment)) {
            return None;
        }
        let mut url = match side {
            Side::Commands => self.commands.clone(),
            Side::Queries => self.queries.clone(),
        };
        // Only URLs without a host have no path, and such ones are refused.
        url.path_segments_mut().ok()?.pop_if_empty().extend(path);
        Some(url)
    }
}

/// Both APIs, asked with one key. Paths are given by their segments below `/v1`, as they
/// are: `["orders", id, "tags", tag]`.
#[derive(Debug, Clone)]
pub struct Client {
    apis: Apis,
    key: Secret,
    trace: TraceContext,
    viewer: String,
    /// Whether the viewer has asked for the head of an answer alone.
    head_only: bool,
}

impl Client {
    /// GET of the read API.
    pub fn get(&self, path: &[&str]) -> Request {
        self.request(Side::Queries, Method::GET, path)
    }

    /// Any other method of the read API, which has the routes of operators, such as
    /// `POST /v1/admin/parked/{id}/redrive`.
    pub fn ask(&self, method: Method, path: &[&str]) -> Request {
        self.request(Side::Queries, method, path)
    }

    /// POST, PUT, PATCH or DELETE of the command API.
    pub fn command(&self, method: Method, path: &[&str]) -> Request {
        self.request(Side::Commands, method, path)
    }

    /// POST of the command API of a file of any size: it takes as long as it takes, and
    /// the API ends what comes to a halt. Whoever has sent it bounds the time of the answer.
    pub fn upload(&self, path: &[&str]) -> Request {
        let uploads = &self.apis.uploads;
        let request = self.request_by(uploads, Side::Commands, Method::POST, path);
        request.without_end()
    }

    fn request(&self, side: Side, method: Method, path: &[&str]) -> Request {
        self.request_by(&self.apis.http, side, method, path)
    }

    fn request_by(
        &self,
        http: &reqwest::Client,
        side: Side,
        method: Method,
        path: &[&str],
    ) -> Request {
        let path: Vec<&str> = ["v1"].into_iter().chain(path.iter().copied()).collect();
        let mut headers = HeaderMap::new();
        if let Ok(value) = self.trace.traceparent.parse() {
            headers.insert("traceparent", value);
        }
        let correlation = self.trace.correlation_id.as_deref();
        if let Some(value) = correlation.and_then(|id| id.parse().ok()) {
            headers.insert("x-correlation-id", value);
        }
        if let Ok(value) = self.viewer.parse() {
            headers.insert("x-forwarded-for", value);
        }
        let Some(url) = self.apis.url(side, &path) else {
            return Request::of_nothing();
        };
        let request = http.request(method, url);
        Request::new(
            request
                .headers(headers)
                .bearer_auth(self.key.reveal())
                .timeout(ANSWER),
            self.head_only,
        )
    }
}

/// Whether a segment is one of a URL whatever stands beside it: URLs drop tabs and ends
/// of lines, and what is then `.` or `..` leads elsewhere.
fn stays_in_place(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..") && !segment.chars().any(char::is_control)
}

/// Whom the console speaks for, as proxies tell it: an API that trusts the console
/// (`trusted_proxies`) limits viewers one by one.
fn forwarded_for(request: &HttpRequest) -> String {
    let told = request.headers().get_all("x-forwarded-for");
    let told = told.filter_map(|value| value.to_str().ok().map(str::to_owned));
    let peer: Option<IpAddr> = request.peer_addr().map(|peer| peer.ip());
    let all: Vec<String> = told.chain(peer.map(|peer| peer.to_string())).collect();
    all.join(", ")
}

/// How the APIs are called.
fn client(config: &Config, urls: [&Url; 2]) -> Result<reqwest::ClientBuilder, ConsoleError> {
    let mut http = reqwest::Client::builder()
        .user_agent(concat!("orderlog-console/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT);
    if urls.iter().any(|url| url.scheme() == "https") {
        http = Authorities::of(config)?.trusted_by(http)?;
    } else {
        // Loading the system's root certificates fails where there are none, which
        // is no reason not to speak plain HTTP.
        http = http.tls_certs_only([]);
    }
    if urls.iter().all(|url| is_loopback(url)) {
        http = http.no_proxy();
    }
    Ok(http)
}

fn system_url(text: &str) -> Result<Url, ConsoleError> {
    let url = Url::parse(text).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| ConsoleError::Url(text.to_owned()))
}

/// Whether it is of this machine, which is never behind a proxy.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_of_a_path_may_be_any_text() {
        let config = Config::default();
        let apis = Apis::new(&config, "http://127.0.0.1:1", "http://127.0.0.1:2/api/");
        let apis = apis.expect("usable");
        let of = |side, path: &[&str]| apis.url(side, path).map(String::from);
        let path = ["v1", "orders", "1", "tags", "a/b ?#"];
        assert_eq!(
            of(Side::Commands, &path).as_deref(),
            Some("http://127.0.0.1:1/v1/orders/1/tags/a%2Fb%20%3F%23")
        );
        assert_eq!(
            of(Side::Queries, &["v1"]).as_deref(),
            Some("http://127.0.0.1:2/api/v1")
        );
        assert_eq!(
            of(Side::Queries, &["%2e%2e", "..."]).as_deref(),
            Some("http://127.0.0.1:2/api/%252e%252e/...")
        );
        for elsewhere in ["", ".", "..", ".\t.", "\n", "a\rb", "a\u{0}", "a\u{7f}"] {
            let path = ["v1", "orders", elsewhere, "events"];
            assert_eq!(of(Side::Queries, &path), None, "{elsewhere:?}");
        }
    }

    #[test]
    fn what_is_no_url_of_an_api_is_refused() {
        for wrong in ["", "127.0.0.1:8080", "file:///tmp"] {
            assert!(system_url(wrong).is_err(), "{wrong}");
        }
    }
}
