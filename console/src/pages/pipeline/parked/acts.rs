//! Another try for what is parked, or the end of a record that is nobody's.

use super::{One, list_path};
use crate::{Failure, Posted, session::Notice};
use actix_web::{HttpResponse, web::Query};
use reqwest::Method;
use serde::Deserialize;

/// Drives one again.
pub async fn redrive(posted: Posted, one: Query<One>) -> Result<HttpResponse, Failure> {
    let sent = posted
        .visit
        .api
        .ask(Method::POST, &["admin", "parked", &one.id, "redrive"])
        .param("projection", &one.projection)
        .send()
        .await;
    let notice = match sent {
        Ok(_) => Notice::done(
            "It is driven again in a moment. What stays here then has the reason of this try.",
        ),
        Err(failure) => Notice::refused(&failure.into_refusal()?),
    };
    Ok(posted.visit.see(&list_path(&one.projection, None), &notice))
}

/// Drives all again.
pub async fn redrive_every(posted: Posted) -> Result<HttpResponse, Failure> {
    #[derive(Deserialize)]
    struct Marked {
        marked: i64,
    }
    let Posted { visit, fields } = posted;
    let projection = fields.required("projection", "The projection")?;
    let sent = visit
        .api
        .ask(Method::POST, &["admin", "parked", "redrive"])
        .param("projection", projection)
        .read::<Marked>()
        .await;
    let notice = match sent {
        Ok(Marked { marked }) => {
            let count = visit.locale.count(marked);
            Notice::done(format!("{count} are driven again in a moment."))
        }
        Err(failure) => Notice::refused(&failure.into_refusal()?),
    };
    Ok(visit.see(&list_path(projection, None), &notice))
}

/// Lets a record go.
pub async fn let_go(posted: Posted, one: Query<One>) -> Result<HttpResponse, Failure> {
    let Posted { visit, fields } = posted;
    let reason = fields.required("reason", "The reason")?;
    let sent = visit
        .api
        .ask(Method::POST, &["admin", "parked", &one.id, "discard"])
        .param("projection", &one.projection)
        .json(&serde_json::json!({ "reason": reason }))
        .send()
        .await;
    let notice = match sent {
        Ok(_) => Notice::done("The record is discarded."),
        Err(failure) => Notice::refused(&failure.into_refusal()?),
    };
    Ok(visit.see(&list_path(&one.projection, None), &notice))
}
