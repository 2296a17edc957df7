//! A role that is about to end keeps no connection: each answer is the last one
//! of its connection and says so (RFC 9112 §9.6), so that the client's next
//! request opens another one, elsewhere, instead of meeting one that closes.

use super::Readiness;
use actix_web::{
    Error,
    body::MessageBody,
    dev::{ResponseHead, ServiceRequest, ServiceResponse},
    http::ConnectionType,
    middleware::Next,
    web::Data,
};

/// Wraps a whole application, outside of all that makes answers.
pub async fn close_when_leaving<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let readiness = request.app_data::<Data<Readiness>>().cloned();
    let answer = next.call(request).await;
    // Asked now: it may have been told to end meanwhile.
    if !readiness.is_some_and(|ready| ready.is_draining()) {
        return answer;
    }
    match answer {
        Ok(mut response) => {
            close(response.response_mut().head_mut());
            Ok(response)
        }
        Err(mut error) => {
            error.add_response_mapper(|mut response| {
                close(response.head_mut());
                response
            });
            Err(error)
        }
    }
}

fn close(head: &mut ResponseHead) {
    head.set_connection_type(ConnectionType::Close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{
        App, HttpResponse, HttpServer, body::BoxBody, error::ErrorForbidden, middleware::from_fn,
        web,
    };
    use std::net::SocketAddr;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    async fn refuse(
        _: ServiceRequest,
        _: Next<impl MessageBody>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        Err(ErrorForbidden("no"))
    }

    fn serve(ready: &Readiness) -> (SocketAddr, actix_web::dev::Server) {
        let state = Data::new(ready.clone());
        let application = move || {
            App::new()
                .app_data(state.clone())
                .wrap(from_fn(close_when_leaving))
                .route(
                    "/",
                    web::post().to(|| async { HttpResponse::NoContent().finish() }),
                )
                .service(web::scope("/refused").wrap(from_fn(refuse)))
        };
        let server = HttpServer::new(application)
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .expect("a port");
        (server.addrs()[0], server.run())
    }

    async fn send(connection: &mut TcpStream, path: &str) {
        let request = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n");
        let sent = connection.write_all(request.as_bytes()).await;
        sent.expect("an open connection");
    }

    /// An answer without a body.
    async fn head(connection: &mut TcpStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.read_u8().await.expect("an answer"));
        }
        String::from_utf8(head).expect("text")
    }

    #[actix_web::test]
    async fn an_answer_while_draining_is_the_last_of_its_connection() {
        let ready = Readiness::new();
        let (address, server) = serve(&ready);
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let mut connections = Vec::new();
        for _ in 0..2 {
            let mut connection = TcpStream::connect(address).await.expect("a connection");
            send(&mut connection, "/").await;
            let kept = head(&mut connection).await;
            assert!(kept.starts_with("HTTP/1.1 204"), "{kept}");
            assert!(!kept.contains("connection: close"), "{kept}");
            connections.push(connection);
        }
        ready.drain();
        for (mut connection, path) in connections.into_iter().zip(["/", "/refused"]) {
            send(&mut connection, path).await;
            let mut last = String::new();
            let closed = connection.read_to_string(&mut last).await;
            closed.expect("closed in order");
            assert!(last.contains("\r\nconnection: close\r\n"), "{path}: {last}");
        }
        handle.stop(false).await;
    }
}
