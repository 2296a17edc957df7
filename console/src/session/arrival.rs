//! Whoever follows a link of another site, such as one of a chat or an alert. Browsers
//! send our cookies from our own pages alone (`SameSite=Strict`), neither with such a
//! navigation nor with where it is redirected to: who is signed in shows only by the
//! next one, which a page of ours begins.

use super::Back;
use crate::layout;
use actix_web::{HttpRequest, HttpResponse};

/// Whether a request is for a page, and comes from a link of another site (Fetch
/// Metadata, W3C). What our own page then asks for does not, so it is sent on once.
pub fn is_from_elsewhere(request: &HttpRequest) -> bool {
    let is = |name: &str, value: &str| {
        let told = request.headers().get(name);
        told.is_some_and(|told| told.as_bytes() == value.as_bytes())
    };
    request.method().is_safe()
        && is("sec-fetch-site", "cross-site")
        && is("sec-fetch-mode", "navigate")
        && is("sec-fetch-dest", "document")
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
