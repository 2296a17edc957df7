//! The command API over HTTP.

use super::answer::{Answer, answer};
use crate::{
    http::{Problem, SetUpError, asked_pause, cause, named_client, system_url},
    process::store::TakenStep,
};
use infra::{secret::Secret, tls::Authorities};
use reqwest::{Client, RequestBuilder, Response, header::HeaderValue, header::IF_MATCH};

/// Why commands cannot be issued as configured.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no API key.
    #[error(
        "the worker needs an API key: set `api_key` (ORDERLOG_API_KEY) or `api_key_file`; \
         `orderlog api-key create --name worker` makes one"
    )]
    NoKey,
    /// Not an absolute `http` or `https` URL.
    #[error("`command_url` is not the URL of a system, such as http://127.0.0.1:8080: {0:?}")]
    Url(String),
    /// The HTTP client could not be set up.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
}

/// Issues commands to one system.
#[derive(Debug, Clone)]
pub struct CommandClient {
    http: Client,
    base: String,
}

impl CommandClient {
    /// A client of the system at `url`.
    pub fn new(url: &str, key: &Secret, trusted: &Authorities) -> Result<Self, ClientError> {
        let base = system_url(url).ok_or_else(|| ClientError::Url(url.to_owned()))?;
        if key.is_empty() {
            return Err(ClientError::NoKey);
        }
        Ok(Self {
            http: named_client(&base, key.reveal(), "orderlog-worker", trusted)?,
            base: url.trim_end_matches('/').to_owned(),
        })
    }

    /// Issues a step's command, once.
    pub async fn issue(&self, step: &TakenStep) -> Answer {
        match self.request(step).send().await {
            Ok(response) => read(response).await,
            Err(error) => unanswered(&error),
        }
    }

    fn request(&self, step: &TakenStep) -> RequestBuilder {
        let url = format!("{}{}", self.base, step.path);
        let request = self.http.post(url).body(step.body.clone());
        let request = request.header("idempotency-key", &step.key);
        let request = request.header("causation-id", step.causation_id.to_string());
        let request = match step.version {
            Some(version) => request.header(IF_MATCH, format!("\"{version}\"")),
            None => request,
        };
        let request = with(request, "x-correlation-id", step.correlation_id.as_deref());
        with(request, "traceparent", step.traceparent.as_deref())
    }
}

/// What no header can carry is not worth a command.
fn with(request: RequestBuilder, name: &str, value: Option<&str>) -> RequestBuilder {
    match value.map(HeaderValue::from_str) {
        Some(Ok(value)) => request.header(name, value),
        Some(Err(_)) | None => request,
    }
}

async fn read(response: Response) -> Answer {
    let (status, asked) = (response.status(), asked_pause(&response));
    match response.bytes().await {
        Ok(body) => answer(status, &Problem::read(&body), asked),
        Err(error) => unanswered(&error),
    }
}

fn unanswered(error: &reqwest::Error) -> Answer {
    Answer::Again {
        why: cause(error),
        asked: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Request;
    use uuid::Uuid;

    fn step() -> TakenStep {
        TakenStep {
            key: "process:expire:e".into(),
            path: "/v1/orders/o/cancel".into(),
            version: Some(7),
            correlation_id: Some("c".into()),
            traceparent: Some("not\nsendable".into()),
            ..TakenStep::default()
        }
    }

    fn built(step: &TakenStep) -> Request {
        let key = Secret::new("ol_key");
        let client = CommandClient::new("http://127.0.0.1:1/", &key, &Authorities::default());
        let client = client.expect("valid");
        client.request(step).build().expect("a request")
    }

    fn header(request: &Request, name: &str) -> String {
        let value = request.headers().get(name).map(HeaderValue::to_str);
        value.and_then(Result::ok).unwrap_or_default().to_owned()
    }

    #[test]
    fn a_command_says_what_led_to_it() {
        let request = built(&step());
        assert_eq!(request.url().path(), "/v1/orders/o/cancel");
        assert_eq!(header(&request, "idempotency-key"), "process:expire:e");
        assert_eq!(header(&request, "causation-id"), Uuid::nil().to_string());
        assert_eq!(header(&request, "x-correlation-id"), "c");
        assert_eq!(header(&request, "if-match"), "\"7\"");
        assert_eq!(header(&request, "traceparent"), "", "left out");
    }

    #[test]
    fn only_timers_are_conditional() {
        let mut step = step();
        step.version = None;
        assert_eq!(header(&built(&step), "if-match"), "");
    }

    #[test]
    fn nothing_starts_without_a_key_and_a_url() {
        let trusted = Authorities::default();
        let new = |url: &str, key: &str| CommandClient::new(url, &Secret::new(key), &trusted).err();
        assert!(matches!(new("http://h", ""), Some(ClientError::NoKey)));
        assert!(matches!(new("h:8080", "k"), Some(ClientError::Url(_))));
        let key = Some(ClientError::SetUp(SetUpError::ApiKey));
        assert_eq!(
            new("http://h", "a\nb").map(|e| e.to_string()),
            key.map(|e| e.to_string())
        );
    }
}
