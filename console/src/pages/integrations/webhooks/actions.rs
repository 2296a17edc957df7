//! What is done to an endpoint or a delivery.

use super::{PAGE, draft::Draft, path_of, told::Delivery};
use crate::{
    Failure, Fields, Posted, Visit, pages::integrations::fields::moment_of, session::Notice,
};
use actix_web::{HttpResponse, web::Path};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// The route that everything about one goes by.
const ONE: &str = "/v1/webhooks/endpoints/{id}";

/// What a replay came to.
#[derive(Deserialize)]
struct Replayed {
    replayed: i64,
    continue_from: Option<String>,
}

/// Back to the page of the endpoint, which says what became of it.
fn back(visit: &Visit, id: Uuid, done: Result<String, Failure>) -> Result<HttpResponse, Failure> {
    let notice = match done {
        Ok(done) => Notice::done(done),
        Err(failure) => Notice::refused(&failure.into_refusal()?),
    };
    Ok(visit.see(&path_of(id), &notice))
}

/// `POST …/change`: other terms.
pub async fn change(posted: Posted, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let Posted { visit, fields } = posted;
    visit.demand("PATCH", ONE)?;
    let draft = Draft::filled_in(&fields)?;
    let changed = patch(&visit, *id, &json!(draft)).await;
    let done = changed.map(|()| "The endpoint was changed.".to_owned());
    back(&visit, *id, done)
}

/// `POST …/state`: enables or disables it.
pub async fn set_state(posted: Posted, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let Posted { visit, fields } = posted;
    visit.demand("PATCH", ONE)?;
    let state = fields.required("state", "The state")?;
    let changed = patch(&visit, *id, &json!({ "state": state })).await;
    let done = changed.map(|()| match state {
        "enabled" => "It is told of what comes from now on. What it has missed can be replayed.",
        _ => "Nothing is sent to it any more. What it misses is noted.",
    });
    back(&visit, *id, done.map(str::to_owned))
}

async fn patch(visit: &Visit, id: Uuid, body: &Value) -> Result<(), Failure> {
    let path = ["webhooks", "endpoints", &id.to_string()];
    let changed = visit.api.command(Method::PATCH, &path).json(body);
    changed.send().await.map(|_| ())
}

/// `POST …/delete`: nobody is told any more.
pub async fn delete(posted: Posted, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let visit = posted.visit;
    let path = ["webhooks", "endpoints", &id.to_string()];
    match visit.api.command(Method::DELETE, &path).send().await {
        Ok(_) => {
            let done =
                Notice::done("The endpoint was deleted. Its deliveries are kept for a while.");
            Ok(visit.see(PAGE.path, &done))
        }
        Err(failure) => back(&visit, *id, Err(failure)),
    }
}

/// `POST …/ping`: whether somebody listens. Leads to the delivery, which shows it.
pub async fn ping(posted: Posted, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let Posted { visit, fields } = posted;
    let path = ["webhooks", "endpoints", &id.to_string(), "ping"];
    let sent = visit.api.command(Method::POST, &path);
    let sent = sent
        .idempotency_key(fields.once()?)
        .read::<Delivery>()
        .await;
    match sent {
        Ok(delivery) => {
            let path = super::delivery::path_of(*id, delivery.id);
            Ok(visit.see(&path, &Notice::done("A ping is on its way.")))
        }
        Err(failure) => back(&visit, *id, Err(failure)),
    }
}

/// `POST …/replay`: what was missed, or a range of time, once more.
pub async fn replay(posted: Posted, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let Posted { visit, fields } = posted;
    visit.demand("POST", "/v1/webhooks/endpoints/{id}/replay")?;
    let body = wanted(&fields)?;
    let path = ["webhooks", "endpoints", &id.to_string(), "replay"];
    let replayed = visit.api.command(Method::POST, &path).json(&body);
    let done = replayed.read::<Replayed>().await.map(|replayed| {
        let count = visit.locale.count(replayed.replayed);
        match replayed.continue_from {
            None if replayed.replayed == 0 => "There is nothing to send once more.".to_owned(),
            None => format!("{count} deliveries are sent once more."),
            Some(_) => {
                format!("{count} deliveries are sent once more, and there are more: replay again.")
            }
        }
    });
    back(&visit, *id, done)
}

/// What is to be sent once more.
fn wanted(fields: &Fields) -> Result<Value, Failure> {
    if fields.one("what") != Some("range") {
        return Ok(json!({ "missed": true }));
    }
    let moment = |text: &str, called| {
        let at = moment_of(text, called)?;
        at.format(&Rfc3339)
            .map_err(|_| Failure::Form(format!("{called} is no time that can be told")))
    };
    let from = moment(fields.required("from", "From")?, "From")?;
    let to = fields.one("to").map(|to| moment(to, "To")).transpose()?;
    Ok(match to {
        Some(to) => json!({ "from": from, "to": to }),
        None => json!({ "from": from }),
    })
}

/// `POST …/deliveries/{delivery}/retry`: that one, once more.
pub async fn retry(posted: Posted, path: Path<(Uuid, Uuid)>) -> Result<HttpResponse, Failure> {
    let visit = posted.visit;
    let (endpoint, delivery) = path.into_inner();
    let path = ["webhooks", "deliveries", &delivery.to_string(), "retry"];
    let notice = match visit.api.command(Method::POST, &path).send().await {
        Ok(_) => Notice::done("It is sent once more."),
        Err(failure) => Notice::refused(&failure.into_refusal()?),
    };
    Ok(visit.see(&super::delivery::path_of(endpoint, delivery), &notice))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pairs: &[(&str, &str)]) -> Option<Value> {
        wanted(&Fields::filled_in(pairs)).ok()
    }

    #[test]
    fn a_range_counts_only_where_one_is_asked_for() {
        let from = ("from", "2026-01-31T12:05");
        assert_eq!(
            said(&[("what", "missed"), from]),
            Some(json!({"missed": true}))
        );
        let open = json!({"from": "2026-01-31T12:05:00Z"});
        assert_eq!(said(&[("what", "range"), from]), Some(open));
        let both = json!({"from": "2026-01-31T12:05:00Z", "to": "2026-02-01T00:00:00Z"});
        assert_eq!(
            said(&[("what", "range"), from, ("to", "2026-02-01")]),
            Some(both)
        );
        assert_eq!(said(&[("what", "range")]), None);
    }
}
