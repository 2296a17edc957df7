//! A new key, which is shown once, and one that is revoked.

use super::{PAGE, draft::Draft, list, told::WithSecret};
use crate::{Failure, Posted, Visit, session::Notice};
use actix_web::{HttpResponse, web::Path};
use maud::html;
use reqwest::Method;

/// `POST /console/keys`: makes a key.
pub async fn handle(posted: Posted) -> Result<HttpResponse, Failure> {
    let Posted { visit, fields } = posted;
    visit.demand("POST", "/v1/api_keys")?;
    let draft = Draft::filled_in(&fields)?;
    let made = visit.api.command(Method::POST, &["api_keys"]);
    let made = made.idempotency_key(fields.once()?).json(&draft);
    match made.read::<WithSecret>().await {
        Ok(made) => Ok(show_once(&visit, &made)),
        Err(failure) => {
            let refused = failure.into_refusal()?;
            list::show(&visit, (&draft, Some(&refused))).await
        }
    }
}

/// `POST /console/keys/{id}/revoke`: one less may call.
pub async fn revoke(posted: Posted, id: Path<String>) -> Result<HttpResponse, Failure> {
    let visit = posted.visit;
    let path = ["api_keys", id.as_str()];
    let notice = match visit.api.command(Method::DELETE, &path).send().await {
        Ok(_) => Notice::done("The key was revoked: it is refused everywhere within a second."),
        Err(failure) => Notice::refused(&failure.into_refusal()?),
    };
    Ok(visit.see(PAGE.path, &notice))
}

/// The one page that shows a key: it is no address that could be asked for again.
fn show_once(visit: &Visit, made: &WithSecret) -> HttpResponse {
    let title = "The key is there";
    let main = html! {
        section.card {
            h1 { (title) }
            p { "This is the key " strong { (made.name) } ". It is stored nowhere, and shown here "
                "and never again: give it to whom it is for now." }
            p.row {
                code.secret { (made.secret) }
                button type="button" data-scripted hidden data-copy=(made.secret) { "Copy" }
            }
            p.hint { "It is sent as " code { "Authorization: Bearer …" } "." }
            div.row { a.button.primary href=(PAGE.path) { "All keys" } }
        }
    };
    visit.page(title, &main)
}
