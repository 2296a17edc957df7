//! What may be done to an order now: forms, and the commands that they lead to.

mod command;
mod form;
mod goods;
mod money;
mod offered;
mod returns;

pub use form::Typed;
pub use offered::{may_act, offer};

use super::{Money, page, path};
use crate::{
    Failure, Fields, Posted, Refusal, Visit,
    session::{Notice, see},
};
use actix_web::{HttpResponse, http::StatusCode, web::Path};
use command::{Command, Done};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// What of a command's answer is needed here.
#[derive(Deserialize)]
struct Left {
    version: i64,
}

/// Why something was not done.
pub struct NotDone {
    /// The status of the page that says so.
    pub status: StatusCode,
    /// In a sentence, with the figures of the rule.
    pub notice: Notice,
    /// The version that the order has, where it is not the one of the form.
    pub version: Option<i64>,
}

/// Carries out what a form asks for, and leads back to the order, which says so. What is
/// refused is answered with the order as it is, and what was typed is in its form.
pub async fn handle(posted: Posted, place: Path<(Uuid, String)>) -> Result<HttpResponse, Failure> {
    let Posted { visit, fields } = posted;
    let (id, action) = place.into_inner();
    match carried_out(&visit, id, &action, &fields).await {
        Ok((version, said)) => {
            let back = path(id, &format!("?at_least={version}"));
            Ok(visit.see(&back, &Notice::done(said)))
        }
        Err(failure) => {
            let money = Money {
                locale: &visit.locale,
                currency: fields.one("currency").unwrap_or_default(),
            };
            let why = not_done(failure, &money)?;
            let typed = Typed {
                action: &action,
                fields: &fields,
            };
            page::refused(visit, id, why, typed).await
        }
    }
}

/// The address of a form is no page: whoever loads the answer to one anew, or goes back
/// to it, is led to the order.
pub async fn address(place: Path<(Uuid, String)>) -> HttpResponse {
    let (id, _) = place.into_inner();
    see(&path(id, ""))
}

/// The order's version after it, and what is said of it.
async fn carried_out(
    visit: &Visit,
    id: Uuid,
    action: &str,
    fields: &Fields,
) -> Result<(i64, &'static str), Failure> {
    let currency = fields.required("currency", "The currency")?;
    let Done { command, said } = command::of(action, currency, fields)?;
    let Command {
        among,
        method,
        path: below,
        body,
    } = command;
    let order = id.to_string();
    let whole: Vec<&str> = [among, &order]
        .into_iter()
        .chain(below.iter().map(String::as_str))
        .collect();
    let mut request = visit
        .api
        .command(method, &whole)
        .idempotency_key(fields.once()?);
    if let Some(version) = fields.number("version", "The version")? {
        request = request.if_match(version);
    }
    if let Some(body) = &body {
        request = request.json(body);
    }
    let left: Left = request.read().await?;
    Ok((left.version, said))
}

/// What is said beside the form.
///
/// # Errors
/// The failure itself, where it is not about what was sent.
fn not_done(failure: Failure, money: &Money<'_>) -> Result<NotDone, Failure> {
    if let Failure::Form(wrong) = failure {
        return Ok(NotDone {
            status: StatusCode::BAD_REQUEST,
            notice: Notice::wrong(format!("{wrong}. Nothing was done.")),
            version: None,
        });
    }
    let refusal = failure.into_refusal()?;
    let version = refusal.problem.extensions.get("version");
    Ok(NotDone {
        status: refusal.status(),
        notice: refused(&refusal, money),
        version: version
            .and_then(Value::as_i64)
            .filter(|_| is_stale(&refusal)),
    })
}

/// Whether somebody was faster.
fn is_stale(refusal: &Refusal) -> bool {
    refusal.problem.code == "precondition_failed"
}

/// A refusal, whose figures are amounts where its rule is about money.
fn refused(refusal: &Refusal, money: &Money<'_>) -> Notice {
    const ABOUT_MONEY: [&str; 8] = [
        "capture_exceeds_authorized",
        "chargeback_exceeds_captured",
        "credit_exceeds_total",
        "discount_exceeds_amount",
        "payment_captured",
        "refund_exceeds_captured",
        "refund_exceeds_overpayment",
        "unpaid",
    ];
    let mut notice = Notice::refused(refusal);
    if is_stale(refusal) {
        "Somebody has changed the order since you saw it. Nothing was done: look, then decide again"
            .clone_into(&mut notice.text);
    }
    if ABOUT_MONEY.contains(&refusal.problem.code.as_str()) {
        for (_, figure) in &mut notice.figures {
            if let Ok(minor) = figure.parse() {
                *figure = money.written(minor);
            }
        }
    }
    notice
}
