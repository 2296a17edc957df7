//! A new endpoint, or a new secret: both are shown once.

use super::{PAGE, draft::Draft, list, path_of, told::WithSecret};
use crate::{Failure, Fields, Posted, Visit, session::Notice};
use actix_web::{HttpResponse, web::Path};
use maud::html;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

/// `POST /console/webhooks`: makes an endpoint.
pub async fn handle(posted: Posted) -> Result<HttpResponse, Failure> {
    let Posted { visit, fields } = posted;
    visit.demand("POST", "/v1/webhooks/endpoints")?;
    let draft = Draft::filled_in(&fields)?;
    let made = visit
        .api
        .command(Method::POST, &["webhooks", "endpoints"])
        .idempotency_key(fields.once()?)
        .json(&draft)
        .read::<WithSecret>()
        .await;
    match made {
        Ok(made) => Ok(show_once(&visit, &made, "The endpoint is there")),
        Err(failure) => {
            let refused = failure.into_refusal()?;
            list::show(&visit, &Fields::default(), (&draft, Some(&refused))).await
        }
    }
}

/// `POST /console/webhooks/{id}/rotate`: makes another secret.
pub async fn rotate(posted: Posted, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let Posted { visit, fields } = posted;
    visit.demand("POST", "/v1/webhooks/endpoints/{id}/rotate_secret")?;
    let overlap = fields.number("overlap_seconds", "The time")?;
    let made = visit
        .api
        .command(
            Method::POST,
            &["webhooks", "endpoints", &id.to_string(), "rotate_secret"],
        )
        .idempotency_key(fields.once()?)
        .json(&json!({ "overlap_seconds": overlap }))
        .read::<WithSecret>()
        .await;
    match made {
        Ok(made) => Ok(show_once(&visit, &made, "The endpoint has another secret")),
        Err(failure) => {
            let notice = Notice::refused(&failure.into_refusal()?);
            Ok(visit.see(&path_of(*id), &notice))
        }
    }
}

/// The one page that shows a secret: it is no address that could be asked for again.
fn show_once(visit: &Visit, made: &WithSecret, title: &str) -> HttpResponse {
    let main = html! {
        section.card {
            h1 { (title) }
            p { "Requests to " strong { (made.url) } " are signed with this secret. "
                "It is shown here and never again: keep it where the receiver reads it." }
            p.row {
                code.secret { (made.secret) }
                button type="button" data-scripted hidden data-copy=(made.secret) { "Copy" }
            }
            p.hint {
                "The receiver checks the header " code { "webhook-signature" }
                " with it (Standard Webhooks 1.0.0)."
            }
            div.row {
                a.button.primary href=(path_of(made.id)) { "To the endpoint" }
                a.button href=(PAGE.path) { "All endpoints" }
            }
        }
    };
    visit.page(title, &main)
}
