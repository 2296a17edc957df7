//! Where requests are at home: on the role's runtime, whichever thread they
//! are served by.
//!
//! Each of the server's threads has a runtime of its own, and it ends as soon as
//! the thread has nothing left to serve. A connection to a database that was
//! opened there, or a task that was spawned there, would end with it, although
//! others share it. So whatever a request opens or spawns belongs to the runtime
//! that outlives the server.

use actix_web::{
    Error,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Bytes,
};
use std::{
    pin::{Pin, pin},
    task::{Context, Poll},
};
use tokio::runtime::Handle;

/// Wraps a whole application: requests, and bodies that are streamed.
pub async fn at_home<B: MessageBody + 'static>(
    runtime: Handle,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut response = pin!(next.call(request));
    let response = std::future::poll_fn(|context| {
        let _home = runtime.enter();
        response.as_mut().poll(context)
    });
    let response = response.await?;
    Ok(response.map_body(|_, body| match body.boxed() {
        whole if whole.size() != BodySize::Stream => whole,
        body => Streamed { body, runtime }.boxed(),
    }))
}

struct Streamed {
    body: BoxBody,
    runtime: Handle,
}

impl MessageBody for Streamed {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        let _home = this.runtime.enter();
        Pin::new(&mut this.body).poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{App, HttpResponse, dev::Service as _, middleware::from_fn, test as http, web};
    use futures_util::{StreamExt as _, stream};
    use tokio::runtime::{Builder, Runtime, RuntimeFlavor};

    fn flavor() -> Bytes {
        let of_the_role = Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
        Bytes::from_static(if of_the_role { b"role " } else { b"thread " })
    }

    async fn whole() -> HttpResponse {
        HttpResponse::Ok().body(flavor())
    }

    async fn streamed() -> HttpResponse {
        let pieces = stream::iter([(); 2]).map(|()| Ok::<_, Error>(flavor()));
        HttpResponse::Ok().streaming(pieces)
    }

    #[test]
    fn what_a_request_opens_outlives_the_thread_that_serves_it() {
        let role = Runtime::new().expect("a runtime");
        let home = role.handle().clone();
        let thread = Builder::new_current_thread().enable_all().build();
        thread.expect("a runtime").block_on(async {
            let app = App::new()
                .wrap(from_fn(move |request, next| {
                    at_home(home.clone(), request, next)
                }))
                .route("/whole", web::get().to(whole))
                .route("/streamed", web::get().to(streamed));
            let app = http::init_service(app).await;
            for (path, expected) in [("/whole", "role "), ("/streamed", "role role ")] {
                let request = http::TestRequest::get().uri(path).to_request();
                let response = app.call(request).await.expect("an answer");
                let body = http::read_body(response).await;
                assert_eq!(body, expected, "{path}");
            }
        });
    }
}
