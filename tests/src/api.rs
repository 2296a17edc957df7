//! A client of the APIs, as a frontend would be one.

use crate::{Role, TestEnv};
use anyhow::Context as _;
use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

/// A key and where to use it.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    url: String,
    key: String,
}

/// An answer, read to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body; null where it is not JSON.
    pub json: Value,
}

impl Api {
    /// A client of `role` with a new key.
    pub async fn new(env: &TestEnv, role: &Role) -> anyhow::Result<Self> {
        let made = env.orderlog_ok(&["api-key", "create", "--json"]).await?;
        let made: Value = serde_json::from_str(&made)?;
        let key = made["secret"].as_str().context("no secret")?.to_owned();
        Ok(Self {
            http: reqwest::Client::new(),
            url: role.url().to_owned(),
            key,
        })
    }

    /// A client with a key that is there already.
    pub fn with_key(url: &str, key: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            url: url.to_owned(),
            key: key.to_owned(),
        }
    }

    /// The same key at another role.
    #[must_use]
    pub fn at(&self, role: &Role) -> Self {
        Self {
            url: role.url().to_owned(),
            ..self.clone()
        }
    }

    /// Where it is used.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// A request with the key.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.url);
        self.http.request(method, url).bearer_auth(&self.key)
    }

    /// GET.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        answer(self.request(Method::GET, path)).await
    }

    /// GET on a connection of its own, whose answer is left to be read: as
    /// slowly as a test likes, or by thousands at once.
    pub async fn connect(&self, path: &str) -> anyhow::Result<TcpStream> {
        let host = self.url.trim_start_matches("http://");
        let mut connection = TcpStream::connect(host).await?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\r\n",
            self.key
        );
        connection.write_all(request.as_bytes()).await?;
        Ok(connection)
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        answer(self.request(Method::POST, path).json(body)).await
    }

    /// POST of JSON under an idempotency key.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<Answer> {
        let request = self.request(Method::POST, path).json(body);
        answer(request.header("Idempotency-Key", key)).await
    }
}

/// Sends a request and reads the answer.
pub async fn answer(request: RequestBuilder) -> anyhow::Result<Answer> {
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await?;
    Ok(Answer {
        status,
        headers,
        json: serde_json::from_slice(&bytes).unwrap_or_default(),
    })
}

impl Answer {
    /// A header as text; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// Itself, if it has this status.
    pub fn expect(self, status: u16) -> anyhow::Result<Self> {
        anyhow::ensure!(
            self.status.as_u16() == status,
            "expected {status}, got {} {}",
            self.status,
            self.json
        );
        Ok(self)
    }

    /// Itself, if it is a problem with this status and code.
    pub fn expect_problem(self, status: u16, code: &str) -> anyhow::Result<Self> {
        let answer = self.expect(status)?;
        anyhow::ensure!(answer.json["code"] == code, "{}", answer.json);
        let media_type = answer.header("content-type");
        anyhow::ensure!(media_type == "application/problem+json", "{media_type}");
        Ok(answer)
    }
}
