//! The HTTP client that spans are sent with: that of everything else, so that
//! there is one TLS provider.

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::{Client, redirect::Policy};
use std::time::Duration;

const CONNECT_TIME: Duration = Duration::from_secs(3);

/// A collector, as it is asked.
#[derive(Debug)]
pub struct Collector(Client);

impl Collector {
    pub fn new(time: Duration) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIME)
            .timeout(time)
            // The headers are meant for the address that was told.
            .redirect(Policy::none())
            .build();
        client.map(Self)
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.0.execute(request.try_into()?).await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut response = Response::new(answer.bytes().await?);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}
