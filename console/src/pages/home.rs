//! `/console`: the first page that the viewer's key is for.

use super::NAVIGATION;
use crate::{Visit, layout::empty, session::see};
use actix_web::HttpResponse;
use maud::html;

/// Leads there.
pub async fn handle(visit: Visit) -> HttpResponse {
    match NAVIGATION.iter().find(|page| visit.sees(page)) {
        Some(page) => see(page.path),
        None => visit.page(
            "Nothing to see",
            &html! {
                h1 { "Nothing to see" }
                (empty(
                    "Your API key is for nothing that these pages show.",
                    &html! {
                        "Sign out, and sign in with a key that has " code { "orders:read" }
                        " or another scope to read."
                    },
                ))
            },
        ),
    }
}
