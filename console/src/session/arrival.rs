//! What browsers say of how a request has come to be (Fetch Metadata, W3C), and whoever
//! follows a link of another site, such as one of a chat or an alert. Browsers
//! send our cookies from our own pages alone (`SameSite=Strict`), neither with such a
//! navigation nor with where it is redirected to: who is signed in shows only by the
//! next one, which a page of ours begins.

use super::Back;
use crate::layout;
use actix_web::{HttpRequest, HttpResponse, http::header::HeaderValue};

/// Whether somebody goes to a page, rather than a page asking for something. Of
/// programs that say nothing, a request to read is taken for that.
pub fn is_navigation(request: &HttpRequest) -> bool {
    let document = told(request, "sec-fetch-dest").is_none_or(|dest| dest == b"document");
    request.method().is_safe() && document
}

/// Whether somebody goes to a page by a link of another site. What our own page then
/// asks for does not come from there, so they are sent on once.
pub fn is_from_elsewhere(request: &HttpRequest) -> bool {
    is_navigation(request)
        && told(request, "sec-fetch-site") == Some(b"cross-site".as_slice())
        && told(request, "sec-fetch-mode") == Some(b"navigate".as_slice())
}

fn told<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a [u8]> {
    request.headers().get(name).map(HeaderValue::as_bytes)
}

/// A page of ours that leads to the same address.
pub fn once_more(request: &HttpRequest) -> HttpResponse {
    layout::leads_on(Back::of(request).path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{body::to_bytes, test::TestRequest};

    fn request(site: &'static str, mode: &'static str) -> HttpRequest {
        TestRequest::with_uri("/console/orders?q=a&sort=total")
            .insert_header(("sec-fetch-site", site))
            .insert_header(("sec-fetch-mode", mode))
            .insert_header(("sec-fetch-dest", "document"))
            .to_http_request()
    }

    #[test]
    fn only_a_navigation_of_another_site_is_sent_on() {
        assert!(is_from_elsewhere(&request("cross-site", "navigate")));
        assert!(!is_from_elsewhere(&request("same-origin", "navigate")));
        assert!(!is_from_elsewhere(&request("none", "navigate")));
        assert!(!is_from_elsewhere(&request("cross-site", "no-cors")));
        assert!(!is_from_elsewhere(
            &TestRequest::default().to_http_request()
        ));
    }

    #[test]
    fn what_a_page_asks_for_is_nowhere_to_go_back_to() {
        let request = |dest| {
            let request = TestRequest::default().insert_header(("sec-fetch-dest", dest));
            request.to_http_request()
        };
        assert!(is_navigation(&request("document")));
        assert!(!is_navigation(&request("image")) && !is_navigation(&request("empty")));
        assert!(is_navigation(&TestRequest::default().to_http_request()));
        assert!(!is_navigation(&TestRequest::post().to_http_request()));
    }

    #[actix_web::test]
    async fn it_leads_to_the_address_that_was_asked_for() {
        let page = once_more(&request("cross-site", "navigate"));
        assert_eq!(page.status(), 200);
        let page = to_bytes(page.into_body()).await.expect("a page");
        let page = String::from_utf8_lossy(&page);
        let leads = "http-equiv=\"refresh\" content=\"0;url=/console/orders?q=a&amp;sort=total\"";
        assert!(page.contains(leads), "{page}");
    }
}
