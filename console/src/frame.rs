//! What happens around every request of the console: failures become pages, and every
//! answer tells the browser what to keep to.

use crate::{layout::failed, security::secure};
use actix_web::{
    Error, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};

/// Wraps the routes of the console.
pub async fn frame<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let page: Option<HttpResponse> = response
        .response()
        .error()
        .map(|error| failed::page(response.request(), error));
    let mut response = match page {
        Some(page) => response.into_response(page),
        None => response,
    };
    secure(response.headers_mut());
    Ok(response)
}
