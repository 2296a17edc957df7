//! What HTTP alone costs here: a handler of the same server library, with as
//! many threads, that reads a request and answers it with bytes it has.

use actix_web::{
    App, HttpResponseBuilder, HttpServer,
    dev::ServerHandle,
    http::{StatusCode, header::ETAG},
    web::{self, Bytes},
};

/// A running server; `stop` ends it.
pub struct Bare {
    /// `127.0.0.1:PORT`.
    pub address: String,
    handle: ServerHandle,
}

impl Bare {
    /// Answers everything with this status and `body`, which is JSON.
    pub fn start(status: StatusCode, body: Vec<u8>) -> anyhow::Result<Self> {
        let body = Bytes::from(body);
        let application = move || {
            let body = body.clone();
            App::new().default_service(web::to(move |_request: Bytes| {
                let answer = HttpResponseBuilder::new(status)
                    .content_type("application/json")
                    .insert_header((ETAG, "\"4-0\""))
                    .body(body.clone());
                async move { answer }
            }))
        };
        let server = HttpServer::new(application)
            .workers(2)
            .tcp_nodelay(true)
            .disable_signals()
            .bind("127.0.0.1:0")?;
        let address = server.addrs().first().map(ToString::to_string);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self {
            address: address.unwrap_or_default(),
            handle,
        })
    }

    /// Ends it.
    pub async fn stop(self) {
        self.handle.stop(true).await;
    }
}
